"""Writes the figures in bench/results into the pages: into README.md, bench/README.md and the
picture. A page has them between two comments, and everything else in it is left alone."""

import pathlib
import re

import bench.core.table
import bench.http.table
import bench.journal.table
from bench import summary
from bench.lib import figures_file
from bench.lib.machine import line_of

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
PICTURE = RESULTS / "summary.svg"
KINDS = ("core", "http", "journal")
TABLES = {"core": lambda figures: bench.core.table.text_of(figures, "wall"),
          "http": bench.http.table.text_of, "journal": bench.journal.table.text_of}


class Failed(Exception):
    """A page has no place for figures."""


def report(kind, figures):
    """What `tools/bench KIND` prints of a run."""
    return f"{TABLES[kind](figures)}\n\n{line_of(figures)}"


def file_of(kind):
    return RESULTS / f"{kind}.json"


def with_figures(page, name, figures):
    """The text of a page, with `figures` between the comments of that name."""
    place = re.compile(rf"(<!-- {name}: written by tools/bench pages -->\n).*?"
                       rf"(<!-- end of {name} -->)", re.DOTALL)
    text, count = place.subn(lambda found: f"{found[1]}{figures}{found[2]}", page)
    if count != 1:
        raise Failed(f"{count} places for {name} in a page, not one")
    return text


def written(readme, bench_readme):
    """All files that hold figures, by their path, given the text of the two pages."""
    figures = {kind: figures_file.read(file_of(kind)) for kind in KINDS}
    for kind in KINDS:
        command = f"tools/bench {kind} --table --json bench/results/{kind}.json"
        bench_readme = with_figures(
            bench_readme, f"{kind} figures",
            f"```console\n$ {command}\n{report(kind, figures[kind])}\n```\n")
    both = summary.Summary(figures["http"], figures["journal"])
    readme = with_figures(readme, "figures",
                          summary.markdown(both, PICTURE.relative_to(ROOT).as_posix()))
    return {ROOT / "README.md": readme, ROOT / "bench" / "README.md": bench_readme,
            PICTURE: summary.draw(both)}


def outdated():
    """The files that differ from the figures, with what they should hold."""
    wanted = written((ROOT / "README.md").read_text(), (ROOT / "bench" / "README.md").read_text())
    return {file: text for file, text in wanted.items()
            if not file.exists() or file.read_text() != text}
