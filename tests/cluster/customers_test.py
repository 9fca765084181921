"""Clients and checker together, with nodes that only imitate a ledger: bugs of theirs are found."""

import time
import unittest

from customers import Customers
from fake_nodes import FakeNodes
from history import check

TAKEOVERS, EACH_S = 10, 0.15


def run(bug):
    with FakeNodes(1, bug) as nodes, Customers(nodes.ports, 1) as customers:
        for _ in range(TAKEOVERS):
            time.sleep(EACH_S)
            nodes.take_over()
        is_settled = customers.settle()
    return is_settled, customers, check(customers.history, nodes.lines)


class Chain(unittest.TestCase):
    def test_nodes_that_do_what_they_should_are_found_right(self):
        is_settled, customers, findings = run(None)
        self.assertTrue(is_settled)
        self.assertEqual([], customers.complaints)
        self.assertEqual([], findings.texts)
        self.assertGreater(customers.history.acknowledged, 100)
        self.assertTrue(any(read.as_of is not None for read in customers.history.reads))
        self.assertTrue(any(read.as_of is None for read in customers.history.reads))

    def test_what_a_leader_loses_at_its_end_is_found(self):
        self.assertGreater(run("lost")[2].counts["lost"], 0)

    def test_keys_that_a_takeover_forgets_are_found(self):
        self.assertGreater(run("doubled")[2].counts["doubled"], 0)

    def test_what_a_former_leader_still_answers_is_found(self):
        self.assertGreater(run("stale")[2].counts["stale"], 0)


if __name__ == "__main__":
    unittest.main()
