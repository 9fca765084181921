"""A disk that hangs: requests are answered in time, the server ends, and nothing is lost."""

import pathlib
import signal
import sys
import tempfile
import time
import unittest

from server import TIMEOUT_S, Server, balance, get, post, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults.hang_run import HangRun  # noqa: E402
from faults.shim import FOR_EVER, Faults, library  # noqa: E402

DEPOSIT = '{"amount":1}'
HANG_S = 3600
FLAGS = ("--disk-timeout", "500ms", "--drain-timeout", "2s", "--snapshot-every", "0")
KEY = ("--header", "Idempotency-Key: one")
HOLDS = "/accounts/10004/holds"
OTHER_POSTINGS = (
    ("/accounts", "{}"), ("/accounts/10003/transfer", '{"to":"10004","amount":1}'),
    ("/transactions", '{"postings":[{"account_number":"10003","amount":-1},'
                      '{"account_number":"10004","amount":1}]}'), (HOLDS, '{"amount":1}'))


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
            for path, body in OTHER_POSTINGS:
                other = post(server, path, body)
                self.assertEqual((503, "unavailable"), (other.status, other.error_type()), path)
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

    def test_a_hold_of_unknown_outcome_is_placed_once(self):
        def place(server):
            return post(server, HOLDS, '{"amount":1}', *KEY)

        with self.started() as server:
            self.assertEqual(200, self.deposit(server).status)
            self.hang()
            self.assertEqual("outcome_unknown", place(server).error_type())
            server.kill()
        self.faults.heal()
        with self.started() as server:
            self.assertIn(len(get(server, HOLDS).json()["data"]["holds"]), (0, 1))
            self.assertEqual(201, place(server).status)
            held, = get(server, HOLDS).json()["data"]["holds"]
            self.assertEqual((4000.0, 1.0), (held["balance"], held["held"]))

    def test_when_it_answers_again_all_goes_on(self):
        with self.started() as server:
            self.faults.hang("fdatasync", 2, times=FOR_EVER)
            self.assertEqual(503, self.deposit(server, *KEY).status)
            self.faults.heal()
            wait_until(lambda: get(server, "/readyz").status == 200)
            # A retry gets 409 for as long as the first request is under way.
            replies = []
            wait_until(lambda: replies.append(self.deposit(server, *KEY))
                       or replies[-1].status != 409)
            again = replies[-1]
            self.assertEqual(200, again.status)
            self.assertEqual("true", again.fields.get("idempotent-replayed"))
            self.assertEqual(200, self.deposit(server).status)
            self.assertEqual("1002.0", balance(server))
            self.assertEqual(0, server.stop(), server.stderr())
            log = server.stderr()
            self.assertEqual((1, 1), (log.count("has not answered"), log.count("answers again")))

    def assert_ends(self, server):
        begin = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        status = server.process.wait(15)
        # The drain timeout, and what a busy machine needs.
        self.assertLess(time.monotonic() - begin, 2 + 3)
        self.assertNotEqual(0, status)
        server.wait_until_it_says("the disk does not answer")

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

    def assert_ends_without_a_last_snapshot(self, server):
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(1, server.process.wait(TIMEOUT_S))
        server.wait_until_it_says("the last snapshot failed")
        self.faults.heal()
        with self.started() as server:
            self.assertEqual("1001.0", balance(server))
            self.assertEqual(0, server.stop())

    def test_sigterm_ends_the_server_though_its_last_snapshot_hangs(self):
        for call in ("fsync", "fsyncdir", "write", "create", "rename"):
            with self.subTest(call), self.started() as server:
                if balance(server) == "1000.0":
                    self.assertEqual(200, self.deposit(server).status)
                else:
                    (newest,) = server.snapshots()[-1:]
                    newest.unlink()  # so that one is due
                self.faults.hang(call, HANG_S, times=FOR_EVER)
                self.assert_ends_without_a_last_snapshot(server)

    def test_sigterm_ends_the_server_though_a_snapshot_hangs_that_is_under_way(self):
        flags = ("--disk-timeout", "500ms", "--drain-timeout", "1s", "--snapshot-every", "50ms")
        with Server(*flags, data=self.data, env=self.faults.environment) as server:
            self.faults.hang("fsync", HANG_S, times=FOR_EVER)
            self.assertEqual(200, self.deposit(server).status)
            wait_until(lambda: self.faults.hit("fsync"))
            self.assert_ends_without_a_last_snapshot(server)

    def test_a_large_snapshot_is_synced_part_by_part(self):
        accounts = self.data.parent / "accounts.json"
        rows = (f'{{"account_number":"{10 ** 17 + i}","balance":{i}.0}}' for i in range(500_000))
        accounts.write_text('{"accounts":[\n' + ",\n".join(rows) + "\n]}")
        with Server(*FLAGS, "--accounts", accounts, data=self.data,
                    env=self.faults.environment) as server:
            self.assertEqual(200, post(server, f"/accounts/{10 ** 17}/deposit", DEPOSIT).status)
            before = self.faults.made("fsync") - self.faults.made("fsyncdir")
            self.assertEqual(0, server.stop(), server.stderr())
            made = self.faults.made("fsync") - self.faults.made("fsyncdir") - before
            self.assertGreater(server.snapshots()[-1].stat().st_size, 32 << 20)
            self.assertGreater(made, 2)

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
