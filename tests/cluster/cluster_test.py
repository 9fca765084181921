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
from processes import wait_until, within

STOP_S = 2, 6  # longer than a leader may answer, and some longer than it leads
LOAD = {"load_s": 4, "loaders": 64}


def say(text):
    print(text, flush=True)


@unittest.skipUnless(is_installed(), "no etcd")
class Disturbed(unittest.TestCase):
    def disturb(self, kinds, rounds, **options):
        seed = random.randrange(1_000_000_000)
        say(f"seed {seed}")
        with tempfile.TemporaryDirectory(prefix="coffer-cluster-") as folder:
            run = FaultRounds(pathlib.Path(folder), seed, kinds, say, stop_s=STOP_S, **options)
            try:
                with within():
                    is_right = run.run(rounds)
                self.assertTrue(is_right, run.findings.texts)
                self.assertTrue(all(run.back_s.values()), run.back_s)
                self.assertGreater(run.customers.history.acknowledged, 0)
            except BaseException:
                say("\n".join(run.logs()))
                raise
        say(run.summary())
        return run

    def test_nodes_and_members_of_etcd_are_killed(self):
        self.disturb(["kill_all", "kill_leader", "kill_any"], 4)

    def test_leaders_and_others_stand_still_for_a_while(self):
        self.disturb(["stop_leader", "stop_any"], 3)

    def test_requests_to_etcd_are_lost_repeated_and_delayed_and_leaders_are_cut_off(self):
        self.disturb(["proxies", "partition"], 4)

    def test_leaders_hand_over_and_clocks_are_wrong(self):
        self.disturb(["step_down", "clock"], 4)

    def test_a_small_quota_of_etcd_is_never_used_up(self):
        self.disturb(["load"], 1, load_s=10, etcd_flags=["--quota-backend-bytes=8388608"])

    def test_a_node_that_has_lost_its_disk_joins_again(self):
        self.disturb(["join"], 1, **LOAD)

    def test_a_node_that_is_behind_the_tail_catches_up_from_the_leader(self):
        run = self.disturb(["behind", "kill_leader"], 2, flags=["--replicated-tail=64KiB"], **LOAD)
        self.assertTrue(run.was_trimmed)
        self.assertTrue(run.has_caught_up)


@unittest.skipUnless(is_installed(), "no etcd")
class Begun(unittest.TestCase):
    def test_of_three_empty_nodes_one_opens_the_sample_accounts_once(self):
        with tempfile.TemporaryDirectory(prefix="coffer-cluster-") as folder, \
                within(), Cluster(folder) as cluster:
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
