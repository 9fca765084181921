"""The simulation of a ledger in parts, and the table of it that src/README.md shows."""

import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT))

from bench.partitions import simulation  # noqa: E402

PROGRAM = ROOT / "bench" / "partitions" / "simulation.py"
TIMEOUT_S = 100
SHORT_S = 0.1


def printed(*flags):
    return subprocess.run([PROGRAM, *flags], capture_output=True, text=True, timeout=TIMEOUT_S,
                          check=True).stdout.splitlines()


def cells(line):
    return re.split(r" {2,}", line.strip())


class Appends(unittest.TestCase):
    def test_an_append_takes_what_was_measured(self):
        self.assertAlmostEqual(0.0021, simulation.append_s(0))
        self.assertAlmostEqual(0.0073, simulation.append_s(65536))
        large = simulation.append_s(1 << 20)
        self.assertAlmostEqual(8.0, (1 << 20) / large / 1e6, delta=0.2)
        self.assertAlmostEqual(125_000, (1 << 20) / 64 / large, delta=2_500)

    def test_a_batch_has_what_fits_and_leaves_the_rest_waiting(self):
        part = simulation.Part()
        part.waiting = [(simulation.MOST_BATCH_BYTES // 2, each) for each in "abc"]
        self.assertEqual((simulation.MOST_BATCH_BYTES, ["a", "b"]), part.next_batch())
        self.assertEqual((simulation.MOST_BATCH_BYTES // 2, ["c"]), part.next_batch())


class Transfers(unittest.TestCase):
    def test_a_lone_transfer_takes_one_append_within_a_part_and_three_between_parts(self):
        hop = simulation.HOP_S
        sizes = (simulation.HOLD_BYTES, simulation.CREDIT_BYTES, simulation.CAPTURE_BYTES)
        for share, expected in [
                (0.0, 2 * hop + simulation.append_s(simulation.TRANSFER_BYTES)),
                (1.0, 4 * hop + sum(map(simulation.append_s, sizes)))]:
            one = simulation.Simulation(2, 1, share)
            # One client: the first of the two is alone in the ledger.
            one.events = one.events[:1]
            one.run(SHORT_S)
            found = one.within + one.between
            self.assertTrue(found)
            self.assertEqual(share == 1.0, bool(one.between))
            for took in found:
                self.assertAlmostEqual(expected, took)

    def test_parts_add_up_where_transfers_stay_within_them(self):
        alone = simulation.Simulation(1, 256, 0.0).run(SHORT_S)
        ten = simulation.Simulation(10, 256, 0.0).run(SHORT_S)
        self.assertAlmostEqual(10, ten / alone, delta=1.5)

    def test_transfers_between_parts_cost_three_times_as_much(self):
        within = simulation.Simulation(4, 1024, 0.0).run(3 * SHORT_S)
        between = simulation.Simulation(4, 1024, 1.0).run(3 * SHORT_S)
        self.assertAlmostEqual(3, within / between, delta=0.4)


class Table(unittest.TestCase):
    def test_it_is_the_same_each_time(self):
        flags = "--parts", "1,3", "--clients", "8", "--seconds", "0.05"
        self.assertEqual(printed(*flags), printed(*flags))

    def test_the_page_shows_what_it_prints(self):
        page = (ROOT / "src" / "README.md").read_text()
        shown = page.partition("$ bench/partitions/simulation.py\n")[2].partition("```")[0]
        few = [cells(line) for line in shown.splitlines() if cells(line)[0] in ("parts", "1", "3")]
        self.assertEqual([cells(line) for line in printed("--parts", "1,3")], few)
        self.assertEqual({"1", "3", "10", "30", "100"},
                         {cells(line)[0] for line in shown.splitlines()} - {"parts"})


if __name__ == "__main__":
    unittest.main()
