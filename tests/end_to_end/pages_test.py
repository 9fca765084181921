"""The pages are consistent with the repository and with the programs they describe."""

import re
import unittest

from pages import LANGUAGES, anchors, blocks, links, name_of, pages, prose, table_rows
from server import ROOT, run

MOST_README_LINES = 150
# --flag, its value, whether it is required, its variable, and its description, perhaps a line below
OPTION = re.compile(r"^ {2,4}(--[a-z-]+)(?: ([^\s(]\S*?)(?::UINT in \[[^]]*\])?)?"
                    r"(?: \.\.\.)?( REQUIRED)?(?: \(Env:(\w+)\))?\n? {5,}(.*)$", re.MULTILINE)
COMMANDS_PAGE = ROOT / "src" / "command" / "README.md"


class Pages(unittest.TestCase):
    def test_the_first_page_is_short(self):
        lines = (ROOT / "README.md").read_text().splitlines()
        self.assertLessEqual(len(lines), MOST_README_LINES)

    def test_links_resolve(self):
        for page in pages():
            for target in links(page):
                with self.subTest(page=name_of(page), target=target):
                    path, _, anchor = target.partition("#")
                    linked = (page.parent / path).resolve() if path else page
                    self.assertTrue(linked.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(linked))

    def test_the_first_page_leads_to_every_page(self):
        reached, left = set(), [ROOT / "README.md"]
        while left:
            page = left.pop()
            if page in reached:
                continue
            reached.add(page)
            for target in links(page):
                linked = (page.parent / target.partition("#")[0]).resolve()
                if linked.is_dir():
                    linked /= "README.md"
                if linked.suffix == ".md" and linked.exists():
                    left.append(linked)
        self.assertEqual([], [name_of(page) for page in pages() if page not in reached])

    def test_no_command_escapes_the_test_that_runs_them(self):
        """A block of another kind, or indented code, would not be run."""
        for page in pages():
            with self.subTest(page=name_of(page)):
                self.assertEqual([], [block["language"] for block in blocks(page)
                                      if block["language"] not in LANGUAGES])
                self.assertEqual([], re.findall(r"^(?:```| {4,}\S).*$", prose(page), re.MULTILINE))
                self.assertEqual([], [block["text"] for block in blocks(page)
                                      if block["language"] != "console"
                                      and re.search(r"^\$ ", block["text"], re.MULTILINE)])


def described(section):
    """The options that a section of `coffer help` lists: flag, value, variable, default."""
    for flag, value, _, variable, text in OPTION.findall(section):
        default = re.search(r"\[(.*)\]$", text)
        yield flag, value, variable, default[1] if default else ""


def section_of(command):
    """What `coffer help` prints about one command."""
    sections = re.split(r"^(?=[a-z]+\n)", run("help").stdout, flags=re.MULTILINE)
    return next(one for one in sections if one.startswith(f"{command}\n"))


class Flags(unittest.TestCase):
    maxDiff = None

    def test_the_table_of_flags_equals_the_help(self):
        rows = [row for row in table_rows(COMMANDS_PAGE, "Flags of") if row[0].startswith("`--")]
        table = []
        for flag, variable, default, meaning in rows:
            self.assertNotEqual("", meaning)
            name, _, value = flag.strip("`").replace("\\|", "|").partition(" ")
            table.append((name, value, variable.strip("`"), default))
        self.assertEqual(sorted(described(section_of("serve"))), sorted(table))

    def test_the_table_of_commands_equals_the_help(self):
        found = re.findall(r"^\| `coffer (\w+)(.*?)` \|", COMMANDS_PAGE.read_text(), re.MULTILINE)
        table = {command: usage.replace("\\|", "|") for command, usage in found}
        listed = re.findall(r"^([a-z]+)$", run("help").stdout, re.MULTILINE)
        self.assertEqual(sorted(listed), sorted(table))
        for command, usage in table.items():
            if command == "serve":
                continue
            with self.subTest(command=command):
                section = section_of(command)
                options = {" ".join(part for part in option[:2] if part)
                           for option in described(section)}
                self.assertEqual(options, set(re.findall(r"--[\w-]+(?: [^\s\]]+)?", usage)))
                self.assertEqual(re.findall(r"^ +([A-Z]+) REQUIRED", section, re.MULTILINE),
                                 re.findall(r"(?<= )[A-Z]+", re.sub(r"\[.*?\]", "", usage)
                                            .partition(" --")[0]))


if __name__ == "__main__":
    unittest.main()
