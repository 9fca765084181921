"""The rounds find nothing in nodes that are right, and what nodes with a bug do wrong: with the
real etcd, and nodes that only imitate a ledger."""

import os
import pathlib
import tempfile
import unittest
from unittest import mock

import cluster
from etcd_members import is_installed
from fault_rounds import FaultRounds

FAKE = pathlib.Path(__file__).resolve().parent / "fake_coffer.py"
LONG_S = 6, 7  # another node takes over meanwhile


@unittest.skipUnless(is_installed(), "no etcd")
class Rounds(unittest.TestCase):
    def run_with(self, bug, kinds, rounds):
        with tempfile.TemporaryDirectory(prefix="coffer-cluster-") as folder, \
                mock.patch.dict(os.environ, {"FAKE_BUG": bug}), \
                mock.patch.object(cluster, "BINARY", str(FAKE)):
            run = FaultRounds(pathlib.Path(folder), 1, kinds, stop_s=LONG_S)
            run.run(rounds)
        return run

    def test_they_find_nothing_in_right_nodes(self):
        kinds = ["kill_leader", "proxies", "stop_leader", "step_down"]
        run = self.run_with("", kinds, len(kinds))
        self.assertEqual([], run.findings.texts)
        self.assertTrue(all(run.back_s.values()), run.back_s)

    def test_they_find_a_leader_that_answers_for_longer_than_it_may(self):
        self.assertGreater(self.run_with("lease", ["stop_leader"], 2).findings.counts["stale"], 0)

    def test_they_find_keys_that_a_takeover_forgets(self):
        found = self.run_with("keys", ["kill_leader"], 3).findings
        self.assertGreater(found.counts["doubled"], 0)


if __name__ == "__main__":
    unittest.main()
