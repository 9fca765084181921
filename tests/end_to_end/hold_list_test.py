"""GET /accounts/{n}/holds, what holds do to listings, and holds over restarts."""

import tempfile
import unittest

from asking import Client
from server import Server

HOLDS = 1005


class HoldList(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server("--in-memory"))
        cls.client = cls.enterClassContext(Client(cls.server))
        # Others lie between them; some of them end.
        cls.placed = []
        for number in range(HOLDS):
            cls.placed.append(cls.client.place(10001, 0.25).rpartition("/")[2])
            cls.client.place(10002, 1)
        for index in (HOLDS - 1, 500, 0):
            path = f"/accounts/10001/holds/{cls.placed.pop(index)}"
            if cls.client.post(path + "/release").status != 200:
                raise RuntimeError("a hold was not released")

    def page(self, query=""):
        answer = self.client.get(f"/accounts/10001/holds{query}")
        self.assertEqual(200, answer.status, answer.body)
        self.assertEqual(["holds", "next"], list(answer.data()))
        return [one["hold"] for one in answer.data()["holds"]], answer.data()["next"]

    def test_the_oldest_50_come_first(self):
        holds, after = self.page()
        self.assertEqual((self.placed[:50], self.placed[49]), (holds, after))

    def test_there_are_1000_on_a_page_at_most(self):
        self.assertEqual((self.placed[:1000], self.placed[999]), self.page("?limit=1000"))
        for query in ("limit=1001", "limit=0", "limit=x", "after=x", "after=1", "after=01-0"):
            answer = self.client.get(f"/accounts/10001/holds?{query}")
            self.assertEqual((400, "invalid_parameter", query.partition("=")[0]),
                             (answer.status, answer.error()["type"], answer.error()["parameter"]))

    def test_pages_in_a_row_have_every_open_hold_once(self):
        for limit in (7, 334, 501, 1000):
            found, after = self.page(f"?limit={limit}")
            while after is not None:
                holds, after = self.page(f"?limit={limit}&after={after}")
                found += holds
            self.assertEqual(self.placed, found)
        self.assertEqual(([], None), self.page(f"?after={self.placed[-1]}"))

    def test_each_is_shown_as_by_its_own_path(self):
        whole = self.client.get("/accounts/10001/holds?limit=1").data()["holds"][0]
        self.assertEqual(self.client.get(f"/accounts/10001/holds/{self.placed[0]}").data(), whole)

    def test_an_account_without_holds_has_an_empty_page(self):
        self.assertEqual(self.client.get("/accounts/10003/holds").body,
                         '{"success":true,"data":{"holds":[],"next":null},"code":200}')

    def test_balances_in_lists_are_booked(self):
        accounts = self.client.get("/accounts?limit=2").data()["accounts"]
        self.assertEqual([{"account_number": "10001", "balance": 1000.0},
                          {"account_number": "10002", "balance": 2000.0}], accounts)


class Restarts(unittest.TestCase):
    def test_holds_are_there_after_a_kill_and_a_snapshot(self):
        with tempfile.TemporaryDirectory() as folder:
            with Server(data=folder) as server, Client(server) as client:
                paths = [client.place(10001, 10 + number) for number in range(5)]
                client.place(10001, 1, expires_in="1h")
                client.post(paths[0] + "/capture", '{"amount":3}')
                client.post(paths[1] + "/capture", '{"to":"10002"}')
                client.post(paths[2] + "/release")
                shown = self.everything(client, paths)
                server.kill()
            for end in ("stop", "kill", "stop"):  # a stop takes a snapshot
                with Server(data=folder) as server, Client(server) as client:
                    self.assertEqual(shown, self.everything(client, paths))
                    getattr(server, end)()
            with Server(data=folder) as server, Client(server) as client:
                self.assertEqual(200, client.post(paths[0] + "/capture", "{}").status)
                self.assertEqual(409, client.post(paths[1] + "/capture", "{}").status)

    def everything(self, client, paths):
        return [client.get(path).body for path in (
            *paths, "/accounts/10001", "/accounts/10001/holds", "/accounts/10002/balance")]

    def test_a_hold_that_ended_is_forgotten_with_the_keys_of_its_age(self):
        with Server("--in-memory") as server, Client(server) as client:
            path = client.place(10001, 10)
            self.assertEqual(200, client.post(path + "/release").status)
            self.assertEqual(200, client.get(path).status)
        with Server("--in-memory", "--idempotency-ttl", "1s") as server, Client(server) as client:
            path = client.place(10001, 10)
            self.assertEqual(200, client.post(path + "/release").status)
            while client.get(path).status != 404:
                pass
            # Its slot is used again, and its id names no other hold.
            others = [client.place(10001, 1) for _ in range(10)]
            self.assertNotIn(path, others)
            self.assertEqual(404, client.get(path).status)


if __name__ == "__main__":
    unittest.main()
