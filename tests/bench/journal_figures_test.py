"""What the journal's benchmark makes of what its clients say: lookups, ratios, table and chart."""

import pathlib
import sys
import unittest
from xml.etree import ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from bench.http.servers import Failed  # noqa: E402
from bench.journal import chart, disk, loads, results, servers, table  # noqa: E402

WRK = """Running 1s test @ http://127.0.0.1:5000
{"requests":1000,"seconds":0.5,"p50_us":10,"p99_us":20,"status":0,"failed":0}
"""
PGBENCH = """number of transactions actually processed: 4/4
number of failed transactions: 0 (0.000%)
"""
METRICS = """# TYPE coffer_journal_records_total counter
coffer_journal_records_total 1200
coffer_journal_batches_total 40
"""


def run_of(number, server, connections, **quantities):
    return {"round": number, "server": server, "connections": connections, "rate": 100,
            "p50_us": 50, "p99_us": 99, **quantities}


def figures_of(*runs):
    return {"when": "now", "processors": 2, "load_before": 0.0, "rounds": 3, "seconds": 1,
            "skipped": {"redis": ["redis-server"]}, "runs": list(runs)}


def wanted(begin):
    found, = (one for one in results.WANTED if one.text.startswith(begin))
    return found


class Clients(unittest.TestCase):
    def test_wrk_says_rate_and_latencies(self):
        self.assertEqual({"rate": 2000.0, "p50_us": 10, "p99_us": 20}, loads.wrk_figures(WRK, ""))

    def test_a_run_with_a_refused_or_failed_request_counts_for_nothing(self):
        for broken in ('"status":1', '"failed":1'):
            with self.subTest(broken), self.assertRaisesRegex(Failed, "here"):
                loads.wrk_figures(WRK.replace(broken[:-1] + "0", broken), "here")

    def test_pgbench_is_measured_before_the_end_and_once_it_is_warm(self):
        log = ["0 1 9000 0 7 900000", "1 1 400 0 10 1", "0 2 100 0 10 500000",
               "1 2 300 0 11 999999", "0 3 200 0 12 0", "1 3 9000 0 14 0"]
        self.assertEqual({"rate": 2, "p50_us": 300, "p99_us": 400},
                         loads.pgbench_figures(PGBENCH, log, 2))

    def test_pgbench_with_failed_transactions_counts_for_nothing(self):
        failed = PGBENCH.replace("failed transactions: 0", "failed transactions: 1")
        with self.assertRaises(Failed):
            loads.pgbench_figures(failed, ["0 1 400 0 10 1"], 1)

    def test_pgbench_that_was_not_warm_is_run_again(self):
        for log in ([], ["0 1 400 0 10 0", "0 2 400 0 11 400000"]):
            with self.subTest(log):
                self.assertIsNone(loads.pgbench_figures(PGBENCH, log, 1))

    def test_the_counters_of_the_journal_are_read(self):
        self.assertEqual({"records": 1200, "batches": 40}, servers.counters_of(METRICS))

    def test_a_counter_that_is_missing_is_named(self):
        with self.assertRaisesRegex(Failed, "coffer_journal_batches_total"):
            servers.counters_of(METRICS.replace("coffer_journal_batches", "others"))

    def test_a_percentile_is_one_of_the_measured(self):
        hundred = list(range(100, 0, -1))
        self.assertEqual((51, 100), (disk.percentile(hundred, 50), disk.percentile(hundred, 99)))
        self.assertEqual(7, disk.percentile([7], 99))


class Figures(unittest.TestCase):
    def test_a_ratio_is_the_median_of_the_rounds_ratios(self):
        # The ratio of the medians would be 200 / 100.
        runs = results.Runs(figures_of(*(
            run_of(number, server, 256, rate=rate)
            for number, coffer, memory in ((1, 100, 100), (2, 200, 400), (3, 300, 100))
            for server, rate in (("coffer", coffer), ("memory", memory)))))
        self.assertEqual(1, wanted("256 connections: rate / that in memory").ratio(runs))

    def test_the_disk_counts_a_round_once_though_it_is_measured_twice(self):
        runs = results.Runs(figures_of(
            *(run_of(number, "disk", 1, p50_us=value)
              for number, value in ((1, 10), (1, 30), (2, 90)))))
        self.assertEqual({1: 20, 2: 90}, runs.by_round(results.DISK, "p50_us"))

    def test_a_lone_client_is_held_against_one_and_a_half_syncs_and_the_time_in_memory(self):
        runs = results.Runs(figures_of(
            run_of(1, "coffer", 1, p50_us=170), run_of(1, "disk", 1, p50_us=100),
            run_of(1, "memory", 1, p50_us=50)))
        one = wanted("a lone client: p50 / (1.5")
        self.assertEqual(0.85, one.ratio(runs))
        self.assertTrue(one.is_met(0.85))
        self.assertFalse(one.is_met(1.01))

    def test_the_open_loop_is_held_against_the_disk_beside_it(self):
        runs = results.Runs(figures_of(
            run_of(1, "disk", 1, p99_us=1), run_of(1, "disk", 1, p99_us=100),
            run_of(1, "open loop", 64, p99_us=250, disk_p99_us=100)))
        self.assertEqual(2.5, wanted("open loop").ratio(runs))

    def test_transfers_are_held_against_withdrawals_on_the_same_server(self):
        runs = results.Runs(figures_of(
            run_of(1, "coffer", 256, rate=1000), run_of(1, "transfers", 256, rate=790)))
        one = wanted("256 connections: rate of transfers")
        self.assertEqual(0.79, one.ratio(runs))
        self.assertFalse(one.is_met(0.79))
        self.assertTrue(one.is_met(0.8))

    def test_what_was_not_measured_has_no_median_and_no_ratio(self):
        runs = results.Runs(figures_of(run_of(1, "coffer", 256)))
        self.assertIsNone(runs.median(("redis", 256), "rate"))
        self.assertEqual([None] * len(results.WANTED), [one.ratio(runs) for one in results.WANTED])


class Shown(unittest.TestCase):
    FIGURES = figures_of(run_of(1, "coffer", 256, rate=90_000, group=31.25),
                         run_of(1, "memory", 256, rate=100_000),
                         run_of(1, "postgres", 256, rate=180_000),
                         run_of(1, "transfers", 256, rate=70_000, group=20.0))

    def test_the_table_has_each_server_and_what_is_asked_for(self):
        text = table.text_of(self.FIGURES)
        self.assertRegex(text, r"256 +Coffer +90,000 .* 31\.2\n")
        self.assertRegex(text, r"256 +Coffer, transfers +70,000 .* 20\.0\n")
        self.assertRegex(text, r"rate / that in memory +0\.900 +>= 0\.8 +met")
        self.assertRegex(text, r"rate / that of PostgreSQL +0\.500 +>= 1\.0 +MISSED")
        self.assertIn("Skipped: Redis appendfsync always: not installed: redis-server", text)

    @staticmethod
    def bars_of(drawn, server):
        return [each for each in drawn.iter("{http://www.w3.org/2000/svg}rect")
                if each.get("fill") == chart.COLOURS[server]]

    def test_the_chart_has_a_bar_for_each_server_and_quantity_that_was_measured(self):
        drawn = ElementTree.fromstring(chart.draw(self.FIGURES))
        # The legend's, and the panels'. Only a journal has groups.
        self.assertEqual(1 + len(chart.PANELS), len(self.bars_of(drawn, "coffer")))
        self.assertEqual(len(chart.PANELS), len(self.bars_of(drawn, "postgres")))

    def test_the_chart_says_the_size_of_a_group_and_is_drawn_without_one_too(self):
        said = [each.text for each in ElementTree.fromstring(chart.draw(self.FIGURES)).iter(
            "{http://www.w3.org/2000/svg}text")]
        self.assertIn("group size: records a sync", said)
        self.assertIn("31.2", said)
        drawn = ElementTree.fromstring(chart.draw(figures_of(run_of(1, "postgres", 256))))
        self.assertEqual(len(chart.PANELS), len(self.bars_of(drawn, "postgres")))


if __name__ == "__main__":
    unittest.main()
