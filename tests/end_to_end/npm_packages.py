"""Installs the packages that a lock file of the sources names, outside of the sources."""

import fcntl
import shutil
import subprocess

PACKAGES = ("package.json", "package-lock.json", ".npmrc")
# What npm says where there is no network. Any other failure is one.
NO_NETWORK = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ENETUNREACH", "ETIMEDOUT", "ECONNRESET")


def installed(source, folder):
    """The folder with `node_modules`, installed if it was not yet. None without a network."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests are processes beside each other
        wanted = "\n".join((source / name).read_text() for name in PACKAGES)
        stamp = folder / "installed"
        if not stamp.exists() or stamp.read_text() != wanted:
            stamp.unlink(missing_ok=True)
            for name in PACKAGES:
                shutil.copy(source / name, folder)
            done = subprocess.run(["npm", "ci"], cwd=folder, capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, timeout=240, check=False)
            if done.returncode != 0 and any(sign in done.stderr for sign in NO_NETWORK):
                return None
            if done.returncode != 0:
                raise RuntimeError(f"npm ci: {done.stderr}")
            stamp.write_text(wanted)
    return folder
