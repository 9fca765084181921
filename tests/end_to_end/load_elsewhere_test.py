"""coffer-load against a replicated ledger whose leader changes, with a real etcd."""

import json
import signal
import subprocess
import unittest

from load_test import LOAD
from metrics_test import scrape
from one_etcd import OneEtcd
from replication_test import SOON_S, wait_until
from server import environment

RECORDS = "coffer_journal_records_total"


class LoadElsewhere(OneEtcd):
    def begin(self, urls):
        """A load that lasts until it is interrupted."""
        load = subprocess.Popen(
            [LOAD, "--url", urls, "--duration", "600s", "--connections", "4", "--warmup", "0s",
             "--mix", "deposit=1", "--accounts", "10001-10009", "--json",
             self.folder / "results.json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env=environment())
        self.addCleanup(load.communicate)
        self.addCleanup(load.kill)
        return load

    def wait_for_postings(self, load, node):
        """More of them, at a node that leads."""
        def records():
            self.assertIsNone(load.poll(), "it has ended")
            ready = node.ask("GET", "/readyz")
            return scrape(node).value(RECORDS) if ready and ready[0] == 200 else 0
        before = wait_until(records, f"{node.name} leads")
        wait_until(lambda: records() > before, f"it posts at {node.name}")

    def conclude(self, load):
        """Its audit finds all balances to be what they must be, by what was answered."""
        load.send_signal(signal.SIGINT)
        said = load.communicate(timeout=SOON_S)[0]
        self.assertEqual(0, load.returncode, said)
        audit = json.loads((self.folder / "results.json").read_text())["audit"]
        self.assertTrue(audit["exact"], audit)

    def test_it_follows_a_leader_that_steps_down_to_the_next_one(self):
        leader, standby = self.leader(), self.node("b")
        self.wait_until_shows(standby, self.post(leader))
        load = self.begin(f"{leader.url('')},{standby.url('')}")
        self.wait_for_postings(load, leader)
        wait_until(lambda: (leader.ask("POST", "/admin/step-down") or [0])[0] in (200, 202),
                   "a steps down")
        self.wait_for_postings(load, standby)
        self.conclude(load)

    def test_it_goes_on_at_the_next_leader_when_one_is_killed(self):
        leader, standby = self.leader(), self.node("b")
        self.wait_until_shows(standby, self.post(leader))
        load = self.begin(f"{leader.url('')},{standby.url('')}")
        self.wait_for_postings(load, leader)
        leader.kill()
        self.wait_for_postings(load, standby)
        self.conclude(load)

    def test_of_a_standby_it_learns_who_leads(self):
        leader, standby = self.leader(), self.node("b")
        self.wait_until_shows(standby, self.post(leader))
        load = self.begin(standby.url(""))
        self.wait_for_postings(load, leader)
        self.conclude(load)


if __name__ == "__main__":
    unittest.main()
