"""The manual pages, as the build makes them of the program's help."""

import gzip
import os
import re
import subprocess
import tempfile
import unittest

from packages import BUILD, ROOT, need

PAGES = BUILD / "share" / "man"


def text_of(page):
    with gzip.open(page, "rt") as file:
        return file.read()


def help_of(*command):
    return subprocess.run([BUILD / "coffer", *command, "--help"], capture_output=True, text=True,
                          check=True).stdout


class Manual(unittest.TestCase):
    def pages(self):
        found = sorted(PAGES.rglob("*.gz"))
        self.assertTrue(found, "the build has made no pages")
        return found

    def test_pages_are_valid(self):
        need("man")
        for page in self.pages():
            with self.subTest(page.name):
                done = subprocess.run(
                    ["man", "--warnings", "--encoding=UTF-8", "--local-file", "-Tutf8", "-Z",
                     page], capture_output=True, text=True, check=False,
                    env={**os.environ, "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"})
                self.assertEqual((0, ""), (done.returncode, done.stderr))

    def test_pages_pass_mandoc(self):
        need("mandoc")
        for page in self.pages():
            with self.subTest(page.name):
                done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page],
                                      capture_output=True, text=True, check=False)
                complaints = [line for line in done.stdout.splitlines()
                              if "missing date" not in line]  # the version stands there
                self.assertEqual([], complaints)

    def test_a_page_has_every_flag_of_its_command(self):
        # Those of check are on the page of serve: neither its help nor its page lists them.
        for page in self.pages():
            command = re.fullmatch(r"coffer-(\w+)\.1\.gz", page.name)
            if command is None:
                continue
            with self.subTest(page.name):
                listed = re.findall(r"^ +(?:-h,)?(--[a-z-]+)", help_of(command[1]), re.MULTILINE)
                text = text_of(page).replace("\\-", "-")
                self.assertEqual(listed, re.findall(r"^(?:\\fB-h\\fR, )?\\fB(--[a-z-]+)", text,
                                                    re.MULTILINE))

    def test_the_first_page_has_every_command(self):
        listed = re.findall(r"^([a-z]+)\n", subprocess.run(
            [BUILD / "coffer", "help"], capture_output=True, text=True, check=True).stdout,
            re.MULTILINE)
        self.assertEqual(listed, re.findall(r"^\.TP\n\\fB([a-z]+)\\fR$",
                                            text_of(PAGES / "man1" / "coffer.1.gz"), re.MULTILINE))

    def test_the_page_of_the_configuration_has_every_flag_with_a_variable(self):
        listed = re.findall(r"^ +--([a-z-]+).*\(Env:", help_of("serve"), re.MULTILINE)
        listed.remove("config")  # a file names no other
        text = text_of(PAGES / "man5" / "coffer.conf.5.gz").replace("\\-", "-")
        self.assertCountEqual(listed, re.findall(r"^\\fB([a-z-]+)\\fR = ", text, re.MULTILINE))

    def test_the_same_pages_are_made_again(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([BUILD / "tools/manual/coffer-manual", folder,
                            ROOT / "tools" / "packaging" / "coffer.conf"], check=True)
            for page in self.pages():
                again = f"{folder}/{page.relative_to(PAGES).with_suffix('')}"
                with open(again, encoding="utf-8") as file:
                    self.assertEqual(text_of(page), file.read())


if __name__ == "__main__":
    unittest.main()
