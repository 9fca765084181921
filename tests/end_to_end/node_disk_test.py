"""A disk that hangs below a node of a replicated ledger: the node ends, and nothing is lost."""

import pathlib
import sys
import unittest

from one_etcd import START, OneEtcd
from replication_test import ACCOUNT, SOON_S

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults.shim import FOR_EVER, Faults, library  # noqa: E402

HANG_S = 3600
# A machine that is busy is no disk that hangs.
FLAGS = ("--disk-timeout", "5s", "--snapshot-every", "0", "--no-audit")
HAS_HUNG = "the disk has not answered within --disk-timeout"


@unittest.skipUnless(library().exists(), f"there is no {library()}")
class HangingDiskOfANode(OneEtcd):
    def setUp(self):
        super().setUp()
        self.faults = self.enterContext(Faults(self.folder / "a"))

    def hang(self, call):
        self.faults.hang(call, HANG_S, times=FOR_EVER)

    def assert_ends(self, node, why):
        self.assertEqual(1, node.process.wait(SOON_S), node.stderr())
        node.wait_until_it_says(f"error {why}: ")
        node.wait_until_it_says(HAS_HUNG)

    def assert_another_leads_with_all(self, leader, standby):
        """What was acknowledged is there, and the posting of unknown outcome once, if it is."""
        unknown = {"path": ACCOUNT + "/deposit", "body": {"amount": 1.0}, "key": "unknown"}
        self.assertIsNone(leader.posts(**unknown))
        self.assert_ends(leader, "the journal has failed, nothing more is acknowledged")
        balance = standby.posts_soon(**unknown)["new_balance"]
        self.assertEqual(1000.0 + START + 1, balance)

    def test_a_leader_whose_write_hangs_ends_and_another_one_leads(self):
        leader = self.leader(*FLAGS, env=self.faults.environment)
        standby = self.node("b", *FLAGS)
        self.wait_until_shows(standby, 1000.0 + START)
        self.hang("pwrite")
        self.assert_another_leads_with_all(leader, standby)

    def test_a_standby_whose_write_hangs_ends(self):
        standby_first = self.leader(*FLAGS, env=self.faults.environment)
        leader = self.node("b", *FLAGS)
        standby_first.stop()
        leader.posts_soon(ACCOUNT + "/deposit", {"amount": 1.0}, "leads")
        standby = self.node("a", *FLAGS, env=self.faults.environment)
        self.wait_until_shows(standby, 1000.0 + START + 1)
        self.hang("pwrite")
        self.post(leader)
        self.assert_ends(standby, "this node's journal has failed")


if __name__ == "__main__":
    unittest.main()
