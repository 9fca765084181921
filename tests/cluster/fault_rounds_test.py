"""The rounds find nothing in nodes that are right, and what nodes with a bug do wrong: with the
real etcd, and nodes that only imitate a ledger."""

import functools
import os
import pathlib
import tempfile
import unittest
from unittest import mock

import cluster
from etcd_members import is_installed
from fault_rounds import FaultRounds
from processes import within

FAKE = pathlib.Path(__file__).resolve().parent / "fake_coffer.py"
LONG_S = 6, 7  # another node takes over meanwhile
ATTEMPTS = 4  # in which a bug must be met, each with longer stops


@unittest.skipUnless(is_installed(), "no etcd")
class Rounds(unittest.TestCase):
    def run_with(self, bug, kinds, rounds, attempt=1):
        say = functools.partial(print, flush=True)
        with tempfile.TemporaryDirectory(prefix="coffer-cluster-") as folder, \
                mock.patch.dict(os.environ, {"FAKE_BUG": bug}), \
                mock.patch.object(cluster, "BINARY", str(FAKE)):
            run = FaultRounds(pathlib.Path(folder), attempt, kinds, say,
                              stop_s=[attempt * most for most in LONG_S])
            try:
                run.run(rounds)
            except BaseException:
                say("\n".join(run.logs()))
                raise
        say(run.summary())
        return run

    def is_found(self, bug, kind, what):
        with within():
            return any(self.run_with(bug, [kind], 1, attempt).findings.counts[what]
                       for attempt in range(1, ATTEMPTS + 1))

    def test_they_find_nothing_in_right_nodes(self):
        kinds = ["kill_leader", "proxies", "stop_leader", "step_down"]
        with within():
            run = self.run_with("", kinds, len(kinds))
        self.assertEqual([], run.findings.texts)
        self.assertTrue(all(run.back_s.values()), run.back_s)

    def test_they_find_a_leader_that_answers_for_longer_than_it_may(self):
        self.assertTrue(self.is_found("lease", "stop_leader", "stale"))

    def test_they_find_keys_that_a_takeover_forgets(self):
        self.assertTrue(self.is_found("keys", "kill_leader", "doubled"))


if __name__ == "__main__":
    unittest.main()
