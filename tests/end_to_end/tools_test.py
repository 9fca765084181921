"""What tools/test does before it builds anything."""

import subprocess
import unittest

from server import ROOT


def run(*arguments):
    return subprocess.run([ROOT / "tools" / "test", *arguments], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=20, check=False)


class Tools(unittest.TestCase):
    def test_help_is_printed_and_nothing_is_run(self):
        done = run("--help")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertIn("tools/test --quick ", done.stdout)
        self.assertNotIn("set -euo", done.stdout)

    def test_wrong_arguments_are_refused(self):
        for wrong in (["--slow"], ["quick"], ["--quick", "--quick"], [""]):
            with self.subTest(wrong=wrong):
                done = run(*wrong)
                self.assertEqual((2, ""), (done.returncode, done.stdout))
                self.assertIn("tools/test --quick ", done.stderr)


if __name__ == "__main__":
    unittest.main()
