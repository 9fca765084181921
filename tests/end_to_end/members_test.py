"""coffer cluster: the members of a ledger, with a real etcd."""

import unittest

from one_etcd import OneEtcd
from replication_test import wait_until

class Members(OneEtcd):
    def rows(self):
        """What is listed of each node: its role, whether it is a member, its URL, its report."""
        return {name: rest for name, *rest in
                (line.split("\t") for line in self.cluster("list").splitlines())}

    def wait_for_row(self, name, *begin):
        """Until it begins so. Returns it."""
        return wait_until(
            lambda: (row := self.rows().get(name)) and row[:len(begin)] == list(begin) and row,
            f"{name} is {begin}")

    def test_those_that_begin_are_members_and_one_that_was_removed_stays_removed(self):
        leader = self.leader()
        other = self.node("b")
        self.wait_for_row("a", "leader", "member", leader.url(""))
        self.wait_for_row("b", "standby", "member", other.url(""))
        self.assertEqual({"a", "b"}, set(self.rows()))

        self.cluster("remove", "b")
        self.wait_for_row("b", "standby", "no member")
        self.assertEqual(0, other.stop())
        before = self.rows()["b"]
        # Started again, it reports again, and is no member all the same.
        self.wait_until_shows(self.node("b"), self.post(leader))
        wait_until(lambda: self.rows()["b"] != before, "b has reported")
        self.assertEqual(["standby", "no member"], self.rows()["b"][:2])
        self.assertIn("'b' is no member", self.cluster("remove", "b", status=1))

        self.cluster("add", "b", "http://10.0.0.8:5000")
        self.wait_for_row("b", "standby", "member")
        self.assertEqual("member", self.rows()["a"][1])

    def test_one_that_is_added_before_it_was_ever_started_is_listed_without_a_report(self):
        self.leader()
        self.wait_for_row("a", "leader", "member")
        self.cluster("add", "c", "http://10.0.0.8:5000")
        self.assertEqual(["standby", "member", "http://10.0.0.8:5000", "has not reported"],
                         self.rows()["c"])
        self.cluster("remove", "c")
        self.assertNotIn("c", self.rows())

    def test_a_ledger_that_is_not_in_etcd_has_no_members(self):
        self.assertIn("no ledger 'other'", self.cluster("add", "a", "http://10.0.0.8:5000",
                                                        ledger="other", status=1))
        self.assertIn("no member of 'other'", self.cluster("remove", "a", ledger="other",
                                                           status=1))
        self.assertIn("is no name of a node", self.cluster("remove", "a/b", status=2))


if __name__ == "__main__":
    unittest.main()
