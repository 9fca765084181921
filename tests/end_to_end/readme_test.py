"""README.md is run as it is written.

A ```console block is commands behind "$ " (a line that ends in a backslash goes on in the next)
with what each prints below it; "..." there stands for anything. The curl commands of all blocks are
run in order against one fresh server. The ```cpp block that includes <coffer/ledger.hpp> is
compiled, and prints what the ```text block behind it says.
"""

import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

from server import ROOT, Server, environment


def blocks():
    """The fenced blocks of README.md in order, as (language, text)."""
    text = (ROOT / "README.md").read_text()
    return re.findall(r"^```(\w*)[^\n]*\n(.*?)^```\s*$", text, re.MULTILINE | re.DOTALL)


def commands():
    """Each command of the console blocks, with what README says it prints."""
    for language, text in blocks():
        if language != "console":
            continue
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, expected = re.sub(r"\\\n\s*", "", part).partition("\n")
            yield command, expected.strip("\n")


def pattern_of(expected):
    return r"[^\n]*".join(re.escape(part) for part in expected.split("..."))


class Readme(unittest.TestCase):
    def test_curl_commands_print_what_it_says(self):
        ran = 0
        with Server() as server:
            for command, expected in commands():
                if not command.startswith("curl"):
                    continue
                here = re.sub(r"(localhost|127\.0\.0\.1):5000\b", rf"\1:{server.port}", command)
                done = subprocess.run(["bash", "-c", here], capture_output=True, text=True,
                                      timeout=20, check=False, env=environment())
                printed = done.stdout.replace("\r", "").strip("\n")
                printed = printed.replace(f":{server.port}", ":5000")
                with self.subTest(command=command):
                    if not re.fullmatch(pattern_of(expected), printed):
                        self.assertEqual(expected, printed)
                ran += 1
        self.assertGreater(ran, 0, "README.md has no curl commands")

    def test_the_programs_it_tells_to_call_are_there(self):
        called = {shlex.split(command)[0] for command, _ in commands()}
        for program in called:
            if program.startswith(("tools/", "./tools/")):
                self.assertTrue(os.access(ROOT / program, os.X_OK), program)

    def test_the_embedding_example_prints_what_it_says(self):
        found = blocks()
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
