"""Makes packages of what is built, for the tests of this folder."""

import os
import pathlib
import shutil
import subprocess
import tempfile
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


def make_deb(test, version=None):
    need("dpkg-deb", "dpkg-shlibdeps")
    folder = test.enterContext(tempfile.TemporaryDirectory())
    version = ["--version", version] if version else []
    return pathlib.Path(package("deb", "--output", folder, *version))
