"""Where figures come from: the machine and the commit that were measured."""

import os
import pathlib
import platform
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def processor_name():
    """As the kernel names it; the architecture where it has no name, as on ARM."""
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def memory_gib():
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def commit():
    """The commit of this tree, with a "+" if files differ from it; "unknown" without git."""
    def said_by(*words):
        return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True,
                              check=True).stdout.strip()
    try:
        # The results of a run are files of the tree themselves.
        changed = said_by("status", "--porcelain", "--untracked-files=no", "--", ".",
                          ":!bench/results", ":!*.md")
        return said_by("rev-parse", "--short=10", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def described():
    """Of this machine: processor, number of processors, memory and kernel."""
    return {"processor": processor_name(), "processors": os.cpu_count(),
            "memory_gib": memory_gib(), "kernel": f"{platform.system()} {platform.release()}"}


def line_of(figures):
    """One line for people: the machine, the commit and the day of a run."""
    machine = figures["machine"]
    return (f"{machine['processor']}, {machine['processors']} processors, "
            f"{machine['memory_gib']} GiB, {machine['kernel']}; commit {figures['commit']}, "
            f"{figures['when'][:10]}")
