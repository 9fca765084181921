"""POST /batch with the server as a program: in memory, durable, and killed in the middle."""

import contextlib
import http.client
import json
import pathlib
import random
import re
import socket
import tempfile
import threading
import time
import unittest

from server import TIMEOUT_S, Server, balance, get, post, run

NDJSON = {"Content-Type": "application/x-ndjson"}
ROUNDS = 8
LINES_A_BATCH = 400


def line(operation, account, **members):
    return json.dumps({"operation": operation, "account_number": str(account), **members})


def batch_on(connection, lines, **fields):
    """Sends a batch on a connection and returns its status, and the lines of the reply."""
    connection.request("POST", "/batch", "".join(one + "\n" for one in lines).encode(),
                       {**NDJSON, **fields})
    reply = connection.getresponse()
    return reply.status, reply.read().decode().split("\n")[:-1]


def connect(server):
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_S)


def batch(server, lines, **fields):
    connection = connect(server)
    try:
        return batch_on(connection, lines, **fields)
    finally:
        connection.close()


def memory_mib(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def posted(account, new_balance):
    return ('{"success":true,"data":{"account_number":"%d","new_balance":%s},"code":200}'
            % (account, new_balance))


class Batches(unittest.TestCase):
    def assert_like_single_requests(self, *flags):
        """Each line has the result that the same request has on a server of its own."""
        coin = {"amount": 1.5}
        requests = [("deposit", 10001, "deposit", coin, "k1"),
                    ("withdraw", 10002, "withdraw", coin, None),
                    ("withdraw", 10002, "withdraw", {"amount": 1e6}, "k2"),
                    ("transfer", 10003, "transfer", {"to": "10004", "amount": 3}, "k3"),
                    ("hold", 10005, "holds", {"amount": 40}, "k4"),
                    ("capture", 10005, "holds/2-0/capture", {"amount": 10}, None),
                    ("capture", 10005, "holds/2-0/capture", {"amount": 5, "to": "10006"}, None),
                    ("release", 10005, "holds/2-0/release", {}, "k5"),
                    ("release", 10005, "holds/2-0/release", {}, None),
                    ("deposit", 99, "deposit", coin, "k6"),
                    ("deposit", 10001, "deposit", {"amount": "1"}, None)]
        lines, due = [], []
        with Server(*flags) as server:
            for name, account, path, members, key in requests:
                hold = {"hold": "2-0"} if "/" in path else {}
                keys = {"key": key} if key else {}
                lines.append(line(name, account, **members, **hold, **keys))
                due.append(post(server, f"/accounts/{account}/{path}", json.dumps(members),
                                *(["--header", f"Idempotency-Key: {key}"] if key else [])).body)
            last = get(server, "/accounts").body
        with Server(*flags) as server:
            status, results = batch(server, lines)
            self.assertEqual(200, status)
            self.assertEqual(due, results)
            self.assertEqual(last, get(server, "/accounts").body)
            # Those with a key are replayed, and the hold has ended.
            status, again = batch(server, [one for one in lines if '"key"' in one])
            self.assertEqual([one for one, of in zip(due, lines) if '"key"' in of], again)

    def test_in_memory_a_line_has_the_result_of_its_single_request(self):
        self.assert_like_single_requests("--in-memory")

    def test_durable_too(self):
        self.assert_like_single_requests()

    def test_limits_are_flags_and_count_lines(self):
        lines = [line("deposit", 10001, amount=1)] * 5
        for flags, env in ((["--max-batch-lines", "3"], {}), ([], {"COFFER_MAX_BATCH_LINES": "3"})):
            with Server("--in-memory", "--max-body", "64", *flags, env=env) as server:
                connection = connect(server)
                status, results = batch_on(connection, [lines[0], "", *lines[:2], ""])
                self.assertEqual((200, 3), (status, len(results)))
                status, results = batch_on(connection, lines)
                self.assertEqual(200, status)
                self.assertEqual([posted(10001, "1004.0"), posted(10001, "1005.0"),
                                  posted(10001, "1006.0")], results[:3])
                self.assertEqual(413, json.loads(results[3])["code"])
                self.assertEqual(4, len(results))
                self.assertIsNone(connection.sock)  # the reply said that it closes
                connection.close()
                self.assertEqual("1006.0", balance(server))

    def test_ten_thousand_lines_and_no_more(self):
        with Server() as server:
            status, results = batch(server, [line("deposit", 10001, amount=0.01)] * 10_000)
            self.assertEqual(200, status)
            self.assertEqual([posted(10001, f"1{number / 100 % 1000:06.2f}".rstrip("0")
                                     + ("0" if number % 100 == 0 else ""))
                              for number in range(1, 10_001)], results)
            status, results = batch(server, [line("deposit", 10001, amount=0.01)] * 10_001)
            self.assertEqual((200, 10_001), (status, len(results)))
            self.assertEqual(413, json.loads(results[-1])["code"])
            self.assertEqual("1200.0", balance(server))

    def test_a_client_that_sends_far_too_many_before_it_reads_has_the_results(self):
        body = (line("deposit", 10001, amount=1) + "\n").encode() * 100_000
        with Server("--in-memory") as server:
            for number, chunked in ((1, False), (2, True)):
                connection = connect(server)
                connection.request("POST", "/batch", iter([body]) if chunked else body, NDJSON,
                                   encode_chunked=chunked)
                reply = connection.getresponse()
                results = reply.read().decode().split("\n")[:-1]
                self.assertEqual((200, 10_001), (reply.status, len(results)))
                self.assertEqual(413, json.loads(results[-1])["code"])
                self.assertEqual(f"{1000 + number * 10_000}.0", balance(server))
                connection.close()

    def test_results_of_open_batches_are_bounded(self):
        lines = (line("deposit", 10001, amount=1) + "\n").encode() * 9_999
        head = (b"POST /batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
                b"Content-Length: %d\r\n\r\n" % (len(lines) + 10))
        with Server("--in-memory", "--max-held", "2MiB") as server:
            before = memory_mib(server)
            with contextlib.ExitStack() as clients:
                for _ in range(40):
                    client = clients.enter_context(
                        socket.create_connection(("127.0.0.1", server.port), TIMEOUT_S))
                    client.sendall(head + lines)  # the last bytes are withheld
                self.assertLess(memory_mib(server), before + 20)

    def test_a_key_of_the_request_is_refused(self):
        with Server("--in-memory") as server:
            status, results = batch(server, [line("deposit", 10001, amount=1)],
                                    **{"Idempotency-Key": "k"})
            self.assertEqual(400, status)
            self.assertEqual("1000.0", balance(server))

    def test_others_are_served_while_large_batches_are(self):
        with Server("--threads", "1") as server:
            lines = [line("deposit", 10001, amount=1)] * 10_000
            results = []

            def send():
                results.append(batch(server, lines))

            threads = [threading.Thread(target=send) for _ in range(4)]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                self.assertEqual("2000.0", balance(server, 10002))
            self.assertEqual([(200, 10_000)] * 4,
                             [(status, len(said)) for status, said in results])
            self.assertEqual("41000.0", balance(server))


class Killed(unittest.TestCase):
    """Batches with keys, and kill -9 in the middle of them: each line is posted once."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.sent = []  # the lines of each batch, in order
        self.said = {}  # the results of those that were answered

    def send_until_killed(self, server):
        connection = connect(server)
        try:
            while True:
                number = len(self.sent)
                self.sent.append([line("deposit", 10001, amount=0.01, key=f"k{number}-{i}")
                                  for i in range(LINES_A_BATCH)])
                status, results = batch_on(connection, self.sent[number])
                self.assertEqual((200, LINES_A_BATCH), (status, len(results)))
                self.said[number] = results
        except (ConnectionError, http.client.HTTPException):
            connection.close()

    def test_a_retried_batch_is_replayed_and_what_was_not_done_is_done(self):
        chance = random.Random(14)
        for _ in range(ROUNDS):
            with Server("--threads", "1", data=self.folder) as server:
                client = threading.Thread(target=self.send_until_killed, args=[server])
                client.start()
                time.sleep(chance.uniform(0.02, 0.2))
                server.kill()
                client.join()
        with Server(data=self.folder) as server:
            connection = connect(server)
            for number, lines in enumerate(self.sent):
                status, results = batch_on(connection, lines)
                self.assertEqual((200, LINES_A_BATCH), (status, len(results)))
                self.assertEqual(self.said.setdefault(number, results), results)
            connection.close()
            made = [json.loads(result)["data"]["new_balance"]
                    for results in self.said.values() for result in results]
            self.assertEqual(len(self.sent) * LINES_A_BATCH, len(made))
            self.assertEqual(len(made), len(set(made)))  # each is a posting of its own
            self.assertEqual(1000 + len(made) / 100, float(balance(server)))
            self.assertEqual(0, server.stop())
        audited = run("audit", self.folder)
        self.assertEqual(0, audited.returncode, audited.stdout)
        self.assertTrue(re.search(rf"deposits +{len(made):,},", audited.stdout), audited.stdout)


if __name__ == "__main__":
    unittest.main()
