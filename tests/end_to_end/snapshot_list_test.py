"""The snapshots of a server that runs: their list, and the difference of two of them."""

import time
import unittest

from asking import Client
from server import Server, TIMEOUT_S


def wait_for(find):
    """What `find` finds, once it finds something."""
    end = time.monotonic() + TIMEOUT_S
    while not (found := find()):
        if time.monotonic() > end:
            raise TimeoutError("it has not come")
        time.sleep(0.02)
    return found


class SnapshotList(unittest.TestCase):
    def newest(self, client, record):
        """The list, once its newest snapshot has this record."""
        def find():
            found = client.get("/admin/snapshots").data()["snapshots"]
            return found if found and found[0]["record"] >= record else None
        return wait_for(find)

    def test_it_has_each_snapshot_with_its_totals_and_two_can_be_compared(self):
        with Server("--snapshot-every", "100ms", "--snapshot-keep", "100") as server, \
                Client(server) as client:
            first = self.newest(client, 10)[0]
            self.assertEqual((10, 55000.0), (first["accounts"], first["total"]))
            client.post("/accounts/10001/deposit", '{"amount":500}')
            client.post("/accounts/10001/withdraw", '{"amount":100}')
            client.post("/accounts/10002/transfer", '{"to":"10003","amount":7.5}')
            client.post("/accounts", '{"account_number":"5","opening_balance":20}')
            client.place("10004", 40)
            found = self.newest(client, 15)
            last = found[0]
            self.assertEqual((11, 55420.0, 1, 40.0),
                             tuple(last[name] for name in ("accounts", "total", "holds", "held")))
            files = server.snapshots()
            self.assertEqual({path.name for path in files}, {one["snapshot"] for one in found})
            self.assertEqual(files[-1].stat().st_size, last["bytes"])
            difference = f"/admin/snapshots/{last['snapshot']}/difference?since="
            changed = client.get(difference + first["snapshot"]).data()
            self.assertEqual((first, last), (changed["since"], changed["snapshot"]))
            self.assertEqual((420.0, 5, 1, 6), tuple(changed[name] for name in (
                "total_change", "accounts_changed", "accounts_opened", "postings")))
            self.assertEqual(
                [("10001", 1000.0, 1400.0, 400.0, 2), ("5", None, 20.0, 20.0, 1),
                 ("10002", 2000.0, 1992.5, -7.5, 1), ("10003", 3000.0, 3007.5, 7.5, 1),
                 ("10004", 4000.0, 4000.0, 0.0, 1)],
                [tuple(one.values()) for one in changed["changes"]])
            one = client.get(f"{difference}{first['snapshot']}&limit=1").data()
            self.assertEqual(changed["changes"][:1], one["changes"])

    def test_what_is_no_older_snapshot_is_refused(self):
        with Server("--snapshot-every", "100ms") as server, Client(server) as client:
            name = self.newest(client, 1)[0]["snapshot"]
            for path, status, kind in (
                    (f"{name}/difference", 400, "invalid_parameter"),
                    (f"{name}/difference?since={name}", 400, "invalid_parameter"),
                    (f"{name}/difference?since={name}&limit=0", 400, "invalid_parameter"),
                    (f"{name}/difference?since=0.json", 404, "no_such_snapshot"),
                    ("..%2Flock/difference?since=" + name, 404, "no_such_snapshot"),
                    (f"{name}/difference?since=latest.json", 404, "no_such_snapshot")):
                with self.subTest(path):
                    answer = client.get(f"/admin/snapshots/{path}")
                    self.assertEqual((status, kind), (answer.status, answer.error()["type"]))

    def test_a_ledger_in_memory_has_none(self):
        with Server("--in-memory") as server, Client(server) as client:
            for path in ("", "/2.json/difference?since=1.json"):
                self.assertEqual(501, client.get(f"/admin/snapshots{path}").status)


if __name__ == "__main__":
    unittest.main()
