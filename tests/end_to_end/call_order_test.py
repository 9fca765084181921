"""A snapshot is on the disk, under its name, before what it takes the place of is removed."""

import itertools
import pathlib
import sys
import tempfile
import unittest

from server import Server, wait_until
from http_test import post_bytes, split

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults.call_order import Publications  # noqa: E402
from faults.shim import Faults, library  # noqa: E402

# All that a snapshot covers may go at once.
FLAGS = ("--threads", "1", "--segment-size", "4MiB", "--snapshot-every", "50ms",
         "--snapshot-keep", "1", "--retain", "0s", "--idempotency-ttl", "1us")
AT_ONCE = 400  # requests on their way
DATA = pathlib.Path("data")
KEY = b"Idempotency-Key: %d-" + b"k" * 200 + b"\r\n"
TRIMS = 2


def on(*calls):
    """Calls of a publication as they are recorded, with paths below DATA."""
    return [(name, str(DATA / path)) for name, path in calls]


PUBLISHED = on(("create", "snapshots/.2.json.tmp"), ("write", "snapshots/.2.json.tmp"),
               ("fsync", "snapshots/.2.json.tmp"), ("rename", "snapshots/2.json"),
               ("fsync", "snapshots"), ("unlink", "snapshots/1.json"),
               ("unlink", f"journal/{1:020}.journal"), ("fsync", "journal"),
               ("unlink", f"journal/{9:020}.journal"), ("fsync", "journal"))


class Order(unittest.TestCase):
    """Of calls that are made up."""

    def test_the_right_order_is_no_complaint(self):
        found = Publications(DATA).follow(PUBLISHED)
        self.assertEqual([], found.complaints)
        self.assertEqual((1, 2), (found.published, found.trimmed))

    def test_each_sync_that_is_missing_is_a_complaint(self):
        needed = [place for place, (name, _) in enumerate(PUBLISHED) if name == "fsync"][:-1]
        self.assertEqual(3, len(needed))
        for place in needed:
            with self.subTest(PUBLISHED[place]):
                rest = PUBLISHED[:place] + PUBLISHED[place + 1:]
                self.assertNotEqual([], Publications(DATA).follow(rest).complaints)

    def test_what_is_written_after_the_sync_is_a_complaint(self):
        late = PUBLISHED[:3] + on(("write", "snapshots/.2.json.tmp")) + PUBLISHED[3:]
        self.assertEqual(1, len(Publications(DATA).follow(late).complaints))


@unittest.skipUnless(library().exists(), f"there is no {library()}")
class Recorded(unittest.TestCase):
    """Of the calls of a server that takes snapshots and trims its journal under load."""

    numbers = itertools.count()

    def test_a_snapshot_is_synced_before_and_after_it_is_put_in_place_and_only_then_a_segment_goes(
            self):
        data = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())).resolve() / "data"
        with Faults(data) as faults:
            faults.record()
            with Server(*FLAGS, data=data, env=faults.environment) as server:
                first = min((data / "journal").glob("*.journal"))
                for _ in range(TRIMS):
                    self.post_until_there_is_another_segment(server, data)
                wait_until(lambda: len(list((data / "journal").glob("*.journal"))) == 1)
                self.assertFalse(first.exists())
                self.assertEqual(0, server.stop(), server.stderr())
            calls = faults.recorded()
        found = Publications(data).follow(calls)
        self.assertEqual([], found.complaints)
        self.assertGreaterEqual(found.trimmed, TRIMS)
        self.assertGreater(found.published, 0)
        self.assert_each_kind_of_sync_was_needed(data, calls)

    def assert_each_kind_of_sync_was_needed(self, data, calls):
        """Without it in the record there would have been complaints: so this test looks at it."""
        folders = [str(data / "snapshots"), str(data / "journal")]
        kinds = [lambda path, folder=folder: path == folder for folder in folders]
        kinds.append(lambda path: path.endswith(".json.tmp"))
        for is_one in kinds:
            rest = [(name, path) for name, path in calls if name != "fsync" or not is_one(path)]
            self.assertLess(len(rest), len(calls))
            self.assertNotEqual([], Publications(data).follow(rest).complaints)

    def post_until_there_is_another_segment(self, server, data):
        before = max((data / "journal").glob("*.journal"))
        with server.connect() as connection:
            while max((data / "journal").glob("*.journal")) == before:
                connection.sendall(b"".join(
                    post_bytes(b'{"amount":1}', 10001, KEY % next(self.numbers))
                    for _ in range(AT_ONCE)))
                received = b""
                while received.count(b'"code":200}') < AT_ONCE:
                    more = connection.recv(1 << 20)
                    self.assertTrue(more, "the server closed the connection")
                    received += more
                self.assertEqual({200}, {status for status, _, _ in split(received)})


if __name__ == "__main__":
    unittest.main()
