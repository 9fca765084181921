"""Clients and checker together, with nodes that only imitate a ledger: bugs of theirs are found."""

import time
import unittest

from customers import Customers
from fake_nodes import FakeNodes
from history import check
from processes import wait_until

TAKEOVERS, EACH_S, EACH_POSTINGS = 10, 0.15, 20
ATTEMPTS = 10  # in which a bug must be met


def run(bug, seed=1):
    with FakeNodes(seed, bug) as nodes, Customers(nodes.ports, seed) as customers:
        for _ in range(TAKEOVERS):
            enough = customers.history.acknowledged + EACH_POSTINGS
            time.sleep(EACH_S)
            wait_until(lambda least=enough: customers.history.acknowledged >= least,
                       "postings are acknowledged")
            nodes.take_over()
        is_settled = customers.settle()
    return is_settled, customers, check(customers.history, nodes.lines)


def is_found(bug):
    return any(run(bug, seed)[2].counts[bug] for seed in range(ATTEMPTS))


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
        self.assertTrue(is_found("lost"))

    def test_keys_that_a_takeover_forgets_are_found(self):
        self.assertTrue(is_found("doubled"))

    def test_what_a_former_leader_still_answers_is_found(self):
        self.assertTrue(is_found("stale"))


if __name__ == "__main__":
    unittest.main()
