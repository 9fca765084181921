"""Lists the unittest methods of a folder for ctest: list_tests.py PREFIX FOLDER PATTERN

Prints a line for each: the name that `python3 -m unittest` knows it by in that folder, a tab, and
its name for ctest, "PREFIX: FILE, CLASS: SENTENCE". What the prefix or the file says already is
left out.
"""

import re
import sys
import unittest


def methods(suite):
    for part in suite:
        if isinstance(part, unittest.TestSuite):
            yield from methods(part)
        else:
            yield part


def words(name):
    """The words of a name in either spelling, AfterAKill or after_a_kill."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_", " ", name).lower()


def sentence(prefix, test_id):
    file, kind, method = test_id.split(".")
    file = re.sub(r" ?\btest$", "", words(file))
    kind = words(kind)
    where = [] if file == words(prefix) else [file]
    if kind not in (file, words(prefix)):
        where.append(kind)
    return ": ".join([prefix, *([", ".join(where)] if where else []),
                      words(method.removeprefix("test_"))])


def main(prefix, folder, pattern):
    sys.dont_write_bytecode = True
    loader = unittest.TestLoader()
    for test in methods(loader.discover(folder, pattern)):
        if loader.errors:
            sys.exit("\n".join(loader.errors))
        print(f"{test.id()}\t{sentence(prefix, test.id())}")


if __name__ == "__main__":
    main(*sys.argv[1:])
