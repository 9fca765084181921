"""GET /accounts: pages, and streams of one consistent cut while postings go on."""

import http.client
import json
import signal
import socket
import tempfile
import threading
import time
import unittest

from server import TIMEOUT_S, Server, get

ACCOUNTS = 20_000
MORE_THAN_IS_BUFFERED = 200_000  # some 14 MB: a stream that is not read does not end
LINES = {"Accept": "application/x-ndjson"}


def wait_until_refused(server):
    """Until the server accepts no more connections, as it stops."""
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_S).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.01)
    raise AssertionError("the server does not stop")


def accounts_file(folder, count):
    path = f"{folder}/accounts.json"
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"format": 1, "accounts": [
            {"account_number": str(number), "balance": 10.0}
            for number in range(1, count + 1)]}, file)
    return path


def open_stream(server):
    """A connection and its reply, whose body is not read yet and does not fit into the buffers."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_S)
    connection.sock = socket.socket()
    connection.sock.settimeout(TIMEOUT_S)
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    connection.sock.connect(("127.0.0.1", server.port))
    connection.request("GET", "/accounts", headers=LINES)
    return connection, connection.getresponse()


class Poster(threading.Thread):
    """Pays 1.0 into one account, takes 1.0 from another, then the other way round."""

    def __init__(self, server, to, source):
        super().__init__()
        self.server, self.to, self.source = server, to, source
        self.rounds = 0
        self.stopping = threading.Event()
        self.failure = None

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=TIMEOUT_S)
        try:
            while not self.stopping.is_set():
                for path in (f"/accounts/{self.to}/deposit", f"/accounts/{self.source}/withdraw"):
                    connection.request("POST", path, '{"amount":1.0}',
                                       {"Content-Type": "application/json"})
                    reply = connection.getresponse()
                    reply.read()
                    if reply.status != 200:
                        raise RuntimeError(f"{path}: {reply.status}")
                self.to, self.source = self.source, self.to
                self.rounds += 1
        except Exception as failure:  # shown by the test
            self.failure = failure
        finally:
            connection.close()


class AccountList(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.accounts = accounts_file(folder, ACCOUNTS)

    def test_pages_in_a_row_have_every_account_once(self):
        with Server("--accounts", self.accounts) as server:
            numbers, after = [], ""
            while after is not None:
                page = get(server, f"/accounts?limit=1000{after and '&after=' + after}")
                self.assertEqual(200, page.status)
                self.assertEqual("application/json", page.fields["content-type"])
                data = page.json()["data"]
                numbers += [int(one["account_number"]) for one in data["accounts"]]
                after = data["next"]
            self.assertEqual(list(range(1, ACCOUNTS + 1)), numbers)

    def test_streams_are_consistent_while_postings_go_on(self):
        with Server("--accounts", self.accounts, "--snapshot-every", "0") as server:
            # Each has its own two accounts. What it takes it has paid in before, so in a consistent
            # cut each has between nothing and 1.0 more than at first.
            posters = [Poster(server, 2 * i + 1, 2 * i + 2) for i in range(4)]
            for one in posters:
                one.start()
            try:
                cuts = [self.read_cut(server) for _ in range(5)]
            finally:
                for one in posters:
                    one.stopping.set()
                for one in posters:
                    one.join()
            self.assertEqual([None] * 4, [one.failure for one in posters])
            self.assertTrue(all(one.rounds > 1 for one in posters))
            self.assertEqual(sorted(set(cuts)), cuts)
            connection, reply = open_stream(server)
            last = json.loads(reply.read().splitlines()[-1])
            connection.close()
            self.assertEqual(ACCOUNTS * 10.0, last["total"])

    def read_cut(self, server):
        connection, reply = open_stream(server)
        self.assertEqual(200, reply.status)
        self.assertEqual("application/x-ndjson", reply.getheader("Content-Type"))
        self.assertEqual("chunked", reply.getheader("Transfer-Encoding"))
        first, *accounts, last = [json.loads(line) for line in reply.read().splitlines()]
        connection.close()
        self.assertEqual(["cut", "time"], list(first))
        self.assertRegex(first["time"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$")
        self.assertEqual({str(number) for number in range(1, ACCOUNTS + 1)},
                         {one["account_number"] for one in accounts})
        self.assertEqual(ACCOUNTS, len(accounts))
        total_minor = sum(round(one["balance"] * 100) for one in accounts)
        self.assertEqual({"complete": True, "accounts": ACCOUNTS, "total": total_minor / 100}, last)
        self.assertIn(total_minor - ACCOUNTS * 1000, range(0, 401, 100))
        return first["cut"]

    def test_a_stream_ends_with_a_line_that_says_so_when_the_server_stops(self):
        with tempfile.TemporaryDirectory() as folder, \
                Server("--accounts", accounts_file(folder, MORE_THAN_IS_BUFFERED)) as server:
            connection, reply = open_stream(server)
            first = reply.readline()
            self.assertIn("cut", json.loads(first))
            server.process.send_signal(signal.SIGTERM)
            wait_until_refused(server)
            lines = reply.read().splitlines()
            connection.close()
            self.assertEqual(0, server.process.wait(TIMEOUT_S))
            last = json.loads(lines[-1])
            self.assertFalse(last["complete"])
            self.assertEqual("unavailable", last["error"]["type"])
            self.assertEqual(len(lines) - 1, last["accounts"])

    def test_one_stream_at_a_time_and_another_when_its_client_has_left(self):
        with tempfile.TemporaryDirectory() as folder, \
                Server("--accounts", accounts_file(folder, 10 * ACCOUNTS),
                       "--snapshot-every", "0") as server:
            slow, reply = open_stream(server)
            reply.readline()
            second, refused = open_stream(server)
            self.assertEqual((503, "1"), (refused.status, refused.getheader("Retry-After")))
            second.close()
            reply.close()
            slow.close()
            while True:
                third, given = open_stream(server)
                if given.status == 200:
                    break
                third.close()
            self.assertTrue(json.loads(given.read().splitlines()[-1])["complete"])
            third.close()

    def test_head_has_no_body_and_leaves_no_cut_under_way(self):
        with Server() as server:
            for _ in range(2):
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_S)
                connection.request("HEAD", "/accounts", headers=LINES)
                reply = connection.getresponse()
                self.assertEqual((200, b""), (reply.status, reply.read()))
                connection.close()


if __name__ == "__main__":
    unittest.main()
