"""What bash offers for a command line of coffer, by the script of `coffer completion bash`."""

import pathlib
import re
import subprocess
import tempfile
import unittest

from server import run

# Prints what is offered for the last word, with the words split as bash does it at a prompt.
ASK = """
set -u
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_coffer
printf '%s\\n' "${COMPREPLY[@]}"
"""


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        printed = run("completion", "bash")
        assert (printed.returncode, printed.stderr) == (0, ""), printed
        cls.script = cls.folder / "script"
        cls.script.write_text(printed.stdout)
        cls.here = cls.folder / "here"
        (cls.here / "data of 2026").mkdir(parents=True)
        (cls.here / "accounts.json").touch()

    def offered(self, *words):
        done = subprocess.run(["bash", "-c", ASK, "bash", self.script, "coffer", *words],
                              cwd=self.here, capture_output=True, text=True, check=False)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        return [line for line in done.stdout.split("\n") if line]

    def test_all_commands_of_the_help_are_offered(self):
        listed = re.findall(r"^([a-z]+)\n", run("help").stdout, re.MULTILINE)
        self.assertIn("serve", listed)
        self.assertEqual(listed, self.offered(""))

    def test_commands_are_offered_by_their_beginning(self):
        self.assertEqual(["backup"], self.offered("b"))
        self.assertEqual(["audit"], self.offered("au"))

    def test_all_flags_of_each_command_are_offered(self):
        for command in self.offered(""):
            with self.subTest(command):
                # check has the flags of serve, and leaves it to serve to explain them.
                usage = run("serve" if command == "check" else command, "--help").stdout
                listed = set(re.findall(r"^ +(?:-h,)?(--[a-z-]+)", usage, re.MULTILINE))
                self.assertEqual(listed, set(self.offered(command, "--")))

    def test_flags_are_offered_by_their_beginning(self):
        self.assertEqual(["--drain-grace", "--drain-timeout"], self.offered("serve", "--drain"))
        self.assertEqual([], self.offered("audit", "--drain"))

    def test_files_are_offered_for_a_file(self):
        self.assertEqual(["accounts.json"], self.offered("serve", "--accounts", "a"))

    def test_folders_alone_are_offered_for_a_folder(self):
        self.assertEqual(["data of 2026"], self.offered("serve", "--data", ""))
        self.assertEqual(["data of 2026"], self.offered("audit", ""))
        self.assertEqual(["data of 2026"], self.offered("restore", "data of 2026", "d"))

    def test_the_words_that_a_flag_takes_are_offered(self):
        self.assertEqual(["csv", "ndjson"], sorted(self.offered("export", "--format", "")))
        self.assertEqual(["bash"], self.offered("completion", ""))

    def test_a_value_after_an_equals_sign_is_offered(self):
        self.assertEqual(["csv"], self.offered("export", "--format", "=", "c"))
        self.assertEqual(["csv", "ndjson"], sorted(self.offered("export", "--format", "=")))

    def test_nothing_is_offered_for_a_value_of_our_own_choice(self):
        self.assertEqual([], self.offered("serve", "--listen", ""))
        self.assertEqual([], self.offered("export", "--since", ""))

    def test_another_shell_is_refused(self):
        refused = run("completion", "tcsh")
        self.assertEqual((2, ""), (refused.returncode, refused.stdout))
        self.assertIn("'tcsh' is not bash", refused.stderr)


if __name__ == "__main__":
    unittest.main()
