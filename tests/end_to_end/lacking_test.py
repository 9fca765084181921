"""File systems that lack something: Coffer goes on with what there is and says so, or refuses."""

import errno
import os
import pathlib
import resource
import sys
import tempfile
import unittest

from http_test import post_bytes
from server import DidNotStart, Server, balance, post, run, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults.shim import FOR_EVER, Faults, library  # noqa: E402

UNSUPPORTED = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
EVERY = ("--snapshot-every", "20ms", "--snapshot-keep", "2")


@unittest.skipUnless(library().exists(), f"there is no {library()}")
class Lacking(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.data = self.folder / "data"

    def each_error(self, call, errors=UNSUPPORTED):
        """A file system on which the call always fails, in a folder of its own for each error."""
        for error in errors:
            name = errno.errorcode[error]
            self.data = self.folder / name / "data"
            with self.subTest(call=call, error=name), Faults(self.data.parent) as faults:
                faults.fail(call, error, times=FOR_EVER)
                yield faults

    @staticmethod
    def post_until_there_is_a_snapshot(server):
        taken = server.stderr().count(" accounts, ")
        assert post(server, "/accounts/10001/deposit", '{"amount":1}').status == 200
        wait_until(lambda: server.stderr().count(" accounts, ") > taken)

    def assert_works(self, faults, says):
        """A life of postings and snapshots, and then one on what it left."""
        with Server(*EVERY, data=self.data, env=faults.environment) as server:
            for _ in range(4):
                self.post_until_there_is_a_snapshot(server)
            self.assertEqual(0, server.stop(), server.stderr())
            self.assertEqual(1, server.stderr().count(says), server.stderr())
            self.assertNotIn("failed:", server.stderr())
            self.assertEqual(2, len(server.snapshots()), server.snapshots())
        with Server(data=self.data, env=faults.environment) as server:
            self.assertEqual("1004.0", balance(server))

    def test_without_symbolic_links_there_is_no_latest_json(self):
        for faults in self.each_error("symlink"):
            self.assert_works(faults, "latest.json: cannot be made")
            self.assertFalse((self.data / "snapshots" / "latest.json").is_symlink())

    def test_a_link_that_cannot_be_replaced_does_not_lead_to_an_old_snapshot(self):
        with Server(data=self.data) as server:
            post(server, "/accounts/10001/deposit", '{"amount":1}')
            self.assertEqual(0, server.stop())
        latest = self.data / "snapshots" / "latest.json"
        self.assertEqual("1.json", os.readlink(latest))
        with Faults(self.data) as faults:
            faults.fail("symlink", errno.EPERM, times=FOR_EVER)
            with Server(data=self.data, env=faults.environment) as server:
                post(server, "/accounts/10001/deposit", '{"amount":1}')
                self.assertEqual(0, server.stop(), server.stderr())
        self.assertTrue((self.data / "snapshots" / "2.json").exists())
        self.assertFalse(latest.is_symlink())

    def test_a_backup_without_symbolic_links_is_made(self):
        with Server(data=self.data) as server:
            post(server, "/accounts/10001/deposit", '{"amount":1}')
            self.assertEqual(0, server.stop())
        with Faults(self.folder) as faults:
            faults.fail("symlink", errno.EPERM, times=FOR_EVER)
            done = run("backup", self.data, self.folder / "copy", "--json", env=faults.environment)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertTrue(done.stdout.startswith("{"), done.stdout)

    def test_without_fallocate_zeros_are_written(self):
        for faults in self.each_error("fallocate"):
            self.assert_works(faults, "fallocate does not work here")

    def test_without_sync_of_directories_it_goes_on(self):
        for faults in self.each_error("fsyncdir", (*UNSUPPORTED, errno.EBADF)):
            self.assert_works(faults, "directories cannot be synced here")

    def test_a_sync_of_a_directory_that_really_fails_is_no_lack(self):
        for faults in self.each_error("fsyncdir", (errno.EIO,)):
            with self.assertRaises(DidNotStart) as refused:
                Server(data=self.data, env=faults.environment)
            self.assertIn("Input/output error", refused.exception.said)

    def test_without_flock_a_lock_of_fcntl_keeps_a_second_server_away(self):
        for faults in self.each_error("flock", (*UNSUPPORTED, errno.EBADF, errno.ENOLCK)):
            self.assert_works(faults, "flock does not work here")
            with Server(data=self.data, env=faults.environment):
                with self.assertRaises(DidNotStart) as refused:
                    Server(data=self.data, env=faults.environment)
                self.assertEqual(1, refused.exception.status)
                self.assertIn("another server uses this data directory", refused.exception.said)

    def test_without_any_lock_it_refuses_and_names_what_is_missing(self):
        with Faults(self.folder) as faults:
            faults.fail("flock", errno.ENOSYS, times=FOR_EVER)
            faults.fail("fcntl", errno.EINVAL, times=FOR_EVER)
            with self.assertRaises(DidNotStart) as refused:
                Server(data=self.data, env=faults.environment)
        self.assertEqual(1, refused.exception.status)
        self.assertRegex(refused.exception.said, r"\Acoffer: [^\n]*flock[^\n]*fcntl[^\n]*\n\Z")

    def test_a_file_system_that_keeps_no_room_is_named_at_the_start(self):
        for kind, name in (("0x9123683e", "btrfs"), ("0x2fc12fc1", "ZFS"), ("0xef53", None)):
            with self.subTest(name), Faults(self.folder) as faults, Server(
                    env={**faults.environment, "FAULT_FILE_SYSTEM": kind}) as server:
                server.stop()
                said = "which keeps no room for what is written over" in server.stderr()
                self.assertEqual(name is not None, said, server.stderr())
                self.assertIn(f"is on {name}," if name else "", server.stderr())

    def test_an_old_snapshot_that_cannot_be_removed_does_not_fail_the_new_ones(self):
        with Faults(self.data / "snapshots" / "1.json") as faults:
            faults.fail("unlink", errno.EPERM, times=FOR_EVER)
            with Server(*EVERY, data=self.data, env=faults.environment) as server:
                for _ in range(6):
                    self.post_until_there_is_a_snapshot(server)
                self.assertEqual(0, server.stop(), server.stderr())
                said = server.stderr()
            self.assertEqual(1, said.count("1.json: cannot be removed, and stays"), said)
            self.assertNotIn("failed:", said)
            names = [path.name for path in server.snapshots()]
        self.assertEqual("1.json", names[0])
        self.assertEqual(3, len(names), names)


class FileSizeLimit(unittest.TestCase):
    """A limit of a file's size (ulimit -f) is a full disk, and kills nothing."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.data = self.folder / "data"

    @staticmethod
    def at_most(size):
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    def test_a_start_that_meets_it_is_one_line_and_status_1(self):
        with self.assertRaises(DidNotStart) as refused:
            Server(data=self.data, preexec=self.at_most(1 << 16))
        self.assertEqual(1, refused.exception.status)
        self.assertRegex(refused.exception.said, r"\Acoffer: [^\n]*File too large\n\Z")

    def test_a_snapshot_that_meets_it_is_said_and_the_server_goes_on(self):
        accounts = self.folder / "accounts.json"
        accounts.write_text('{"accounts":[%s]}' % ",".join(
            '{"account_number":"%d","balance":1.0}' % number for number in range(1, 5001)))
        with Server("--snapshot-every", "20ms", "--accounts", accounts, data=self.data) as server:
            wait_until(server.snapshots)
            limit = server.snapshots()[0].stat().st_size - 1  # above what the journal has
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, limit))
            post(server, "/accounts/1/deposit", '{"amount":1}')
            wait_until(lambda: "File too large" in server.stderr())
            self.assertIsNone(server.process.poll())
            self.assertEqual("1.0", balance(server, 2))

    def test_a_journal_that_meets_it_refuses_postings_and_goes_on_when_it_is_raised(self):
        with Server("--snapshot-every", "0", data=self.data) as server:
            post(server, "/accounts/10001/deposit", '{"amount":1}')
            unlimited = resource.RLIM_INFINITY
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4096, unlimited))
            with server.connect() as waiting:
                waiting.sendall(post_bytes(b'{"amount":1}', 10001))
                wait_until(lambda: "File too large; postings are refused" in server.stderr())
                refused = post(server, "/accounts/10001/deposit", '{"amount":1}')
                self.assertEqual(503, refused.status)
                self.assertEqual("2000.0", balance(server, 10002))
                resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))
                wait_until(lambda: "can be written again" in server.stderr())
            self.assertEqual(200, post(server, "/accounts/10001/deposit", '{"amount":1}').status)
            self.assertEqual(0, server.stop(), server.stderr())
        with Server(data=self.data) as server:
            self.assertEqual("1003.0", balance(server))

    def test_a_backup_that_meets_it_is_one_line_and_leaves_nothing(self):
        with Server(data=self.data) as server:
            post(server, "/accounts/10001/deposit", '{"amount":1}')
            self.assertEqual(0, server.stop())
        done = run("backup", self.data, self.folder / "copy", preexec=self.at_most(1 << 16))
        self.assertEqual(1, done.returncode, done)
        self.assertRegex(done.stderr, r"\Acoffer: [^\n]*File too large\n\Z")
        self.assertEqual(["data"], os.listdir(self.folder))


if __name__ == "__main__":
    unittest.main()
