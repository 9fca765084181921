"""Calls of the system that fail, one after another: nothing acknowledged is lost by that."""

import errno
import pathlib
import random
import sys
import tempfile
import unittest

from server import DidNotStart, Server, balance, get, post, run, wait_until
from http_test import post_bytes, split

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults.customers import Customers  # noqa: E402
from faults.shim import CALLS, FOR_EVER, Faults, library  # noqa: E402

CONNECTIONS = 4
REQUESTS = 60
MOST_POINTS = 8  # of a call, spread evenly over all that a run makes
FLAGS = ("--threads", "2", "--segment-size", "8MiB", "--snapshot-every", "20ms")
# What a life writes with; ftruncate only where there is no fallocate, fcntl only where there is no
# flock. What it reads with is for read_fault_test.py; fchown is of exports alone.
OF_A_LIFE = tuple(call for call in CALLS if call != "fchown")
SWEPT = tuple(call for call in OF_A_LIFE
              if call not in ("ftruncate", "fcntl", "open", "pread", "read"))
NO_ROOM = ("create", "pwrite", "write", "fallocate", "mkdir", "symlink")


def points(made):
    """Numbers of calls before the one that fails: the first, the last, and some between."""
    if made <= MOST_POINTS:
        return list(range(made))
    return sorted({round(place * (made - 1) / (MOST_POINTS - 1)) for place in range(MOST_POINTS)})


@unittest.skipUnless(library().exists(), f"there is no {library()}")
class Fault(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.data = self.folder / "data"

    def assert_ended_in_good_order(self, status, said):
        """A failure is exit status 1 and a line that names it. A snapshot that another thread
        finishes meanwhile may be logged below. Standard error has log lines and that line only: no
        output of a library, no trace."""
        lines = said.splitlines()
        for line in lines:
            self.assertRegex(line, r"^(coffer:|\d{4}-\S+Z (info|warning|error)) ")
        if status != 0:
            self.assertEqual(1, status, said)
            self.assertRegex(said, r"(?m)^(coffer:|\S+ error) ")

    def life(self, customers, accounts, faults):
        """From a first start to an orderly end, or to what the fault makes of it."""
        try:
            with Server(*FLAGS, "--accounts", accounts, data=self.data,
                        env=faults.environment) as server:
                customers.post(server, REQUESTS)
                self.assert_ended_in_good_order(server.stop(), server.stderr())
        except DidNotStart as failure:
            self.assertNotEqual(0, failure.status)
            self.assert_ended_in_good_order(failure.status, failure.said)

    def go_on(self, customers, accounts):
        """Another life on the same directory, without faults: it has all that was acknowledged."""
        first = () if (self.data / "journal").exists() else ("--accounts", accounts)
        with Server(*FLAGS, *first, data=self.data) as server:
            customers.check_nothing_was_taken_back(server)
            customers.settle(server, REQUESTS)
            self.assertEqual(0, server.stop(), server.stderr())
        self.assertTrue(customers.history.is_clean(), customers.history.complaints)
        audited = run("audit", self.data)
        self.assertEqual(0, audited.returncode, audited.stdout + audited.stderr)

    def whole_run(self, prefix, call=None, after=0, has_fallocate=True):
        """Both lives, and how many calls of each kind the first one made."""
        customers = Customers(prefix, random.Random(1), CONNECTIONS)
        accounts = self.folder / "accounts.json"
        customers.write_accounts(accounts)
        with tempfile.TemporaryDirectory(dir=self.folder) as place:
            self.data = pathlib.Path(place) / "data"
            with Faults(self.data) as faults:
                if not has_fallocate:
                    faults.fail("fallocate", errno.EOPNOTSUPP, times=FOR_EVER)
                if call is not None:
                    faults.fail(call, errno.ENOSPC if call in NO_ROOM else errno.EIO, after)
                self.life(customers, accounts, faults)
                made = {each: faults.made(each) for each in CALLS}
                self.hits += call is not None and faults.hit(call)
            self.go_on(customers, accounts)
        return made

    def test_no_call_that_fails_once_loses_what_was_acknowledged(self):
        self.hits = tried = 0
        for has_fallocate, swept in ((True, SWEPT), (False, ("ftruncate",))):
            made = self.whole_run("clean", has_fallocate=has_fallocate)
            for call in swept:
                self.assertGreater(made[call], 0, f"the shim does not see {call}")
                for after in points(made[call]):
                    with self.subTest(call=call, after=after):
                        tried += 1
                        self.whole_run(f"{call}-{after}", call, after, has_fallocate)
        print(f"\n    {tried} runs, {self.hits} in which a call failed", end=" ")
        self.assertGreater(self.hits, tried / 2)

    def test_no_call_that_is_interrupted_has_failed(self):
        """The first calls of each kind are interrupted at the start, and again later on."""
        customers = Customers("interrupted", random.Random(1), CONNECTIONS)
        accounts = self.folder / "accounts.json"
        customers.write_accounts(accounts)
        for call in OF_A_LIFE:
            with self.subTest(call=call), Faults(self.data) as faults:
                if call == "ftruncate":
                    faults.fail("fallocate", errno.ENOSYS, times=FOR_EVER)
                if call == "fcntl":
                    faults.fail("flock", errno.ENOSYS, times=FOR_EVER)
                faults.fail(call, errno.EINTR, times=2)
                first = () if (self.data / "journal").exists() else ("--accounts", accounts)
                with Server(*FLAGS, *first, data=self.data, env=faults.environment) as server:
                    for _ in range(3):
                        customers.post(server, REQUESTS // 4)
                        faults.fail(call, errno.EINTR, times=2)
                    self.assertEqual(0, server.stop(), server.stderr())
                    self.assertNotRegex(server.stderr(), "failed:|error|Interrupted")
                # A directory is made once in the life of a ledger.
                if call != "mkdir" or first:
                    self.assertGreater(faults.made(call), 2)
        self.go_on(customers, accounts)

    def test_a_failed_sync_ends_the_server_and_acknowledges_nothing(self):
        with Faults(self.data / "journal") as faults:
            with Server("--snapshot-every", "1h", data=self.data,
                        env=faults.environment) as server, server.connect() as connection:
                connection.sendall(post_bytes(b'{"amount":1}', 10001))
                self.assertEqual([200], [status for status, _, _ in split(connection.recv(65536))])
                # For ever: a segment that is made ahead meanwhile must not have it all.
                faults.fail("fdatasync", errno.EIO, times=FOR_EVER)
                connection.sendall(post_bytes(b'{"amount":1}', 10001))
                self.assertEqual(b"", self.rest_of(connection))
                self.assertEqual(1, server.process.wait(20))
                self.assert_ended_in_good_order(1, server.stderr())
                server.wait_until_it_says("Input/output error")
        with Server(data=self.data) as server:
            self.assertIn(balance(server), ("1001.0", "1002.0"))

    @staticmethod
    def rest_of(connection):
        """All that comes until the other side is gone."""
        received = b""
        try:
            while more := connection.recv(65536):
                received += more
        except ConnectionResetError:
            pass
        return received

    def test_a_snapshot_that_cannot_be_written_is_said_and_the_next_one_is_taken(self):
        with Faults(self.data / "snapshots") as faults, Server(
                "--snapshot-every", "20ms", data=self.data, env=faults.environment) as server:
            faults.fail("write", errno.ENOSPC)
            self.assertEqual(200, post(server, "/accounts/10001/deposit", '{"amount":1}').status)
            wait_until(lambda: "No space left on device" in server.stderr())
            wait_until(lambda: server.snapshots()
                       and "1001.0" in server.snapshots()[-1].read_text())
            self.assertEqual(200, get(server, "/accounts/10001/balance").status)
            self.assertEqual(0, server.stop(), server.stderr())


if __name__ == "__main__":
    unittest.main()
