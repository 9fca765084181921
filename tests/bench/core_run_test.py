"""That the core's benchmarks start, and say what tools/bench reads."""

import json
import os
import subprocess
import unittest

WITHDRAWALS = "withdraw/ledger/1000000/uniform/real_time/threads:1"


def said_by(program, *words):
    """What the program named by that environment variable prints. It must succeed."""
    return subprocess.run([os.environ[program], *words], stdout=subprocess.PIPE, text=True,
                          timeout=60, check=True).stdout


class Core(unittest.TestCase):
    def test_every_competitor_has_its_benchmarks(self):
        names = said_by("BENCH_CORE", "--benchmark_list_tests").split()
        self.assertIn(WITHDRAWALS, names)
        self.assertEqual({"ledger", "tbb", "sharded", "shared", "limit"},
                         {name.split("/")[1] for name in names})

    def test_a_benchmark_measures(self):
        report = json.loads(said_by(
            "BENCH_CORE", f"--benchmark_filter=^{WITHDRAWALS}$", "--benchmark_min_time=0.001",
            "--benchmark_format=json"))
        self.assertEqual([WITHDRAWALS], [one["name"] for one in report["benchmarks"]])
        self.assertGreater(report["benchmarks"][0]["items_per_second"], 0)

    def test_the_probe_weighs_accounts(self):
        for how in ("expected", "grown"):
            with self.subTest(how):
                said = json.loads(said_by("BENCH_CORE_PROBE", "memory", "10000", how))
                self.assertEqual(("memory", 10000, how),
                                 (said["kind"], said["accounts"], said["how"]))

    def test_the_probe_times_a_cut_beside_writers(self):
        said = json.loads(said_by("BENCH_CORE_PROBE", "cut", "100000", "1", "800"))
        self.assertEqual(("cut", 100000), (said["kind"], said["accounts"]))


if __name__ == "__main__":
    unittest.main()
