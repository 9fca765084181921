"""A disk that hangs: requests are answered in time, the server ends, and nothing is lost."""

import pathlib
import signal
import sys
import tempfile
import time
import unittest

from server import Server, balance, get, post, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults.hang_run import HangRun  # noqa: E402
from faults.shim import FOR_EVER, Faults, library  # noqa: E402

DEPOSIT = '{"amount":1}'
HANG_S = 3600
FLAGS = ("--disk-timeout", "500ms", "--drain-timeout", "2s", "--snapshot-every", "0")
KEY = ("--header", "Idempotency-Key: one")


@unittest.skipUnless(library().exists(), f"there is no {library()}")
class HangingDisk(unittest.TestCase):
    def setUp(self):
        self.data = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "data"
        self.faults = self.enterContext(Faults(self.data))

    def started(self):
        return Server(*FLAGS, data=self.data, env=self.faults.environment)

    def hang(self):
        self.faults.hang("fdatasync", HANG_S, times=FOR_EVER)

    def deposit(self, server, *arguments):
        return post(server, "/accounts/10001/deposit", DEPOSIT, *arguments)

    def test_postings_get_503_and_what_needs_no_disk_is_answered(self):
        with self.started() as server:
            self.assertEqual(200, self.deposit(server).status)
            self.hang()
            unknown = self.deposit(server, *KEY)
            self.assertEqual((503, "outcome_unknown"), (unknown.status, unknown.error_type()))
            self.assertIn("retry-after", unknown.fields)
            refused = self.deposit(server)
            self.assertEqual((503, "unavailable"), (refused.status, refused.error_type()))
            self.assertIn("retry-after", refused.fields)
            again = self.deposit(server, *KEY)
            self.assertEqual((409, "request_in_progress"), (again.status, again.error_type()))
            ready = get(server, "/readyz")
            self.assertEqual(503, ready.status)
            self.assertIn("disk", ready.json()["error"]["message"])
            figures = dict(line.rsplit(" ", 1) for line in get(server, "/metrics").body.split("\n")
                           if line and line[0] != "#")
            self.assertGreater(float(figures["coffer_journal_oldest_pending_seconds"]), 0.4)
            self.assertEqual("0", figures["coffer_journal_accepts"])
            self.assertEqual("2000.0", balance(server, 10002))
            self.assertEqual(503, get(server, "/accounts/10001/balance").status)
            server.kill()
        self.faults.heal()
        with self.started() as server:
            before = balance(server)
            self.assertIn(before, ("1001.0", "1002.0"))
            again = self.deposit(server, *KEY)
            self.assertEqual(200, again.status)
            self.assertEqual("1002.0", balance(server))

    def test_when_it_answers_again_all_goes_on(self):
        with self.started() as server:
            self.faults.hang("fdatasync", 2, times=FOR_EVER)
            self.assertEqual(503, self.deposit(server, *KEY).status)
            self.faults.heal()
            wait_until(lambda: get(server, "/readyz").status == 200)
            again = self.deposit(server, *KEY)
            self.assertEqual(200, again.status)
            self.assertEqual("true", again.fields.get("idempotent-replayed"))
            self.assertEqual(200, self.deposit(server).status)
            self.assertEqual("1002.0", balance(server))
            log = server.stderr()
            self.assertEqual((1, 1), (log.count("has not answered"), log.count("answers again")))
            self.assertEqual(0, server.stop(), server.stderr())

    def assert_ends(self, server):
        begin = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        status = server.process.wait(15)
        # The drain timeout, and what a busy machine needs.
        self.assertLess(time.monotonic() - begin, 2 + 3)
        self.assertNotEqual(0, status)
        self.assertIn("the disk does not answer", server.stderr())

    def test_sigterm_ends_the_server_though_the_disk_never_answers(self):
        with self.started() as server:
            self.assertEqual(200, self.deposit(server).status)
            self.hang()
            self.assertEqual(503, self.deposit(server).status)
            self.assert_ends(server)
        self.faults.heal()
        with self.started() as server:
            self.assertIn(balance(server), ("1001.0", "1002.0"))

    def test_sigterm_ends_the_server_though_only_its_last_batch_hangs(self):
        with self.started() as server:
            self.assertEqual(200, self.deposit(server).status)
            self.hang()
            self.assert_ends(server)
        self.faults.heal()
        with self.started() as server:
            self.assertEqual("1001.0", balance(server))

    def test_under_load_every_request_is_answered_in_time_and_nothing_is_lost(self):
        # What a busy machine needs is far from the length of a hang.
        run = HangRun(self.data.parent, 11, lambda line: None, hang_s=12, disk_timeout="500ms",
                      most_s=8)
        run.run(25)
        print(f"\n    {run.summary()}", end=" ")
        self.assertTrue(run.history.is_clean(), run.history.complaints)
        self.assertGreater(run.hangs, 0)
        self.assertGreater(run.not_ready, 0)


if __name__ == "__main__":
    unittest.main()
