"""How much clients may ask for: each limit is a flag, and each refusal says what it is."""

import json
import os
import resource
import socket
import subprocess
import sys
import threading
import time
import unittest

from server import Server, balance, exchange, sockets, wait_until
from http_test import GET, post_bytes, split


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def processor_s(process):
    with open(f"/proc/{process.pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def read_all(connection):
    received = b""
    try:
        while more := connection.recv(65536):
            received += more
    except ConnectionResetError:
        pass
    return received


def connected(test, server, count):
    """Connections of which each has had a reply, so that the server has counted them."""
    connections = [test.enterContext(server.connect()) for _ in range(count)]
    for each in connections:
        each.sendall(GET)
        test.assertIn(b"200 OK", each.recv(65536))
    return connections


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


class Limits(unittest.TestCase):
    def assert_refused(self, received, status, error_type):
        (found, head, body), = split(received)
        self.assertEqual((status, error_type), (found, json.loads(body)["error"]["type"]))
        self.assertEqual(status, json.loads(body)["code"])
        self.assertIn(b"\r\nConnection: close", head)
        return head

    def connected_and_served(self, server):
        """A connection with a place: the one that found the server ready may count a while."""
        while True:
            connection = self.enterContext(server.connect())
            connection.sendall(GET)
            if b"200 OK" in connection.recv(65536):
                return connection

    def test_sizes_are_those_of_the_flags(self):
        with Server("--in-memory", "--max-body", "1KiB", "--max-target", "100", "--max-head",
                    "500") as server:
            body = b'{"amount":1%s}' % (b" " * 1012)
            self.assertEqual(1024, len(body))
            self.assertIn(b"200 OK", exchange(server, post_bytes(body))[0])
            self.assert_refused(exchange(server, post_bytes(body + b" "))[0], 413,
                                "content_too_large")
            self.assert_refused(exchange(server, GET.replace(b"balance", b"x" * 100))[0], 414,
                                "uri_too_long")
            long = GET.replace(b"Host: localhost", b"Host: localhost\r\nX: " + b"x" * 500)
            self.assert_refused(exchange(server, long)[0], 431, "request_header_fields_too_large")
        with Server("--in-memory", env={"COFFER_MAX_BODY": "1024"}) as server:
            self.assert_refused(exchange(server, post_bytes(body + b" "))[0], 413,
                                "content_too_large")

    def test_a_connection_too_many_is_told_to_come_back(self):
        for flag in ("--max-connections", "--max-connections-per-peer"):
            with self.subTest(flag), Server("--in-memory", "--threads", "2", flag, "10") as server:
                connections = []
                while len(connections) < 10:
                    connections.append(self.connected_and_served(server))
                for _ in range(50):
                    with server.connect() as one_more:
                        one_more.sendall(GET)
                        head = self.assert_refused(read_all(one_more), 503, "unavailable")
                        self.assertIn(b"\r\nRetry-After: 1\r\n", head + b"\r\n")
                before = sockets(server)
                connections[0].close()
                wait_until(lambda: sockets(server) < before)
                self.assertEqual("1000.0", balance(server))

    def test_a_connection_too_many_hears_nothing_before_it_has_asked(self):
        for flag in ("--max-connections", "--max-connections-per-peer"):
            with self.subTest(flag), Server("--in-memory", "--threads", "1", flag, "1") as server:
                first = self.connected_and_served(server)
                with server.connect() as second, server.connect() as third:
                    second.settimeout(0.5)
                    with self.assertRaises(TimeoutError):
                        second.recv(1)
                    second.settimeout(20)
                    for one in (second, third):
                        one.sendall(GET)
                        self.assert_refused(read_all(one), 503, "unavailable")
                first.close()

    def test_each_ipv4_client_of_a_dual_stack_listener_is_a_peer_of_its_own(self):
        if not has_ipv6():
            self.skipTest("there is no IPv6 here")
        with Server("--in-memory", "--threads", "1", "--max-connections-per-peer", "1",
                    listen="[::]:0") as server:
            def ask(source):
                host = "::1" if source == "::1" else "127.0.0.1"
                one = self.enterContext(socket.create_connection(
                    (host, server.port), timeout=20, source_address=(source, 0)))
                one.sendall(GET)
                return one.recv(65536)

            for source in ("127.0.0.2", "127.0.0.3", "127.1.0.1", "::1"):
                self.assertIn(b"HTTP/1.1 200 ", ask(source))
            for source in ("127.0.0.2", "127.1.0.1", "::1"):
                self.assertIn(b"HTTP/1.1 503 ", ask(source))

    def test_a_client_that_takes_its_replies_slowly_is_not_cut_off(self):
        asked = 20_000
        with Server("--in-memory", "--threads", "1",
                    "--write-timeout", "1s") as server, socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.settimeout(20)
            slow.connect(("127.0.0.1", server.port))
            sending = threading.Thread(target=lambda: (slow.sendall(GET * asked),
                                                       slow.shutdown(socket.SHUT_WR)))
            sending.start()
            received = bytearray()
            end = time.monotonic() + 5  # several times the timeout
            while time.monotonic() < end:
                received += slow.recv(2048)
                time.sleep(0.25)
            received += read_all(slow)
            sending.join()
            self.assertEqual(asked, received.count(b"HTTP/1.1 200 OK\r\n"))

    def test_each_phase_has_one_deadline_that_dripping_does_not_move(self):
        head = GET[:-2] + b"X: "
        body = post_bytes(b" " * 1000)[:-1000]
        with Server("--in-memory", "--head-timeout", "1s", "--body-timeout", "1s",
                    "--idle-timeout", "1s") as server:
            for begin, said in ((head, True), (body, True), (b"", False)):
                with self.subTest(begin), server.connect() as connection:
                    started = time.monotonic()
                    connection.sendall(begin)
                    connection.settimeout(0.05)
                    received = None
                    while received is None:
                        try:
                            received = connection.recv(65536)
                        except TimeoutError:
                            self.assertLess(time.monotonic() - started, 10, "it is not shut")
                            if begin:
                                connection.sendall(b"x")
                    if said:
                        self.assert_refused(received, 408, "request_timeout")
                    else:
                        self.assertEqual(b"", received)

    def test_out_of_descriptors_it_waits_without_spinning_and_goes_on(self):
        with Server("--in-memory", "--threads", "2") as server:
            held = connected(self, server, 20)
            # Fewer than it thinks it has, so that it does not see this coming.
            _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
            now = descriptors(server)
            resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (now, hard))
            waiting = [self.enterContext(server.connect()) for _ in range(10)]
            for each in waiting:
                each.sendall(GET)
            wait_until(lambda: "cannot accept connections" in server.stderr())
            with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as spinning:
                try:
                    before = processor_s(server.process)
                    wait_until(lambda: processor_s(spinning) > 1)
                    self.assertLess(processor_s(server.process) - before, 0.3, "it spins")
                finally:
                    spinning.kill()
            held[0].sendall(GET)
            self.assertIn(b"200 OK", held[0].recv(65536), "those it has are served")
            for each in held:
                each.close()
            for each in waiting:
                self.assertIn(b"200 OK", each.recv(65536), "those that waited are served")

    def test_a_small_limit_of_open_files_is_met_with_503_and_said(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        connections = []

        def lower():
            resource.setrlimit(resource.RLIMIT_NOFILE, (132, 132))

        with Server("--in-memory", "--threads", "1", preexec=lower) as server:
            while not (line := server.process.stdout.readline()).startswith("  connections "):
                self.assertNotEqual("", line, "it does not say so")
            self.assertIn("the limit of open files", line)
            replies = []
            for _ in range(150):
                connections.append(self.enterContext(server.connect()))
                connections[-1].sendall(GET)
                replies += split(connections[-1].recv(65536))
            statuses = {status for status, _, _ in replies}
            self.assertEqual({200, 503}, statuses)
            self.assertEqual(150, len(replies))
            self.assertNotIn("cannot accept", server.stderr())
        self.assertEqual((soft, hard), resource.getrlimit(resource.RLIMIT_NOFILE))


class Footprint(unittest.TestCase):
    COUNT = 1000
    MOST_KIB = 10

    def test_an_idle_connection_takes_under_10_kib(self):
        def resident_kib():
            with open(f"/proc/{server.process.pid}/status") as status:
                return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        with Server("--in-memory", "--threads", "1") as server:
            other, = connected(self, server, 1)
            before = resident_kib()
            for _ in range(self.COUNT):
                connection, = connected(self, server, 1)
                # A large request in two pieces before, to see that it keeps none of that memory.
                request = post_bytes(b'{"amount":0.01%s}' % (b" " * 12_000))
                connection.sendall(request[:-10])
                other.sendall(GET)  # answered after it has read that
                self.assertIn(b"200 OK", other.recv(65536))
                connection.sendall(request[-10:])
                self.assertIn(b"200 OK", connection.recv(65536))
            each = (resident_kib() - before) / self.COUNT
        print(f"\n    {each:.1f} KiB an idle connection", end=" ")
        self.assertLess(each, self.MOST_KIB)


if __name__ == "__main__":
    unittest.main()
