"""The commands of every page are run as they are written, and print what the page shows.

The commands of one page run in order, in a folder that looks like the root of the repository with
a finished build in it. A command that starts a server runs until the page starts another one or
ends, and the page's port 5000 is a port of the system's choice. A page that only asks a server gets
one with the sample accounts. The same holds for port 5443 of a server that listens there alone.
`tools/run` is taken for `build/coffer serve`, which it ends in.

COFFER_SLOW_COMMANDS=PATTERN runs the commands that take minutes instead, if they match: those of
blocks marked as slow, and tools/run. Each page has a copy of the repository without a build then.
COFFER_SLOW_COMMANDS=. runs all of them.
"""

import os
import pathlib
import platform
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import unittest

from pages import blocks, commands, name_of, pages, pattern_of
from server import BINARY, ROOT, TIMEOUT_S, environment

SLOW = os.environ.get("COFFER_SLOW_COMMANDS")
LIMIT_S = 3600 if SLOW else 60
STARTS_SERVER = re.compile(r"(tools/run|build/coffer serve)\b")
ASKS_SERVER = re.compile(r"127\.0\.0\.1:5000\b|\bcoffer-data\b")


def is_slow(command):
    return command.slow or command.text.startswith("tools/run")


def imitate_root(folder):
    """Links to all that the repository's root has, but with the build that is tested."""
    for entry in ROOT.iterdir():
        if entry.name not in ("build", "build-core", "coffer-data"):
            (folder / entry.name).symlink_to(entry)
    (folder / "build").symlink_to(pathlib.Path(BINARY).resolve().parent)


def copy_root(folder):
    shutil.copytree(ROOT, folder, symlinks=True, dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("build*", "coffer-data", "__pycache__"))


def at_any_port(command):
    """The command of a server, with a port of the system's choice."""
    given = command.replace("tls:127.0.0.1:5443", "tls:127.0.0.1:0")
    return given if given != command else f"{command} --listen 127.0.0.1:0"


class RunningServer:
    """A server that a page's command has started."""

    def __init__(self, command, folder, env):
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            ["bash", "-c", "exec " + at_any_port(command)], cwd=folder, env=env, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors)
        self.banner = self._read_banner()
        self.ports = {}  # by that of the page
        for name, scheme in [(5000, "http"), (5443, "https")]:
            if found := re.search(scheme + r"://127\.0\.0\.1:(\d+)", self.banner):
                self.ports[name] = int(found[1])

    def _read_banner(self):
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith("  durability "):  # the last line
                break
        return "".join(lines)

    def stop(self):
        """Returns its exit status and what it has logged."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(TIMEOUT_S)
        finally:
            self.process.kill()
            self.process.stdout.close()
        with self.errors:
            self.errors.seek(0)
            return status, self.errors.read()


class Page:
    """Runs the commands of one page."""

    def __init__(self, test, page, folder):
        self.test, self.page, self.folder = test, page, folder
        (folder / "home").mkdir(exist_ok=True)
        self.env = environment({"HOME": str(folder / "home")})
        self.server = None

    def run(self, chosen):
        try:
            for command in chosen:
                with self.test.subTest(page=name_of(self.page), command=command.text):
                    self.run_command(command)
        finally:
            with self.test.subTest(page=name_of(self.page), command="its last server"):
                self.stop_server()

    def run_command(self, command):
        text = command.text
        if STARTS_SERVER.match(text):
            self.stop_server()
            if not SLOW:
                text = text.replace("tools/run", "build/coffer serve", 1)
            self.server = RunningServer(text, self.folder, self.env)
            self.compare(command, self.server.banner)
            return
        if ASKS_SERVER.search(text) and self.server is None:
            self.server = RunningServer("build/coffer serve", self.folder, self.env)
        if self.server is not None:
            for name, port in self.server.ports.items():
                text = re.sub(rf"(127\.0\.0\.1|localhost):{name}\b", rf"\g<1>:{port}", text)
        status, printed = self.output_of(text)
        self.test.assertEqual(0, status, printed)
        self.compare(command, printed)

    def output_of(self, text):
        """The exit status of a command, and all that a terminal would show of it."""
        process = subprocess.Popen(["bash", "-c", text], cwd=self.folder, env=self.env, text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        with process:
            try:
                printed, _ = process.communicate(timeout=LIMIT_S)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        return process.returncode, printed

    def compare(self, command, printed):
        printed = printed.replace("\r", "").strip("\n")
        if self.server is not None:
            for name, port in self.server.ports.items():
                printed = printed.replace(f":{port}", f":{name}")
        if not re.fullmatch(pattern_of(command.expected), printed):
            self.test.assertEqual(command.expected, printed)

    def stop_server(self):
        if self.server is not None:
            stopping, self.server = self.server, None
            status, log = stopping.stop()
            self.test.assertEqual(0, status, log)


class Commands(unittest.TestCase):
    def test_the_commands_of_every_page_print_what_it_shows(self):
        ran = 0
        for page in pages():
            chosen = [one for one in commands(page)
                      if (is_slow(one) and re.search(SLOW, one.text) if SLOW else not one.slow)]
            if not chosen:
                continue
            with tempfile.TemporaryDirectory(prefix="coffer-page-") as name:
                folder = pathlib.Path(name)
                (copy_root if SLOW else imitate_root)(folder)
                Page(self, page, folder).run(chosen)
            ran += len(chosen)
        self.assertGreater(ran, 0)

    def test_the_programs_of_slow_commands_exist(self):
        for page in pages():
            for command in commands(page):
                program = shlex.split(command.text)[0].removeprefix("./")
                if is_slow(command) and program.startswith("tools/"):
                    with self.subTest(page=name_of(page), program=program):
                        self.assertTrue(os.access(ROOT / program, os.X_OK))


class Examples(unittest.TestCase):
    """A ```cpp block with a main is a program. The ```text block below shows what it prints."""

    def test_the_programs_of_every_page_print_what_it_shows(self):
        ran = 0
        for page in pages():
            found = blocks(page)
            for block, following in zip(found, found[1:]):
                if block["language"] == "cpp" and "int main()" in block["text"]:
                    with self.subTest(page=name_of(page)):
                        self.assertEqual("text", following["language"])
                        self.assertEqual(following["text"], self.printed_by(block["text"]))
                    ran += 1
        self.assertGreater(ran, 0)

    def printed_by(self, source):
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder) / "example"
            program.with_suffix(".cpp").write_text(source)
            flags = ["-mcx16"] if platform.machine() == "x86_64" else []
            subprocess.run([os.environ.get("CXX", "c++"), "-std=c++20", *flags, "-I",
                            str(ROOT / "include"), str(program.with_suffix(".cpp")), "-o",
                            str(program)], check=True)
            return subprocess.run([str(program)], capture_output=True, text=True,
                                  timeout=TIMEOUT_S, check=True).stdout


if __name__ == "__main__":
    unittest.main()
