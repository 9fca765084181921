"""A real etcd, and nodes of one ledger that are started beside it."""

import pathlib
import shutil
import tempfile
import unittest

import server
from replication_test import ACCOUNT, Etcd, Node, wait_until
from processes import MOST_TEST_S, free_ports, within  # which replication_test finds

LEDGER = "bank"
START = 10  # postings before a test begins


class PatientNode(Node):
    def connect(self):
        """A node that has just changed its role listens anew: a connection may be refused."""
        def connected():
            try:
                return super(PatientNode, self).connect()
            except OSError:
                return None
        return wait_until(connected, f"node {self.name} takes a connection")


def first_record(data):
    """The first record that the journal of a data directory still has."""
    return min((int(path.stem) for path in (data / "journal").glob("*.journal")), default=0)


@unittest.skipUnless(shutil.which("etcd"), "skipped: etcd is not installed")
class OneEtcd(unittest.TestCase):
    most_s = MOST_TEST_S

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(
            tempfile.TemporaryDirectory(prefix="coffer-test-")))
        self.enterContext(within(self.most_s))
        self.etcd = Etcd(self.folder / "etcd")
        self.addCleanup(self.etcd.close)
        self.ports = dict(zip("abc", free_ports(3)))
        self.keys = 0

    def node(self, name, *flags, env=None):
        one = PatientNode(name, self.etcd, self.folder / name, self.ports[name], *flags, env=env)
        self.addCleanup(one.close)
        return one

    def leader(self, *flags, env=None):
        """Node a, which leads, with some postings."""
        one = self.node("a", *flags, env=env)
        for _ in range(START):
            self.post(one)
        return one

    def post(self, node, account=ACCOUNT, amount=1.0):
        """A deposit that is acknowledged, once. Returns the balance."""
        self.keys += 1
        key = f"key-{self.keys}"
        return wait_until(lambda: node.posts(account + "/deposit", {"amount": amount}, key),
                          f"node {node.name} posts")["new_balance"]

    def wait_until_shows(self, node, balance, account=ACCOUNT):
        wait_until(lambda: (node.shows(account + "/balance") or {}).get("balance") == balance,
                   f"node {node.name} shows {balance}")

    def run_coffer(self, *words, status=0):
        """Its output, of both kinds."""
        done = server.run(*words)
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def join(self, of, name, *flags, status=0):
        return self.run_coffer("join", of.url(""), self.folder / name, "--ledger", LEDGER, *flags,
                               status=status)

    def cluster(self, *words, ledger=LEDGER, status=0):
        return self.run_coffer("cluster", *words, "--replicate", self.etcd.url, "--ledger", ledger,
                               status=status)
