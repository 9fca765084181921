"""The commands of README.md and of the pages beside the code are run as they are written.

A ```console block is commands behind "$ " (a line that ends in a backslash goes on in the next)
with what each prints below it; "..." there stands for anything, in a line of its own for any lines.
The curl and coffer commands of a page are run in order with one fresh server. The ```cpp block
that includes <coffer/ledger.hpp> is compiled, and prints what the ```text block behind it says.
"""

import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

from server import BINARY, ROOT, Server, environment
PAGES = (ROOT / "README.md", *sorted((ROOT / "src").rglob("README.md")))


def blocks(page):
    """The fenced blocks of a page in order, as (language, text)."""
    text = page.read_text()
    return re.findall(r"^```(\w*)[^\n]*\n(.*?)^```\s*$", text, re.MULTILINE | re.DOTALL)


def commands(page):
    """Each command of the console blocks, with what the page shows below it."""
    for language, text in blocks(page):
        if language != "console":
            continue
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, expected = re.sub(r"\\\n\s*", "", part).partition("\n")
            yield command, expected.strip("\n")


def pattern_of(expected):
    if expected == "...":
        return "(?s:.*)"
    return r"[^\n]*".join(re.escape(part) for part in expected.split("..."))


class Readme(unittest.TestCase):
    def test_commands_print_what_it_says(self):
        ran = dict.fromkeys(("curl", "build/coffer"), 0)
        for page in PAGES:
            self.run_page(page, ran)
        self.assertTrue(all(ran.values()), f"the pages lack commands: {ran}")

    def run_page(self, page, ran):
        with Server() as server, tempfile.TemporaryDirectory() as folder:
            os.symlink(pathlib.Path(BINARY).resolve().parent, f"{folder}/build")
            os.symlink(server.data, f"{folder}/coffer-data")
            for command, expected in commands(page):
                program = shlex.split(command)[0]
                if program not in ran:
                    continue
                here = re.sub(r"(localhost|127\.0\.0\.1):5000\b", rf"\1:{server.port}", command)
                done = subprocess.run(["bash", "-c", here], capture_output=True, text=True,
                                      timeout=20, check=False, env=environment(), cwd=folder)
                printed = done.stdout.replace("\r", "").strip("\n")
                printed = printed.replace(f":{server.port}", ":5000")
                with self.subTest(page=page.relative_to(ROOT), command=command):
                    self.assertEqual((0, ""), (done.returncode, done.stderr))
                    if not re.fullmatch(pattern_of(expected), printed):
                        self.assertEqual(expected, printed)
                ran[program] += 1

    def test_the_programs_it_tells_to_call_are_there(self):
        called = {shlex.split(command)[0] for page in PAGES for command, _ in commands(page)}
        for program in called:
            if program.startswith(("tools/", "./tools/")):
                self.assertTrue(os.access(ROOT / program, os.X_OK), program)

    def test_the_embedding_example_prints_what_it_says(self):
        found = blocks(PAGES[0])
        at = next((i for i, (language, text) in enumerate(found)
                   if language == "cpp" and "#include <coffer/ledger.hpp>" in text), None)
        self.assertIsNotNone(at, "README.md has no embedding example")
        expected = next((text for language, text in found[at + 1:] if language == "text"), None)
        self.assertIsNotNone(expected, "README.md does not say what the example prints")
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "example.cpp"
            source.write_text(found[at][1])
            program = pathlib.Path(folder) / "example"
            subprocess.run([os.environ.get("CXX", "c++"), "-std=c++20", "-mcx16", "-I",
                            str(ROOT / "include"), str(source), "-o", str(program)], check=True)
            done = subprocess.run([str(program)], capture_output=True, text=True, timeout=20,
                                  check=True)
        self.assertEqual(expected, done.stdout)


if __name__ == "__main__":
    unittest.main()
