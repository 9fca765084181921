"""Three nodes and three members of etcd are disturbed under load: nothing is lost, doubled or
stale.

A few rounds of each kind. `tools/faults cluster` makes many.
"""

import pathlib
import random
import tempfile
import unittest

from cluster import Cluster, members_named
from etcd_members import call, is_installed
from fault_rounds import FaultRounds
from processes import wait_until

STOP_S = 0.1, 5


@unittest.skipUnless(is_installed(), "no etcd")
class Disturbed(unittest.TestCase):
    def disturb(self, kinds, rounds, **options):
        seed = random.randrange(1_000_000_000)
        said = [f"seed {seed}"]
        with tempfile.TemporaryDirectory(prefix="coffer-cluster-") as folder:
            run = FaultRounds(pathlib.Path(folder), seed, kinds, said.append,
                              stop_s=STOP_S, **options)
            try:
                is_right = run.run(rounds)
            except BaseException as why:
                why.add_note("\n".join(said + run.logs()))
                raise
            if not is_right:
                self.fail("\n".join([*said, *run.findings.texts, run.summary(), *run.logs()]))
        self.assertGreater(run.customers.history.acknowledged, 0)
        return run

    def test_leaders_are_killed(self):
        self.disturb(["kill_leader"], 3)

    def test_any_nodes_and_members_of_etcd_are_killed(self):
        self.disturb(["kill_any"], 3)

    def test_everything_is_killed_at_once(self):
        self.disturb(["kill_all"], 2)

    def test_leaders_and_others_stand_still_for_a_while(self):
        self.disturb(["stop_leader", "stop_any"], 4)

    def test_requests_to_etcd_are_lost_repeated_and_delayed(self):
        self.disturb(["proxies"], 3)

    def test_leaders_are_cut_off(self):
        self.disturb(["partition"], 3)

    def test_leaders_hand_over(self):
        self.disturb(["step_down"], 4)

    def test_clocks_are_wrong(self):
        self.disturb(["clock"], 3)

    def test_the_tail_is_trimmed_beside_all_this(self):
        run = self.disturb(["kill_leader", "stop_any"], 3,
                           flags=["--replicated-tail=64KiB"])
        self.assertTrue(run.was_trimmed)

    def test_a_small_quota_of_etcd_is_never_used_up(self):
        self.disturb(["load"], 1, load_s=10, etcd_flags=["--quota-backend-bytes=8388608"])

    def test_a_node_that_has_lost_its_disk_joins_again(self):
        self.disturb(["join"], 1, load_s=6)

    def test_a_node_that_is_behind_the_tail_catches_up_from_the_leader(self):
        run = self.disturb(["behind"], 1, flags=["--replicated-tail=64KiB"], load_s=6)
        self.assertTrue(run.was_trimmed)
        self.assertTrue(run.has_caught_up)


@unittest.skipUnless(is_installed(), "no etcd")
class Begun(unittest.TestCase):
    def test_of_three_empty_nodes_one_opens_the_sample_accounts_once(self):
        with tempfile.TemporaryDirectory(prefix="coffer-cluster-") as folder, \
                Cluster(folder) as cluster:
            cluster.wait_for_roles()
            for one in cluster.nodes:
                # Standbys follow, so what they show is a little old.
                wait_until(lambda node=one: accounts_of(node) == 10, f"{one.name} has 10 accounts")
                self.assertEqual((200, 1), sequence_of(one, 10001), one.name)
            self.assertIsNotNone(call(cluster.etcd.urls[0], "/v3/kv/range", {"key": "AA=="}))


def accounts_of(node):
    _, body = node.call("GET", "/accounts?stale=ok")
    return sum(map(len, members_named("accounts", body)))


def sequence_of(node, account):
    status, body = node.call("GET", f"/accounts/{account}?stale=ok")
    return status, *members_named("sequence", body)


if __name__ == "__main__":
    unittest.main()
