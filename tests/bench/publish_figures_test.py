"""The figures in the pages: their file, the table and the picture, and the places they go to."""

import pathlib
import sys
import tempfile
import unittest
from xml.etree import ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from bench import pages, summary  # noqa: E402
from bench.lib import figures_file, machine  # noqa: E402

ORIGIN = {"commit": "abc", "when": "2026-11-28T10:00:00+00:00", "rounds": 3, "seconds": 2,
          "machine": {"processor": "Z80", "processors": 1, "memory_gib": 2, "kernel": "Linux 6"}}


def http_run(server, depth, rate):
    return {"round": 1, "server": server, "method": "GET", "depth": depth, "rate": rate,
            "server_us": 9.5, "p99_us": 100}


def journal_run(server, connections, rate):
    return {"round": 1, "server": server, "connections": connections, "rate": rate, "p50_us": 40,
            "p99_us": 90}


def summary_of(**changes):
    http = {**ORIGIN, "connections": 64, "runs": [
        http_run("coffer", 1, 98_765), http_run("coffer", 16, 1_234_567), http_run("bare", 1, 99)]}
    journal = {**ORIGIN, "runs": [
        journal_run("disk", 1, 5000), journal_run("coffer", 256, 54_321),
        journal_run("postgres", 256, 9_876)], **changes}
    return summary.Summary(http, journal)


class Summary(unittest.TestCase):
    def test_the_table_has_a_row_for_each_server_that_was_measured(self):
        rows = summary.table(summary_of()).splitlines()
        self.assertEqual("| **Coffer** | 98,800/s, 9.50 µs | | 1.23 M/s, 9.50 µs | | | "
                         "54,300/s, 40 µs |", rows[2])
        self.assertEqual(["bare", "Post"], [row[2:6] for row in rows[3:]])

    def test_the_disk_is_described(self):
        self.assertIn("takes 40 µs", summary.explanation(summary_of()))

    def test_rounds_machine_commit_and_day_are_stated(self):
        self.assertEqual("Medians of 3 rounds of 2 s: Z80, 1 processors, 2 GiB, Linux 6; "
                         "commit abc, 2026-11-28.", summary.origin(summary_of()))

    def test_both_runs_are_stated_where_they_differ(self):
        for changed in ({"commit": "def"}, {"rounds": 4}, {"machine": {
                **ORIGIN["machine"], "processor": "6502"}}):
            with self.subTest(changed):
                self.assertIn("abc, 2026-11-28.\nDurable: medians of ",
                              summary.origin(summary_of(**changed)))

    def test_the_picture_has_a_bar_for_each_rate(self):
        drawn = ElementTree.fromstring(summary.draw(summary_of()))
        bars = [each for each in drawn.iter("{http://www.w3.org/2000/svg}rect")
                if each.get("fill") == summary.COLOURS["coffer"]]
        self.assertEqual(1 + 3, len(bars))  # the legend's, and one for each rate


class File(unittest.TestCase):
    def test_it_holds_the_figures_to_six_digits_a_run_a_line(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "made" / "kept.json"
            figures_file.write(file, {"rounds": 2, "runs": [{"rate": 1 / 3}, {"rate": 2e6 / 3}],
                                      "none": []})
            self.assertEqual(8, len(file.read_text().splitlines()))
            self.assertEqual({"rounds": 2, "runs": [{"rate": 0.333333}, {"rate": 666667}],
                              "none": []}, figures_file.read(file))


class Pages(unittest.TestCase):
    PAGE = "above\n<!-- it: written by tools/bench pages -->\nold\n<!-- end of it -->\nbelow\n"

    def test_only_what_is_between_the_comments_is_replaced(self):
        self.assertEqual(self.PAGE.replace("old", r"new \1"),
                         pages.with_figures(self.PAGE, "it", "new \\1\n"))

    def test_a_page_without_a_place_for_figures_is_refused(self):
        for page in ("", self.PAGE * 2, self.PAGE.replace("end of it", "end of that")):
            with self.subTest(page), self.assertRaisesRegex(pages.Failed, "places for it"):
                pages.with_figures(page, "it", "new\n")

    def test_the_pages_hold_the_figures_that_are_committed(self):
        self.assertEqual([], [str(file) for file in pages.outdated()])

    def test_the_machine_and_the_commit_are_stated(self):
        line = machine.line_of({**ORIGIN, "machine": machine.described(),
                                "commit": machine.commit()})
        self.assertRegex(line, r"^.+, \d+ processors, \d+ GiB, Linux .+; "
                               r"commit ([0-9a-f]{10}\+?|unknown), 2026-11-28$")


if __name__ == "__main__":
    unittest.main()
