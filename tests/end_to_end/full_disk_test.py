"""A disk that is full: writes are refused, reads go on, and writes resume once there is room."""

import contextlib
import errno
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from server import Server, balance, get, post, run, wait_until
from http_test import post_bytes

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults.shim import FOR_EVER, Faults, library  # noqa: E402

DEPOSIT = '{"amount":0.01}'
AT_ONCE = 2000
MOST_TURNS = 1000
FLAGS = ("--segment-size", "8MiB", "--snapshot-every", "100ms")
DISK_MIB = 48


@contextlib.contextmanager
def small_disk(folder):
    """A file system of its own there, while this is open. Skips the test where it cannot be had."""
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", folder], capture_output=True,
        check=False).returncode == 0
    if not mounted:
        raise unittest.SkipTest("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(file):
    """Takes all the room that is left on its disk."""
    with file.open("wb", buffering=0) as filler:
        size = 1 << 20
        while size:
            try:
                filler.write(bytes(size))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                size //= 2


class FullDisk(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.paid = 0

    def deposit_until_refused(self, server):
        """At full speed, and counts what succeeds."""
        request = post_bytes(DEPOSIT.encode(), 10001) * AT_ONCE
        with server.connect() as connection:
            for _ in range(MOST_TURNS):
                connection.sendall(request)
                received = b""
                while received.count(b'"code":') < AT_ONCE:
                    more = connection.recv(1 << 20)
                    self.assertTrue(more, "the server closed the connection")
                    received += more
                paid, refused = (received.count(b"HTTP/1.1 %d " % status) for status in (200, 503))
                self.assertEqual(AT_ONCE, paid + refused)
                self.paid += paid
                if refused:
                    return
        self.fail("it never was full")

    def deposit_many(self, server):
        with server.connect() as connection:
            connection.sendall(post_bytes(DEPOSIT.encode(), 10001) * AT_ONCE)
            received = b""
            while received.count(b'"code":') < AT_ONCE:
                received += connection.recv(1 << 20)
            self.assertEqual(AT_ONCE, received.count(b"HTTP/1.1 200 "))
            self.paid += AT_ONCE

    def deposit(self, server):
        reply = post(server, "/accounts/10001/deposit", DEPOSIT)
        self.paid += reply.status == 200
        return reply

    def expected_balance(self):
        return f"{1000 + self.paid / 100:.2f}".removesuffix("0")

    def assert_refuses_writes_and_reads_on(self, server):
        refused = self.deposit(server)
        self.assertEqual((503, "unavailable"), (refused.status, refused.error_type()))
        self.assertIn("retry-after", refused.fields)
        self.assertEqual(self.expected_balance(), balance(server))

    def place_hold(self, server):
        """One that expires meanwhile, or once there is room for that."""
        placed = post(server, "/accounts/10002/holds", '{"amount":7,"expires_in":"100ms"}')
        self.assertEqual(201, placed.status)
        self.hold = placed.fields["location"]

    def assert_refuses_every_posting(self, server):
        for path, body in (("/accounts", "{}"), ("/accounts/10003/close", "{}"),
                           ("/accounts/10002/transfer", '{"to":"10003","amount":1}'),
                           ("/accounts/10002/holds", '{"amount":1}')):
            refused = post(server, path, body)
            self.assertEqual((503, "unavailable"), (refused.status, refused.error_type()), path)
        shown = get(server, self.hold).json()["data"]
        self.assertEqual(shown["balance"], shown["held"] + shown["available"])
        self.assertEqual(shown["remaining"], shown["held"])

    def assert_hold_expires(self, server):
        wait_until(lambda: get(server, self.hold).json()["data"]["status"] == "expired")
        self.assertEqual("2000.0", balance(server, 10002))
        self.assertEqual(200, post(server, "/accounts/10002/transfer",
                                   '{"to":"10003","amount":1}').status)

    def assert_resumes(self, server):
        wait_until(lambda: self.deposit(server).status == 200)
        self.assertEqual(self.expected_balance(), balance(server))

    def assert_right_afterwards(self, data):
        audited = run("audit", data)
        self.assertEqual(0, audited.returncode, audited.stdout + audited.stderr)
        with Server(data=data) as server:
            self.assertEqual(self.expected_balance(), balance(server))

    def test_on_a_small_file_system(self):
        with small_disk(self.folder / "disk") as disk:
            data, filler = disk / "data", disk / "filler"
            with Server(*FLAGS, data=data) as server:
                self.deposit(server)
                self.place_hold(server)
                fill(filler)
                self.deposit_until_refused(server)
                self.assert_refuses_writes_and_reads_on(server)
                self.assert_refuses_every_posting(server)
                server.wait_until_it_says("no room")
                filler.unlink()
                self.assert_resumes(server)
                self.assert_hold_expires(server)
                self.assertEqual(0, server.stop(), server.stderr())
            print(f"\n    {self.paid} deposits before and after", end=" ")
            self.assert_right_afterwards(data)

    def test_on_a_disk_smaller_than_a_journal_file(self):
        with small_disk(self.folder / "disk") as disk:
            data, filler = disk / "data", disk / "filler"
            flags = ("--segment-size", "64MiB", "--snapshot-every", "0")
            with Server(*flags, data=data) as server:
                # The first journal file is small, the next would be larger than the disk.
                for _ in range(60):
                    self.deposit_many(server)
                server.wait_until_it_says("little room")
                fill(filler)
                self.deposit_until_refused(server)
                self.assertEqual(503, get(server, "/readyz").status)
                self.assert_refuses_writes_and_reads_on(server)
                with filler.open("r+b") as file:  # room for the smallest
                    file.truncate(filler.stat().st_size - (1 << 20) - (1 << 16))
                self.assert_resumes(server)
                filler.unlink()
                self.assertEqual(0, server.stop(), server.stderr())
            self.assert_right_afterwards(data)

    def test_a_server_that_is_killed_and_started_again_on_a_full_disk_reads_on(self):
        with small_disk(self.folder / "disk") as disk:
            data, filler = disk / "data", disk / "filler"
            with Server(*FLAGS, data=data) as server:
                fill(filler)
                self.deposit_until_refused(server)
                server.kill()
            with Server(*FLAGS, data=data) as server:
                self.assert_refuses_writes_and_reads_on(server)
                filler.unlink()
                self.assert_resumes(server)
                self.assertEqual(0, server.stop(), server.stderr())
            self.assert_right_afterwards(data)

    @unittest.skipUnless(library().exists(), f"there is no {library()}")
    def test_where_no_room_is_to_be_had_for_a_segment(self):
        data = self.folder / "data"
        with Faults(data / "journal") as faults, Server(
                *FLAGS, data=data, env=faults.environment) as server:
            wait_until(lambda: (data / "journal" / "spare.tmp").exists())
            faults.fail("fallocate", errno.ENOSPC, times=FOR_EVER)
            self.place_hold(server)
            self.deposit_until_refused(server)
            self.assert_refuses_writes_and_reads_on(server)
            self.assert_refuses_every_posting(server)
            faults.heal()
            self.assert_resumes(server)
            self.assert_hold_expires(server)
            self.assertEqual(0, server.stop(), server.stderr())
        self.assert_right_afterwards(data)


if __name__ == "__main__":
    unittest.main()
