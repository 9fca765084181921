"""What the benchmark over HTTP makes of what its clients say: lookups, ratios, table and chart."""

import pathlib
import sys
import unittest
from xml.etree import ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from bench.http import chart, loads, results, table  # noqa: E402
from bench.http.servers import Failed  # noqa: E402

WRK = """Running 1s test @ http://127.0.0.1:5000
  1 threads and 64 connections
{"requests":1000,"seconds":0.5,"p50_us":10,"p99_us":20,"status":0,"failed":0}
"""
REDIS = """WARNING: Could not fetch server CONFIG
"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms"
"INCRBY account:__rand_int__ -1","2000.00","0.3","0.1","0.2","0.4","0.5"
"""


def figures_of(*rounds, method="GET"):
    """A round: server to (rate, server_us), for such requests at depth 1."""
    runs = [{"round": number, "server": server, "method": method, "depth": 1, "rate": rate,
             "server_us": server_us, "p99_us": 100, "server_busy": 1.0, "client_busy": 0.9}
            for number, one in enumerate(rounds, 1) for server, (rate, server_us) in one.items()]
    return {"when": "now", "processors": 2, "load_before": 0.0, "rounds": len(rounds),
            "seconds": 1, "connections": 64, "skipped": {"h2o": ["h2o"]}, "runs": runs}


class Clients(unittest.TestCase):
    def test_wrk_says_rate_and_p99(self):
        self.assertEqual({"requests": 1000, "rate": 2000.0, "p99_us": 20},
                         loads.wrk_figures(WRK, "here"))

    def test_a_run_with_a_refused_or_failed_request_counts_for_nothing(self):
        for broken in ('"status":1', '"failed":1'):
            with self.subTest(broken), self.assertRaisesRegex(Failed, "here"):
                loads.wrk_figures(WRK.replace(broken[:-1] + "0", broken), "here")

    def test_a_run_without_requests_counts_for_nothing(self):
        for said in ("", "unable to connect", WRK.replace(":1000,", ":0,")):
            with self.subTest(said), self.assertRaises(Failed):
                loads.wrk_figures(said, "here")

    def test_redis_benchmark_says_rate_and_p99_in_microseconds(self):
        self.assertEqual({"requests": 7, "rate": 2000.0, "p99_us": 500.0},
                         loads.redis_figures(REDIS, 7))

    def test_redis_benchmark_that_says_nothing_is_a_failure(self):
        with self.assertRaises(Failed):
            loads.redis_figures("Could not connect", 7)


class Figures(unittest.TestCase):
    def test_a_ratio_is_the_median_of_the_rounds_ratios(self):
        # The ratio of the medians would be 200 / 100.
        runs = results.Runs(figures_of(
            {"coffer": (100, 1), "bare": (100, 1)},
            {"coffer": (200, 1), "bare": (400, 1)},
            {"coffer": (300, 1), "bare": (100, 1)}))
        self.assertEqual(1, runs.ratio(("GET", 1), "rate", "bare"))

    def test_what_was_not_measured_has_no_median_and_no_ratio(self):
        runs = results.Runs(figures_of({"coffer": (100, 1)}))
        self.assertIsNone(runs.median("bare", ("GET", 1), "rate"))
        self.assertIsNone(runs.ratio(("GET", 1), "rate", "bare"))

    def test_a_bound_is_met_up_to_itself(self):
        most = results.Wanted("GET", 1, "server_us", "bare", 1.15, at_most=True)
        self.assertTrue(most.is_met(1.15, 5))
        self.assertFalse(most.is_met(1.16, 5))
        least = results.Wanted("GET", 16, "rate", "bare", 0.85, enough=1e6)
        self.assertTrue(least.is_met(0.85, 9e5))
        self.assertFalse(least.is_met(0.84, 9e5))
        self.assertTrue(least.is_met(0.5, 1e6))


class Shown(unittest.TestCase):
    FIGURES = figures_of({"coffer": (100_000, 6), "bare": (110_000, 5), "nginx": (90_000, 6)})

    def test_the_table_has_each_server_and_what_is_asked_for(self):
        text = table.text_of(self.FIGURES)
        self.assertRegex(text, r"GET +1 +Coffer +100,000 .* 0\.91 +1\.20 ")
        self.assertRegex(text, r"GET at depth 1 .* 1\.200 x bare epoll server +<= 1\.15 +MISSED")
        self.assertRegex(text, r"GET at depth 1 .* 1\.111 x nginx, return 200 +>= 1\.00 +met")
        self.assertIn("Skipped: h2o, mruby: not installed: h2o", text)

    def test_a_transfer_is_held_against_a_withdrawal_of_the_same_server(self):
        transfers = figures_of({"coffer": (100_000, 9)}, method=results.TRANSFER)
        both = {**self.FIGURES, "runs": transfers["runs"] + figures_of(
            {"coffer": (100_000, 8), "bare": (110_000, 5)}, method="POST")["runs"]}
        text = table.text_of(both)
        self.assertRegex(text, r"POST transfer +1 +Coffer +100,000 ")
        self.assertRegex(text, r"POST transfer at depth 1 .* 1\.125 x Coffer, POST +<= 1\.15 +met")
        drawn = ElementTree.fromstring(chart.draw(both))
        bars = [each for each in drawn.iter("{http://www.w3.org/2000/svg}rect")
                if each.get("fill") == chart.COLOURS["coffer"]]
        self.assertEqual(1 + 2 * len(results.QUANTITIES), len(bars))

    def test_the_table_says_when_something_else_had_the_cores(self):
        self.assertNotIn("Disturbed", table.text_of(self.FIGURES))
        runs = [{**run, "server_busy": 0.5, "client_busy": 0.5} for run in self.FIGURES["runs"]]
        self.assertIn("in 3 of 3 runs", table.text_of({**self.FIGURES, "runs": runs}))

    def test_the_chart_has_a_bar_for_each_server_and_quantity(self):
        drawn = ElementTree.fromstring(chart.draw(self.FIGURES))
        bars = [each for each in drawn.iter("{http://www.w3.org/2000/svg}rect")
                if each.get("fill") == chart.COLOURS["nginx"]]
        self.assertEqual(1 + len(results.QUANTITIES), len(bars))  # the legend's, and the panels'


if __name__ == "__main__":
    unittest.main()
