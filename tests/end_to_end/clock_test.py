"""Clocks that are wrong or jump: libfaketime shows the server another one. Its monotonic clock
stays as it is, as on a real machine."""

import datetime
import glob
import json
import pathlib
import re
import tempfile
import time
import unittest

from server import Server, balance, get, post, run, wait_until

DEPOSIT = "/accounts/10001/deposit"
HOLDS = "/accounts/10001/holds"
LIBRARIES = sorted(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1"))
NOW = datetime.datetime.now(datetime.timezone.utc)


def keyed(server, key):
    return post(server, DEPOSIT, '{"amount":1}', "--header", f"Idempotency-Key: {key}")


def figure(server, name):
    return float(re.search(rf"^{name} (\S+)$", get(server, "/metrics").body, re.MULTILINE)[1])


def moment(text):
    """Of a line of an export, to the microsecond."""
    return datetime.datetime.fromisoformat(re.sub(r"\.(\d{6})\d*Z$", r".\1+00:00", text))


@unittest.skipUnless(LIBRARIES, "needs libfaketime")
class Clocks(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.data = self.folder / "data"
        self.offset = self.folder / "offset"
        self.set_clock(0)

    def set_clock(self, hours):
        """Shows a clock that is so many hours ahead."""
        beside = self.folder / "offset.new"
        beside.write_text(f"{hours * 3600:+d}s\n")
        beside.rename(self.offset)

    def server(self, *flags):
        return Server(*flags, data=self.data,
                      env={"LD_PRELOAD": LIBRARIES[0], "FAKETIME_NO_CACHE": "1",
                           "FAKETIME_TIMESTAMP_FILE": str(self.offset),
                           "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"})

    def deposit(self, server):
        self.assertEqual(200, post(server, DEPOSIT, '{"amount":1}').status)

    def hours_ahead(self, operation="deposit"):
        """How far each deposit's record time is ahead of this test's, in whole hours."""
        lines = run("export", self.data, "--format", "ndjson").stdout.splitlines()
        return [round((moment(one["time"]) - NOW).total_seconds() / 3600)
                for one in map(json.loads, lines) if one["operation"] == operation]

    def hold(self, server, expires_in):
        """Its path."""
        placed = post(server, HOLDS, f'{{"amount":1,"expires_in":"{expires_in}"}}')
        self.assertEqual(201, placed.status)
        return placed.fields["location"]

    @staticmethod
    def status(server, hold):
        return get(server, hold).json()["data"]["status"]

    def assert_expires(self, server, hold):
        wait_until(lambda: self.status(server, hold) == "expired")
        late = post(server, f"{hold}/capture", "{}")
        self.assertEqual((409, "hold_ended"), (late.status, late.error_type()))
        self.assertEqual("1000.0", balance(server))

    def assert_audited(self):
        found = run("audit", self.data)
        self.assertEqual(0, found.returncode, found.stdout + found.stderr)

    def test_a_key_outlives_a_week_of_downtime(self):
        with self.server("--idempotency-ttl", "1h") as server:
            first = keyed(server, "saturday")
            server.stop()
        self.set_clock(7 * 24)
        with self.server("--idempotency-ttl", "1h") as server:
            again = keyed(server, "saturday")
            self.assertEqual("true", again.fields.get("idempotent-replayed"))
            self.assertEqual(first.body, again.body)
            self.assertEqual("1001.0", balance(server))
            server.wait_until_it_says("more than a day after the journal's end")
            server.stop()
        self.assert_audited()

    def test_a_key_outlives_a_jump_of_the_clock(self):
        with self.server("--max-clock-step", "1000h") as server:
            keyed(server, "a")
            for hours in (25, -25, 500, 0):
                self.set_clock(hours)
                self.assertEqual("true", keyed(server, "a").fields.get("idempotent-replayed"))
            self.assertEqual("1001.0", balance(server))

    def test_a_small_step_ahead_is_followed_and_none_back(self):
        with self.server("--max-clock-step", "4h") as server:
            for hours in (0, 2, 5, 1):
                self.set_clock(hours)
                self.deposit(server)
            server.wait_until_it_says("the clock was set back")
            server.stop()
        self.assertEqual([0, 2, 5, 5], self.hours_ahead())
        self.assert_audited()

    def test_a_large_step_is_said_and_followed_only_when_an_operator_says_so(self):
        with self.server() as server:
            self.deposit(server)
            self.set_clock(48)
            self.deposit(server)
            self.assertAlmostEqual(48 * 3600, figure(server, "coffer_clock_offset_seconds"),
                                   delta=300)
            server.wait_until_it_says("--accept-clock")
            server.stop()
        with self.server() as server:  # a start alone does not follow it either
            self.deposit(server)
            server.wait_until_it_says("--accept-clock")
            server.kill()
        with self.server("--accept-clock") as server:
            self.deposit(server)
            self.assertAlmostEqual(0, figure(server, "coffer_clock_offset_seconds"), delta=1)
            server.stop()
        self.assertEqual([0, 0, 0, 48], self.hours_ahead())
        self.assert_audited()

    def test_a_large_step_that_was_set_right_leaves_no_trace(self):
        with self.server() as server:
            self.deposit(server)
            self.set_clock(24 * 3650)
            self.deposit(server)
            self.set_clock(0)
            self.deposit(server)
            server.stop()
        with self.server() as server:
            self.deposit(server)
            server.stop()
        self.assertEqual([0, 0, 0, 0], self.hours_ahead())

    def test_a_clock_behind_the_journal_is_followed_once_it_is_set(self):
        self.set_clock(48)
        with self.server() as server:
            self.deposit(server)
            server.stop()
        self.set_clock(-24)
        with self.server() as server:
            server.wait_until_it_says("and the journal ends at")
            self.deposit(server)
            self.set_clock(100)
            self.deposit(server)
            server.stop()
        self.assertEqual([48, 48, 100], self.hours_ahead())
        self.assert_audited()

    def test_a_clock_that_was_never_set_is_not_believed(self):
        self.set_clock(-24 * 365 * 50)
        with self.server() as server:
            server.wait_until_it_says("and the journal ends at")
            keyed(server, "a")
            self.set_clock(0)
            self.assertEqual("true", keyed(server, "a").fields.get("idempotent-replayed"))
            self.deposit(server)
            server.stop()
        self.assertEqual(0, self.hours_ahead()[-1])

    def test_a_journal_is_not_trimmed_by_a_jump_of_the_clock(self):
        flags = ("--retain", "1h", "--segment-size", "4MiB", "--snapshot-every", "100ms",
                 "--threads", "1", "--max-clock-step", "100h")
        with self.server(*flags) as server:
            self.deposit(server)
            self.set_clock(48)
            self.deposit(server)
            server.stop()
        self.set_clock(96)
        with self.server(*flags) as server:
            self.deposit(server)
            server.stop()
        self.assertEqual(3, len(self.hours_ahead()))

    def test_a_hold_does_not_expire_by_a_jump_that_is_not_followed(self):
        with self.server() as server:
            hold = self.hold(server, "1h")
            self.set_clock(48)
            self.deposit(server)
            self.assertEqual("held", self.status(server, hold))
            server.kill()
        with self.server() as server:
            self.assertEqual("held", self.status(server, hold))
            captured = post(server, f"{hold}/capture", "{}")
            self.assertEqual((200, "captured"),
                             (captured.status, captured.json()["data"]["status"]))
            server.stop()
        self.assert_audited()

    def test_a_hold_expires_by_a_step_that_is_followed(self):
        with self.server("--max-clock-step", "1000h") as server:
            hold = self.hold(server, "24h")
            self.set_clock(23)
            self.assertEqual("held", self.status(server, hold))
            self.set_clock(25)
            self.assert_expires(server, hold)
            server.stop()
        self.assertEqual([25], self.hours_ahead("expiry"))
        self.assert_audited()

    def test_a_hold_expires_in_time_though_the_clock_is_set_back(self):
        with self.server() as server:
            hold = self.hold(server, "1s")
            self.set_clock(-24)
            self.assert_expires(server, hold)
            server.stop()
        self.assertEqual([0], self.hours_ahead("expiry"))
        self.assert_audited()

    def test_a_hold_expires_after_downtime(self):
        with self.server() as server:
            hold = self.hold(server, "24h")
            server.stop()
        self.set_clock(48)
        with self.server() as server:
            self.assert_expires(server, hold)
            server.kill()
        with self.server() as server:
            self.assertEqual("expired", self.status(server, hold))
            server.stop()
        self.assertEqual([48], self.hours_ahead("expiry"))
        self.assert_audited()

    def test_running_time_does_not_count_downtime(self):
        with self.server() as server:
            time.sleep(0.2)
            before = figure(server, "coffer_running_seconds_total")
            server.stop()
        self.set_clock(24)
        with self.server() as server:
            after = figure(server, "coffer_running_seconds_total")
        self.assertGreaterEqual(before, 0.2)
        self.assertGreaterEqual(after, before)
        self.assertLess(after, 3600)


if __name__ == "__main__":
    unittest.main()
