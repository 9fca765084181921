"""GET /events: pages, lines and server-sent events, while postings go on."""

import http.client
import json
import re
import signal
import socket
import threading
import time
import unittest

from server import TIMEOUT_S, Server, curl, get, post, sockets, wait_until

LINES = {"Accept": "application/x-ndjson"}
SERVER_SENT = {"Accept": "text/event-stream"}
SAMPLE = 10  # records of a first start


class Reader:
    """A stream of events, read as it comes."""

    def __init__(self, server, path="/events", headers=None, receive_bytes=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_S)
        if receive_bytes is not None:
            self.connection.sock = socket.socket()
            self.connection.sock.settimeout(TIMEOUT_S)
            self.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
            self.connection.sock.connect(("127.0.0.1", server.port))
        self.connection.request("GET", path, headers=headers or LINES)
        self.reply = self.connection.getresponse()

    def line(self):
        return self.reply.readline().decode()

    def events(self, count):
        return [json.loads(self.line()) for _ in range(count)]

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def deposit(server, account=10001, amount=1.0, *arguments):
    reply = post(server, f"/accounts/{account}/deposit", f'{{"amount":{amount}}}', *arguments)
    if reply.status != 200:
        raise RuntimeError(reply.body)


def page(server, query=""):
    reply = get(server, "/events" + query)
    if reply.status != 200:
        raise RuntimeError(reply.body)
    return reply.json()["data"]


def records(events):
    return [one["record"] for one in events]


def without_times(text):
    return re.sub(r'"time":"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"', '"time":"T"', text)


class Events(unittest.TestCase):
    def test_the_last_event_id_goes_before_after(self):
        with Server() as server:
            with Reader(server, "/events?after=1", {**SERVER_SENT, "Last-Event-ID": "9"}) as sent:
                self.assertEqual([": up to here\n", "\n", "id: 10\n"],
                                 [sent.line() for _ in range(3)])
            reply = get(server, "/events", "-H", "Last-Event-ID: 11")
            self.assertEqual("Last-Event-ID", reply.json()["error"]["parameter"])

    def test_each_form_has_these_bytes(self):
        with Server() as server:
            post(server, "/accounts/10001/transfer", '{"to":"10002","amount":25}',
                 "-H", "Idempotency-Key: k1")
            post(server, "/accounts/10001/withdraw", '{"amount":5000}')
            post(server, "/accounts/10001/holds", '{"amount":40}')
            transfer = ('{"record":11,"time":"T","operation":"transfer","postings":['
                        '{"account_number":"10001","sequence":2,"amount":-25.0,"balance":975.0},'
                        '{"account_number":"10002","sequence":2,"amount":25.0,"balance":2025.0}],'
                        '"key":"k1"}')
            hold = ('{"record":12,"time":"T","operation":"hold","postings":['
                    '{"account_number":"10001","sequence":3,"amount":0.0,"balance":975.0}],'
                    '"hold":{"hold":"3-0","amount":40.0}}')
            self.assertEqual('{"success":true,"data":{"events":[' + transfer + "," + hold +
                             '],"next":12},"code":200}',
                             without_times(get(server, f"/events?after={SAMPLE}").body))
            with Reader(server, f"/events?after={SAMPLE}") as lines:
                self.assertEqual(200, lines.reply.status)
                self.assertEqual("application/x-ndjson", lines.reply.getheader("Content-Type"))
                self.assertEqual([transfer + "\n", hold + "\n"],
                                 [without_times(lines.line()) for _ in range(2)])
            with Reader(server, "/events?after=11", SERVER_SENT) as sent:
                self.assertEqual("text/event-stream", sent.reply.getheader("Content-Type"))
                self.assertEqual([": up to here\n", "\n"], [sent.line() for _ in range(2)])
                self.assertEqual(["id: 12\n", "event: hold\n", f"data: {hold}\n", "\n"],
                                 [without_times(sent.line()) for _ in range(4)])

    def test_a_reader_that_resumes_after_any_event_misses_none(self):
        with Server() as server:
            for i in range(5):
                deposit(server, 10001 + i)
            for after in range(SAMPLE + 5):
                with Reader(server, f"/events?after={after}") as reader:
                    self.assertEqual(list(range(after + 1, SAMPLE + 6)),
                                     records(reader.events(SAMPLE + 5 - after)))

    def test_a_stream_begins_at_once_and_shows_what_any_worker_posts(self):
        with Server("--threads", "2") as server:
            readers = [Reader(server, "/events?after=end", headers)
                       for headers in 4 * [LINES, SERVER_SENT]]
            # New connections, so that both workers get some of them.
            for i in range(8):
                deposit(server, 10001 + i)
            for reader in readers:
                found = []
                while len(found) < 8:
                    line = reader.line().removeprefix("data: ")
                    if line.startswith("{"):
                        found.append(json.loads(line)["record"])
                self.assertEqual(list(range(SAMPLE + 1, SAMPLE + 9)), found)
                reader.close()

    def test_a_page_waits_for_the_first_event(self):
        with Server() as server:
            self.assertEqual({"events": [], "next": SAMPLE}, page(server, "?after=end"))
            begin = time.monotonic()
            self.assertEqual({"events": [], "next": SAMPLE}, page(server, "?after=end&wait=1s"))
            self.assertGreaterEqual(time.monotonic() - begin, 1.0)
            found = []
            waiting = threading.Thread(
                target=lambda: found.append(page(server, f"?after={SAMPLE}&wait=15s")))
            waiting.start()
            deposit(server)
            waiting.join()
            self.assertEqual([SAMPLE + 1], records(found[0]["events"]))
            self.assertEqual(SAMPLE + 1, found[0]["next"])

    def test_only_events_of_one_account(self):
        with Server() as server:
            deposit(server, 10001)
            deposit(server, 10002)
            post(server, "/accounts/10003/transfer", '{"to":"10002","amount":25}')
            self.assertEqual([2, 12, 13], records(page(server, "?account=10002")["events"]))
            with Reader(server, "/events?account=10003&after=end") as reader:
                deposit(server, 10001)
                deposit(server, 10003)
                self.assertEqual([15], records(reader.events(1)))
            self.assertEqual("no_such_account", get(server, "/events?account=1").error_type())

    def test_a_wrong_parameter_is_named(self):
        with Server() as server:
            for query in ("after=11", "after=x", "account=0", "limit=0", "wait=56s"):
                reply = get(server, "/events?" + query)
                self.assertEqual(400, reply.status)
                self.assertEqual(query.partition("=")[0], reply.json()["error"]["parameter"])
            for query in ("limit=1", "wait=1s"):
                reply = get(server, "/events?" + query, "-H", "Accept: text/event-stream")
                self.assertEqual("invalid_parameter", reply.error_type())

    def test_head_has_no_body(self):
        with Server() as server:
            for accept in ("application/json", *LINES.values(), *SERVER_SENT.values()):
                reply = curl("--head", "-H", "Accept: " + accept, server.url("/events"))
                self.assertEqual((200, ""), (reply.status, reply.body))
                self.assertEqual(accept, reply.fields["content-type"])

    def test_a_ledger_in_memory_only_has_none(self):
        with Server("--in-memory") as server:
            self.assertEqual(501, get(server, "/events").status)

    def test_streams_end_in_order_when_the_server_stops(self):
        with Server() as server:
            with Reader(server) as lines, Reader(server, headers=SERVER_SENT) as sent:
                self.assertEqual(list(range(1, SAMPLE + 1)), records(lines.events(SAMPLE)))
                for _ in range(2 + 4 * SAMPLE):
                    sent.line()
                self.assertEqual(0, server.stop(signal.SIGTERM))
                last = json.loads(lines.reply.read().decode())
                self.assertEqual(["type", "message", "after"], list(last["error"]))
                self.assertEqual(SAMPLE, last["error"]["after"])
                self.assertEqual("unavailable", last["error"]["type"])
                self.assertEqual("event: end\ndata: " + json.dumps(last, separators=(",", ":")) +
                                 "\n\n", sent.reply.read().decode())

    def test_a_page_that_waits_is_sent_when_the_server_stops(self):
        with Server() as server:
            found = []
            waiting = threading.Thread(
                target=lambda: found.append(page(server, f"?after={SAMPLE}&wait=50s")))
            before = sockets(server)
            waiting.start()
            wait_until(lambda: sockets(server) > before)
            time.sleep(0.2)  # the request arrives
            self.assertEqual(0, server.stop(signal.SIGTERM))
            waiting.join()
            self.assertEqual([{"events": [], "next": SAMPLE}], found)

    def test_a_reader_that_closes_is_noticed_though_nothing_happens(self):
        with Server() as server:
            before = sockets(server)
            for headers in (LINES, SERVER_SENT):
                for _ in range(10):
                    Reader(server, "/events?after=end&account=10009", headers).close()
            wait_until(lambda: sockets(server) == before)

    def test_a_reader_that_is_idle_stays_and_one_that_does_not_read_is_cut_off(self):
        with Server("--write-timeout", "1s", "--max-output", "4KiB") as server:
            idle = Reader(server, "/events?after=end&account=10009", SERVER_SENT)
            before = sockets(server)
            slow = Reader(server, receive_bytes=4096)
            # More than what the sockets take.
            count = 100_000
            lines = b'{"operation":"deposit","account_number":"10001","amount":0.01}\n' * 10_000
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_S)
            for _ in range(count // 10_000):
                connection.request("POST", "/batch", lines,
                                   {"Content-Type": "application/x-ndjson"})
                connection.getresponse().read()
            connection.close()
            wait_until(lambda: sockets(server) == before)
            seen = []
            try:
                while line := slow.line():
                    if not line.endswith("}\n"):
                        break
                    seen.append(json.loads(line)["record"])
            except (http.client.HTTPException, OSError):
                pass  # as a cut connection ends
            total = SAMPLE + count
            self.assertEqual(list(range(1, len(seen) + 1)), seen)
            self.assertLess(len(seen), total)
            with Reader(server, f"/events?after={len(seen)}") as resumed:
                self.assertEqual(list(range(len(seen) + 1, total + 1)),
                                 records(resumed.events(total - len(seen))))
            deposit(server, 10009)
            found = [idle.line() for _ in range(2)]
            while not found[-1].startswith("event:"):  # those that say only how far it is
                found.append(idle.line())
            self.assertEqual([f"id: {total + 1}\n", "event: deposit\n"], found[-2:])
            idle.close()
            slow.close()


if __name__ == "__main__":
    unittest.main()
