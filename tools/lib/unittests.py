"""Runs the unittest files of a folder: unittests.py FOLDER PATTERN.

The last line is "N passed, N failed".
"""

import sys
import unittest


class Tally(unittest.TextTestResult):
    """Counts test functions: one with several subtests is one, and fails once."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.passed = 0
        self.failed = set()

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.failed.add(test.id())

    def addError(self, test, error):
        super().addError(test, error)
        self.failed.add(test.id())

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.failed.add(test.id())

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.failed.add(test.id())


def main(folder, pattern):
    sys.dont_write_bytecode = True
    suite = unittest.defaultTestLoader.discover(folder, pattern)
    runner = unittest.TextTestRunner(sys.stdout, verbosity=2, resultclass=Tally)
    result = runner.run(suite)
    print(f"{result.passed} passed, {len(result.failed)} failed")
    return 1 if result.failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
