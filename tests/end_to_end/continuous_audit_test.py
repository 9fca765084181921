"""The continuous audit: what it finds in a ledger that is served, and what it shows of it."""

import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from load_test import LOAD
from server import Server, environment, get, post, wait_until

# Its thread runs only where no other needs the processor, and other tests may need it for long.
PATIENCE_S = 120


def figure(server, name):
    found = re.search(rf"^{re.escape(name)} (\S+)$", get(server, "/metrics").body, re.MULTILINE)
    return found and float(found[1])


def comparisons(server):
    return figure(server, "coffer_audit_comparisons_total")


def deposit(server, account, amount=1):
    reply = post(server, f"/accounts/{account}/deposit", f'{{"amount":{amount}}}')
    assert reply.status == 200, reply.body


def check(server):
    """The status of /readyz, and what it says of the audit."""
    reply = get(server, "/readyz")
    found = re.search(r'"audit":"(\w+)"', reply.body)
    return reply.status, found and found[1]


def load(server, *flags):
    return subprocess.run(
        [LOAD, "--url", server.url(""), "--quiet", "--duration", "2s", "--warmup", "0s",
         "--connections", "8", "--pipeline", "16", *flags],
        capture_output=True, text=True, timeout=60, check=False, env=environment())


class ContinuousAudit(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="coffer-test-")
        self.addCleanup(folder.cleanup)
        self.data = pathlib.Path(folder.name) / "data"

    def server(self, *flags, data=None, every="50ms"):
        return Server("--snapshot-every", every, *flags, data=data or self.data)

    def assert_same(self, server):
        self.assertEqual(0, figure(server, "coffer_audit_differences"), server.stderr())
        self.assertEqual(1, figure(server, 'coffer_audit_verdict{verdict="same"}'))
        self.assertEqual((200, "ok"), check(server))
        self.assertNotIn("differ", server.stderr())

    def wait_for_comparison(self, server):
        before = comparisons(server)

        def is_compared():
            # Again and again: an audit that begins meanwhile begins with the snapshot of the last.
            deposit(server, 10001)
            return comparisons(server) > before

        wait_until(is_compared, PATIENCE_S)

    def test_a_ledger_under_load_is_as_its_journal_has_it_over_restarts_and_kills(self):
        for end in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
            with self.server("--segment-size", "4MiB") as server:
                done = load(server, "--mix", "deposit=20,withdraw=20,transfer=30,transaction=10,"
                            "hold=10,capture=5,release=5")
                self.assertEqual(0, done.returncode, done.stdout + done.stderr)
                hold = post(server, "/accounts/10001/holds", '{"amount":1,"expires_in":"1s"}')
                self.assertEqual(201, hold.status)
                wait_until(lambda: figure(server, "coffer_holds_expired_total") > 0)
                wait_until(lambda: figure(server, "coffer_audit_lag_records") == 0, PATIENCE_S)
                self.wait_for_comparison(server)
                self.assert_same(server)
                server.stop(end)

    def test_it_keeps_up_with_a_journal_that_is_trimmed(self):
        with self.server("--segment-size", "4MiB", "--retain", "0", "--snapshot-keep", "1",
                         "--idempotency-ttl", "1s") as server:
            for _ in range(3):
                self.assertEqual(0, load(server, "--mix", "deposit=1,transfer=1").returncode)
            self.wait_for_comparison(server)
            self.assert_same(server)
            first = min(int(path.stem) for path in (self.data / "journal").glob("*.journal"))
            self.assertGreater(first, 1)

    def plant_a_difference(self):
        """A newest snapshot of the same ledger and record, but of a posting to another account."""
        with self.server(every="0") as server:
            deposit(server, 10001)
            self.assertEqual(0, server.stop())
        other = self.data.with_name("other")
        shutil.copytree(self.data, other, symlinks=True)
        for data, account in ((self.data, 10002), (other, 10003)):
            with self.server(data=data, every="0") as server:
                deposit(server, account, 7)
                self.assertEqual(0, server.stop())
        newest = max((other / "snapshots").glob("[0-9]*.json"), key=lambda path: int(path.stem))
        shutil.copy(newest, self.data / "snapshots" / newest.name)

    def test_a_difference_is_named_counted_and_ends_readiness(self):
        self.plant_a_difference()
        with self.server() as server:
            wait_until(lambda: figure(server, "coffer_audit_differences") == 2, PATIENCE_S)
            self.assertEqual((503, "differs"), check(server))
            self.assertEqual(1, figure(server, 'coffer_audit_verdict{verdict="differs"}'))
            wait_until(lambda: "10003" in server.stderr(), PATIENCE_S)
            self.assertRegex(
                server.stderr(),
                r"audit: the ledger and its journal differ: \S+\.json: account 10002: is listed "
                r"with posting 1, but by record 12 the journal has posting 2")
            self.assertEqual(200, get(server, "/accounts/10002/balance").status)
            self.assertEqual(0, server.stop())
        with self.server("--no-audit") as server:
            self.assertEqual((200, None), check(server))

    def test_it_may_be_off(self):
        for flags in (("--no-audit",), ("--in-memory",)):
            with self.subTest(flags), self.server(*flags) as server:
                self.assertNotIn("coffer_audit", get(server, "/metrics").body)
                self.assertEqual((200, None), check(server))

    def test_it_says_that_it_compares_nothing_without_snapshots(self):
        with self.server(every="0") as server:
            wait_until(lambda: "audit: nothing is compared" in server.stderr(), PATIENCE_S)
            self.assertEqual((200, "unknown"), check(server))


if __name__ == "__main__":
    unittest.main()
