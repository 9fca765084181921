"""Makes packages of what is built, for the tests of this folder."""

import fcntl
import os
import pathlib
import shutil
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("COFFER_BUILD") or ROOT / "build").resolve()
STATIC = BUILD / "coffer-static"
FIXTURES = ROOT / "tests" / "end_to_end"


def need(*programs):
    """Skips the test where one of them is not installed."""
    for program in programs:
        if shutil.which(program) is None:
            raise unittest.SkipTest(f"no {program} here")


def need_static():
    if not STATIC.exists():
        raise unittest.SkipTest("built without -DCOFFER_STATIC=ON")


def package(*arguments, env=None):
    """Runs tools/package on what is built; the name of what it made."""
    done = subprocess.run(
        [ROOT / "tools" / "package", arguments[0], "--build", BUILD, *arguments[1:]],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        env={**os.environ, **(env or {})})
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout.strip()


def make_deb(version=None):
    """The package of what is built. It is made once for all tests, in a folder of the build."""
    need("dpkg-deb", "dpkg-shlibdeps")
    folder = BUILD / "made" / (version or "current")
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sources = [BUILD / "coffer", BUILD / "CPackConfig.cmake", ROOT / "tools" / "package",
                   *(ROOT / "tools" / "packaging").rglob("*")]
        newest = max(source.stat().st_mtime for source in sources)
        for made in folder.glob("*.deb"):
            if made.stat().st_mtime > newest:
                return made
            made.unlink()
        return make_deb_in(folder, version)


def make_deb_in(folder, version=None):
    version = ["--version", version] if version else []
    return pathlib.Path(package("deb", "--output", folder, *version))
