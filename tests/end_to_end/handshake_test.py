"""Handshakes that are slow, broken, half, or none: each ends clearly, and costs little."""

import contextlib
import os
import pathlib
import re
import socket
import ssl
import struct
import time
import unittest

from certificates import Certificates, TlsServer
from server import TIMEOUT_S, curl, wait_until
from tls_test import BALANCE, REQUEST, ask

ALERT, HANDSHAKE = 21, 22


def client_hello(server):
    """What a client of OpenSSL sends first."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = server.context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def send_last(connection, sent, end_sending=True):
    """The server may have closed before all is sent."""
    with contextlib.suppress(OSError):
        connection.sendall(sent)
        if end_sending:
            connection.shutdown(socket.SHUT_WR)


def read_to_end(connection):
    """All that comes until the server closes, or resets."""
    connection.settimeout(TIMEOUT_S)
    received = b""
    try:
        while more := connection.recv(65536):
            received += more
    except ConnectionResetError:
        pass
    return received


def read_some(connection):
    """What comes first; nothing if the server closes."""
    connection.settimeout(TIMEOUT_S)
    with contextlib.suppress(ConnectionResetError):
        return connection.recv(65536)
    return b""


def resident_kib(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


class Handshakes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certificates = cls.enterClassContext(Certificates())
        cls.server = cls.enterClassContext(TlsServer(cls.certificates, "--threads", 1))
        cls.hello = client_hello(cls.server)

    def assert_serves(self):
        with self.server.connect() as connection:
            self.assertEqual(ask(connection), 200)

    def answer_to(self, sent, close=False):
        with self.server.raw() as connection:
            send_last(connection, sent, close)
            received = read_to_end(connection)
        self.assert_serves()
        return received

    def test_one_that_comes_byte_by_byte_is_completed(self):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = self.server.context().wrap_bio(incoming, outgoing, server_hostname="localhost")
        with self.server.raw() as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            def send_in_bytes():
                for byte in outgoing.read():
                    connection.sendall(bytes([byte]))

            def until_done(step):
                while True:
                    try:
                        return step()
                    except ssl.SSLWantReadError:
                        send_in_bytes()
                        incoming.write(connection.recv(65536))
            until_done(client.do_handshake)
            client.write(REQUEST)
            send_in_bytes()
            self.assertIn(b"200 OK", until_done(lambda: client.read(65536)))

    def test_http_without_tls_is_told_so(self):
        reply = curl(f"http://127.0.0.1:{self.server.tls_port}{BALANCE}")
        self.assertEqual((reply.status, reply.error_type()), (400, "bad_request"))
        self.assertIn("this port speaks TLS", reply.body)
        self.assertEqual(reply.fields["connection"], "close")

    def test_garbage_is_closed(self):
        for sent in [b"\0", b"\x80\x2e\x01\x03\x01", b"\x16\x02\0\0\5hello", b"\x16\x03\x01\0\0",
                     b"\x16\x03\x01\xff\xff", b"\x17\x03\x03\0\x05hello", b"\r\n\r\n",
                     b"SSH-2.0-x\r\n"]:
            with self.subTest(sent):
                self.assertNotIn(b"200 OK", self.answer_to(sent))

    def test_a_handshake_of_garbage_gets_an_alert(self):
        received = self.answer_to(b"\x16\x03\x01\x00\x20\1\0\0\x1c" + os.urandom(28))
        self.assertEqual(received[0], ALERT)

    def test_a_changed_hello_gets_an_alert_or_a_handshake(self):
        for at in range(1, len(self.hello), 7):  # the first byte tells TLS from HTTP
            changed = bytearray(self.hello)
            changed[at] ^= 0x55
            with self.server.raw() as connection:
                send_last(connection, changed)
                received = read_to_end(connection)
            self.assertIn(received[:1], [b"", bytes([ALERT]), bytes([HANDSHAKE])])
        self.assert_serves()

    def test_one_that_ends_anywhere_is_closed(self):
        for size in [1, 4, 5, 6, len(self.hello) // 2, len(self.hello) - 1, len(self.hello)]:
            with self.subTest(size=size):
                self.answer_to(self.hello[:size], close=True)

    def test_a_hello_in_many_records_is_taken(self):
        body = self.hello[5:]
        records = b"".join(b"\x16\x03\x01" + struct.pack(">H", len(piece)) + piece
                           for piece in (body[at:at + 50] for at in range(0, len(body), 50)))
        with self.server.raw() as connection:
            connection.sendall(records)
            self.assertEqual(connection.recv(1), bytes([HANDSHAKE]))

    def test_a_record_that_was_changed_ends_the_connection(self):
        with self.server.raw() as raw, self.server.wrap(raw.dup()) as connection:
            self.assertEqual(ask(connection), 200)
            send_last(raw, b"\x17\x03\x03\x00\x20" + bytes(32), end_sending=False)
            read_to_end(raw)
        self.assert_serves()

    def test_a_record_that_ends_early_ends_the_connection(self):
        with self.server.raw() as raw, self.server.wrap(raw.dup()) as connection:
            self.assertEqual(ask(connection), 200)
            send_last(raw, b"\x17\x03\x03\x00\x20" + bytes(5))
            read_to_end(raw)
        self.assert_serves()


class Deadlines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certificates = cls.enterClassContext(Certificates())

    def test_a_handshake_has_the_time_of_a_head_and_no_more(self):
        with TlsServer(self.certificates, "--head-timeout", "1s", "--idle-timeout", "1h") as server:
            hello = client_hello(server)
            # None of these may wait for the idle timeout.
            for sent in [hello[:1], hello[:40], hello]:
                with self.subTest(size=len(sent)), server.raw() as connection:
                    connection.sendall(sent)
                    read_to_end(connection)

    def test_after_the_handshake_a_client_may_be_idle(self):
        with TlsServer(self.certificates, "--head-timeout", "1s", "--idle-timeout", "1h") as server:
            with server.connect() as connection:
                time.sleep(3.5)  # longer than the head's time, and the ticks around it
                self.assertEqual(ask(connection), 200)

    def test_a_drain_does_not_wait_for_handshakes(self):
        with TlsServer(self.certificates, "--drain-timeout", "1h") as server:
            hello = client_hello(server)
            with server.raw() as one, server.raw() as other, server.connect() as third:
                one.sendall(hello[:40])
                other.sendall(hello)
                other.recv(1)
                self.assertEqual(ask(third), 200)
                self.assertEqual(server.stop(), 0)

    def test_clients_for_whom_there_is_no_place_are_told(self):
        with TlsServer(self.certificates, "--max-connections", 1) as server:
            # The place of the connection that found out whether it listens may be taken still.
            deadline = time.monotonic() + TIMEOUT_S
            while ask(first := server.connect()) != 200:
                first.close()
                self.assertLess(time.monotonic(), deadline)
            with first, server.connect() as second:
                self.assertEqual(ask(second), 503)


class Memory(unittest.TestCase):
    COUNT = 400

    def test_a_half_open_handshake_costs_no_more_than_an_idle_connection(self):
        with Certificates() as certificates:
            grown = {}
            for what in ["idle", "part", "silent", "answered"]:
                with TlsServer(certificates, "--threads", 1) as server:
                    hello = client_hello(server)
                    with server.connect() as warm:
                        ask(warm)
                    before = resident_kib(server)
                    opened = []
                    for _ in range(self.COUNT):
                        if what == "idle":
                            opened.append(server.connect())
                            ask(opened[-1])
                            continue
                        opened.append(server.raw())
                        if what == "part":
                            opened[-1].sendall(hello[:-1])
                        elif what == "answered":
                            opened[-1].sendall(hello)
                            opened[-1].recv(1)
                    with server.connect() as last:
                        ask(last)  # the others have been accepted
                    grown[what] = (resident_kib(server) - before) / self.COUNT
                    for one in opened:
                        one.close()
            self.assertLess(grown["part"], grown["idle"])
            # What is counted of each while it is under way, beyond an idle connection: 32 KiB.
            self.assertLess(grown["answered"], grown["idle"] + 32)

    def test_half_open_handshakes_take_nothing_from_others(self):
        with Certificates() as certificates, contextlib.ExitStack() as opened:
            server = opened.enter_context(TlsServer(certificates, "--max-held", "1MiB"))
            hello = client_hello(server)

            def begin(sent):
                one = opened.enter_context(server.raw())
                one.sendall(sent)
                return one
            # A whole record, but the message has just begun.
            parts = [begin(b"\x16\x03\x01\0\1\1") for _ in range(64)]
            with server.connect() as connection:
                self.assertEqual(ask(connection), 200)
            silent = [begin(hello) for _ in range(64)]
            answered = [one for one in silent if read_some(one)[:1] == bytes([HANDSHAKE])]
            self.assertLess(len(answered), 16)
            self.assertNotEqual(answered, [])
            # Pages are refused while memory is short.
            self.assertEqual(curl(f"http://127.0.0.1:{server.port}/accounts").status, 200)
            for one in parts + silent:
                one.close()

            def is_served():
                try:
                    with server.connect() as connection:
                        return ask(connection) == 200
                except OSError:
                    return False
            wait_until(is_served)


if __name__ == "__main__":
    unittest.main()
