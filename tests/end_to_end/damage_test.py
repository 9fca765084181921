"""Files damaged while no server ran: refused by name and place, or made good by others."""

import hashlib
import pathlib
import re
import tempfile
import unittest

from server import Server, balance, run
from http_test import post_bytes, split

POSTINGS = 40
FLAGS = ("--segment-size", "8MiB")
BATCHES_AT = 4096  # in a segment, see src/journal/FORMAT.md


def contents(folder):
    """Each file below it and a hash of what is in it."""
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*") if path.is_file()}


def flip(file, place):
    """One bit of the byte there."""
    with file.open("r+b") as opened:
        opened.seek(place)
        byte, = opened.read(1)
        opened.seek(place)
        opened.write(bytes([byte ^ 4]))


class Damage(unittest.TestCase):
    def setUp(self):
        self.data = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "data"
        for _ in range(2):  # a snapshot each
            with Server(*FLAGS, data=self.data) as server:
                with server.connect() as connection:
                    for _ in range(POSTINGS // 2):  # a batch each
                        connection.sendall(post_bytes(b'{"amount":1}', 10001))
                        (status, _, _), = split(connection.recv(65536))
                        self.assertEqual(200, status)
                self.assertEqual(0, server.stop())
        self.segment, = (self.data / "journal").glob("*.journal")

    def snapshots(self):
        """Two, not the link to the newest."""
        found = [path for path in (self.data / "snapshots").glob("*.json")
                 if not path.is_symlink()]
        self.assertEqual(2, len(found))
        return found

    def assert_refused(self, *said):
        """In one line that says all of this, with nothing changed."""
        before = contents(self.data)
        refused = run("serve", "--listen", "127.0.0.1:0", "--data", self.data)
        self.assertEqual(1, refused.returncode, refused.stderr)
        line, = (line for line in refused.stderr.splitlines() if line.startswith("coffer: "))
        for each in said:
            self.assertRegex(line, each)
        self.assertEqual(before, contents(self.data))

    def assert_right(self, server):
        self.assertEqual(f"{1000 + POSTINGS}.0", balance(server))

    def test_a_journal_with_a_flipped_bit_is_refused_with_file_and_offset(self):
        used = self.segment.read_bytes().rstrip(b"\0")
        for place in (8, BATCHES_AT + 60, (BATCHES_AT + len(used)) // 2, len(used) - 20):
            with self.subTest(place):
                flip(self.segment, place)
                self.assert_refused(re.escape(str(self.segment)), r"\d")
                flip(self.segment, place)
        with Server(*FLAGS, data=self.data) as server:
            self.assert_right(server)

    def test_a_journal_that_ends_early_is_refused(self):
        whole = self.segment.read_bytes()
        self.segment.write_bytes(whole[:len(whole) // 2])
        self.assert_refused(re.escape(str(self.segment)))

    def test_a_journal_that_is_not_there_is_refused_though_there_are_snapshots(self):
        (self.data / "journal").rename(self.data.parent / "elsewhere")
        self.assert_refused("journal")

    def test_a_damaged_snapshot_is_named_and_the_one_before_it_used(self):
        newest = max(self.snapshots(), key=lambda path: int(path.stem))
        flip(newest, newest.stat().st_size // 2)
        with Server(*FLAGS, data=self.data) as server:
            self.assert_right(server)
            server.wait_until_it_says(str(newest))

    def test_damaged_snapshots_alone_are_made_good_by_the_journal(self):
        for snapshot in self.snapshots():
            flip(snapshot, snapshot.stat().st_size // 2)
        with Server(*FLAGS, data=self.data) as server:
            self.assert_right(server)


if __name__ == "__main__":
    unittest.main()
