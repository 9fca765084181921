"""The pages of the repository: where they are, their blocks, commands, tables and links.

A command is a line behind "$ " in a ```console block; a line that ends in a backslash continues in
the next one. Below it the page shows what the command prints: "..." stands for any text of a line,
and in a line of its own for any lines. A block that shows no output at all may print anything.

A block below a line `<!-- slow: REASON -->` is not run with the others: see readme_test.py.
"""

import dataclasses
import re

from server import ROOT

FOLDERS = ("src", "include", "tests", "bench", "tools", ".github")
# console is run. The others show output, data, code and pictures.
LANGUAGES = {"console", "text", "json", "cpp", "cmake", "mermaid"}
BLOCK = re.compile(r"^(?:<!-- slow: (?P<slow>\S.*?) -->\n)?"
                   r"```(?P<language>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Command:
    text: str
    expected: str
    slow: bool


def pages():
    """Every page in Markdown. None of the folders has a build in it."""
    return [ROOT / "README.md",
            *sorted(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))]


def name_of(page):
    return str(page.relative_to(ROOT))


def blocks(page):
    """The fenced blocks of a page in order, as matches of BLOCK."""
    return list(BLOCK.finditer(page.read_text()))


def prose(page):
    """A page without its blocks."""
    return BLOCK.sub("", page.read_text())


def commands(page):
    """The commands of a page, in order."""
    for block in blocks(page):
        if block["language"] != "console":
            continue
        parts = [re.sub(r"\\\n\s*", "", part).partition("\n")
                 for part in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]]
        anything = "" if any(output.strip() for _, _, output in parts) else "..."
        for command, _, output in parts:
            yield Command(command, output.strip("\n") or anything, block["slow"] is not None)


def pattern_of(expected):
    """A regular expression for what a page shows below a command."""
    lines = ["(?s:.*)" if line == "..." else
             r"[^\n]*".join(re.escape(part) for part in line.split("..."))
             for line in expected.split("\n")]
    return "\n".join(lines).replace("(?s:.*)\n", "(?s:(?:.*\n)?)").replace("\n(?s:.*)", "(?s:.*)")


def links(page):
    """The targets of a page's links that lead to a place in the repository."""
    text = prose(page)
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def anchors(page):
    """The names by which a link reaches the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def table_rows(page, heading):
    """The cells of all table rows below a heading that starts with `heading`."""
    _, found, rest = prose(page).partition(f"\n## {heading}")
    if not found:
        return []
    section = rest.partition("\n## ")[0]
    rows = re.findall(r"^\| (.*) \|$", section, re.MULTILINE)
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)] for row in rows]
