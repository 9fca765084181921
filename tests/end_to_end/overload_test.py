"""More than can be served, slow attackers, an end in the middle of it: nobody is left waiting."""

import contextlib
import http.client
import json
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

from server import Server, balance, environment, wait_until
from http_test import GET, post_bytes, split
from limits_test import descriptors, read_all

ATTACKERS = 500
ATTACKS = {
    "header": ["-H", "-i", "1", "-t", "GET"],
    "body": ["-B", "-i", "1", "-s", "8192", "-f", "application/json"],
    "read": ["-X", "-w", "1", "-y", "64", "-n", "1", "-z", "8", "-k", "10"],
}


@contextlib.contextmanager
def attack(server, kind):
    """slowhttptest with many connections."""
    path = "deposit" if kind == "body" else "balance"
    attacker = subprocess.Popen(
        ["slowhttptest", "-c", str(ATTACKERS), "-r", str(ATTACKERS), "-l", "60", "-p", "5", "-v",
         "0", *ATTACKS[kind], "-u", server.url(f"/accounts/10001/{path}")],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=environment())
    try:
        yield
    finally:
        attacker.kill()
        attacker.wait()


class Overload(unittest.TestCase):
    def test_more_clients_than_connections_are_all_answered(self):
        replies = []

        def ask_for_a_while():
            for _ in range(20):
                with server.connect() as connection:
                    connection.sendall(GET)
                    connection.shutdown(1)
                    replies.extend(split(read_all(connection)))

        with Server("--in-memory", "--threads", "2", "--max-connections", "8") as server:
            clients = [threading.Thread(target=ask_for_a_while) for _ in range(40)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
        self.assertEqual(40 * 20, len(replies))
        for status, head, body in replies:
            if status != 200:
                self.assertEqual((503, "unavailable"), (status, json.loads(body)["error"]["type"]))
                self.assertIn(b"\r\nRetry-After: 1\r\n", head + b"\r\n")
        self.assertIn(200, {status for status, _, _ in replies})

    @unittest.skipUnless(shutil.which("slowhttptest"), "slowhttptest is not installed")
    def test_slow_attackers_keep_nobody_waiting_and_are_shut(self):
        timeouts = [f"--{phase}-timeout=5s" for phase in ("head", "body", "write", "idle")]
        for kind in ATTACKS:
            with self.subTest(kind), Server("--in-memory", "--threads", "1", *timeouts) as server:
                before = descriptors(server)
                with attack(server, kind):
                    probes = self.probe_until(
                        server, lambda: descriptors(server) > before + ATTACKERS * 4 / 5)
                    probes += self.probe_until(server, lambda: descriptors(server) < before + 10)
                print(f"\n    {kind}: {probes} probes were answered", end=" ")

    def probe_until(self, server, condition):
        """Asks as another client until that comes true. How often."""
        probes = 0
        deadline = time.monotonic() + 90
        while not condition():
            self.assertLess(time.monotonic(), deadline, "it did not come true")
            other = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            for _ in range(10):
                other.request("GET", "/accounts/10002/balance")
                reply = other.getresponse()
                reply.read()
                self.assertEqual(200, reply.status)
                probes += 1
            other.close()
            time.sleep(0.01)
        return probes

    def test_what_was_read_is_answered_though_it_ends_in_the_middle(self):
        request = post_bytes(b'{"amount":1}', 10001)
        for _ in range(3):
            with Server("--requests-per-wake", "10") as server, server.connect() as connection:
                sent = 3000
                sending = threading.Thread(target=self.send, args=(connection, request * sent))
                sending.start()
                received = connection.recv(1)  # it is at work now
                server.process.send_signal(signal.SIGTERM)
                received += read_all(connection)
                sending.join()
                self.assertEqual(0, server.process.wait(20))
                paid = sum(status == 200 for status, _, _ in split(received))
                accounts = json.loads(server.snapshots()[-1].read_text())["accounts"]
                account = next(one for one in accounts if one["account_number"] == "10001")
                self.assertEqual(1000 + paid, account["balance"])

    def test_replies_on_their_way_are_not_lost_to_a_request_sent_after_the_end(self):
        request = post_bytes(b'{"amount":1}', 10001)
        sent = 2000
        with Server("--in-memory", "--threads", "1") as server, socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            slow.settimeout(20)
            slow.connect(("127.0.0.1", server.port))
            slow.sendall(request * sent)
            wait_until(lambda: float(balance(server, 10001)) == 1000 + sent)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            self.send(slow, request)
            time.sleep(0.1)
            received = read_all(slow)
        self.assertEqual(sent, sum(status == 200 for status, _, _ in split(received)))

    def test_a_client_that_has_its_last_reply_is_not_waited_for(self):
        with Server("--in-memory", "--threads", "1",
                    "--drain-timeout", "20s") as server, server.connect() as client:
            client.sendall(GET[:10])
            balance(server)  # once this is answered, that has been read
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            started = time.monotonic()
            client.sendall(GET[10:] + b"\r\n")  # an empty line is no request
            self.assertEqual([200], [status for status, _, _ in split(read_all(client))])
            self.assertEqual(0, server.process.wait(20))
            self.assertLess(time.monotonic() - started, 10)

    @staticmethod
    def send(connection, data):
        with contextlib.suppress(OSError):  # it may be shut before it has taken everything
            connection.sendall(data)


if __name__ == "__main__":
    unittest.main()
