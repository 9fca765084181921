"""A journal that is taken away from under a running server: nothing more is acknowledged."""

import os
import pathlib
import shutil
import tempfile
import time
import unittest

from server import TIMEOUT_S, DidNotStart, Server, balance, run
from http_test import post_bytes, split


class Place(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.data = self.folder / "data"

    def acknowledged(self, server, seconds=5):
        """How many deposits of 1 are acknowledged until the server is gone, or for so long."""
        count, end = 0, time.monotonic() + seconds
        try:
            with server.connect() as connection:
                while time.monotonic() < end:
                    connection.sendall(post_bytes(b'{"amount":1}', 10001))
                    replies = split(connection.recv(65536))
                    if not replies:
                        break
                    count += replies[0][0] == 200
        except OSError:
            pass
        return count

    def assert_ended(self, server, says):
        """With status 1, and a line that names what happened. Other threads may log something
        after it, such as that the journal cannot be indexed. The process is gone once the audit's
        thread has had the processor for a moment, which it gets when the machine is idle."""
        self.assertEqual(1, server.process.wait(TIMEOUT_S), server.stderr())
        ends = [line for line in server.stderr().splitlines()
                if "nothing more is acknowledged" in line]
        self.assertEqual(1, len(ends), server.stderr())
        self.assertIn(says, ends[0])

    def taken_away(self, take, says="is not there any more"):
        """Deposits before, at full speed; `take` with the server at work; deposits after that."""
        with Server(data=self.data) as server:
            self.assertGreater(self.acknowledged(server, 0.2), 0)
            take()
            self.assertEqual(0, self.acknowledged(server))
            self.assert_ended(server, says)

    def segment(self):
        return max((self.data / "journal").glob("*.journal"))

    def test_its_folder_removed(self):
        self.taken_away(lambda: shutil.rmtree(self.data / "journal"))

    def test_its_folder_renamed_keeps_all_that_was_acknowledged(self):
        with Server(data=self.data) as server:
            before = self.acknowledged(server, 0.2)
            (self.data / "journal").rename(self.data / "old")
            self.assertEqual(0, self.acknowledged(server))
            self.assert_ended(server, "is not there any more")
        (self.data / "old").rename(self.data / "journal")
        with Server(data=self.data) as server:
            # One that was under way when it was found may be there.
            self.assertIn(balance(server), (f"{1000 + before}.0", f"{1001 + before}.0"))

    def test_its_folder_replaced_by_a_copy(self):
        def replace():
            shutil.copytree(self.data / "journal", self.data / "copy")
            (self.data / "journal").rename(self.data / "old")
            (self.data / "copy").rename(self.data / "journal")
        self.taken_away(replace, "is another file now")

    def test_its_file_removed(self):
        self.taken_away(lambda: self.segment().unlink())

    def test_its_file_replaced_by_a_copy(self):
        def replace():
            copy = self.data / "copy"
            shutil.copy(self.segment(), copy)
            os.replace(copy, self.segment())
        self.taken_away(replace, "is another file now")

    def test_its_file_cut_off(self):
        self.taken_away(lambda: os.truncate(self.segment(), 4096), "was cut off")

    def test_the_data_directory_renamed_and_another_in_its_place(self):
        def replace():
            self.data.rename(self.folder / "old")
            self.data.mkdir()
        self.taken_away(replace)
        self.assertEqual([], os.listdir(self.data))

    def test_the_data_directory_removed(self):
        self.taken_away(lambda: shutil.rmtree(self.data))

    def test_an_idle_server_finds_it_by_itself(self):
        for name, take in (("removed", lambda: self.segment().unlink()),
                           ("renamed", lambda: (self.data / "journal").rename(self.data / "old"))):
            with self.subTest(name), Server("--snapshot-every", "0", data=self.data) as server:
                self.acknowledged(server, 0.1)
                take()
                self.assert_ended(server, "is not there any more")
            shutil.rmtree(self.data)

    def test_an_idle_server_finds_that_an_old_file_of_the_journal_is_gone(self):
        with Server("--segment-size", "4MiB", "--threads", "1", data=self.data) as server:
            self.fill_a_segment(server)
            min((self.data / "journal").glob("*.journal")).unlink()
            self.assert_ended(server, "was removed or renamed")

    def fill_a_segment(self, server):
        key = b"Idempotency-Key: %d-" + b"k" * 200 + b"\r\n"
        number = 0
        with server.connect() as connection:
            while len(list((self.data / "journal").glob("*.journal"))) == 1:
                batch = b""
                for _ in range(400):
                    number += 1
                    batch += post_bytes(b'{"amount":1}', 10001, key % number)
                connection.sendall(batch)
                received = b""
                while received.count(b'"code":') < 400:
                    received += connection.recv(1 << 20)

    def test_a_stop_right_after_it_is_no_success(self):
        with Server(data=self.data) as server:
            self.acknowledged(server, 0.1)
            shutil.rmtree(self.data / "journal")
            self.assertEqual(1, server.stop(), server.stderr())

    def test_the_next_start_does_not_begin_anew_beside_snapshots(self):
        with Server("--snapshot-every", "20ms", data=self.data) as server:
            self.acknowledged(server, 0.3)
            shutil.rmtree(self.data / "journal")
            self.assert_ended(server, "is not there any more")
        with self.assertRaises(DidNotStart) as refused:
            Server(data=self.data)
        self.assertIn("has snapshots and no journal", refused.exception.said)
        self.assertEqual(1, run("audit", self.data).returncode)


if __name__ == "__main__":
    unittest.main()
