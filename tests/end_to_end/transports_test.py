"""HTTP and the API are the same over TLS and over Unix sockets; so are streams and the end."""

import http.client
import json
import os
import pathlib
import socket
import tempfile
import unittest
import unittest.mock

import api_test
import http_test
from certificates import Certificates, TlsServer
from server import TIMEOUT_S, Server, balance, sockets, wait_until


class UnixServer(Server):
    """A server with a Unix socket beside its port, which the tests use."""

    def __init__(self, path, *flags, **more):
        self.path = None
        super().__init__("--listen", f"unix:{path}", *flags, **more)
        self.path = path

    def url(self, path):
        return f"http://coffer{path}"

    def connect(self):
        if self.path is None:
            return super().connect()
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(TIMEOUT_S)
        made.connect(str(self.path))
        return made


def curl_configured(case, line):
    """Has curl find this line in its configuration."""
    folder = case.enterClassContext(tempfile.TemporaryDirectory())
    (pathlib.Path(folder) / ".curlrc").write_text(line)
    case.enterClassContext(unittest.mock.patch.dict(os.environ, {"CURL_HOME": folder}))


class OverTls:
    @classmethod
    def setUpClass(cls):
        certificates = cls.enterClassContext(Certificates())
        cls.server = cls.enterClassContext(TlsServer(certificates))
        curl_configured(cls, f"cacert = {certificates.certificate('authority')}\n")


class OverUnixSocket:
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.server = cls.enterClassContext(UnixServer(folder / "socket"))
        curl_configured(cls, f"unix-socket = {folder / 'socket'}\n")


class Http(http_test.Http):
    # With --next curl forgets its configuration; the tests of TLS keep connections too.
    test_a_connection_is_kept_for_the_next_request = None


class Api(api_test.Api):
    test_the_sample_accounts_are_there = None  # has a server of its own


class HttpOverTls(OverTls, Http):
    pass


class ApiOverTls(OverTls, Api):
    pass


class HttpOverUnixSocket(OverUnixSocket, Http):
    pass


class ApiOverUnixSocket(OverUnixSocket, Api):
    pass


del Http, Api  # else they would be run as they are


def open_stream(connection):
    connection.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n"
                       b"Accept: application/x-ndjson\r\n\r\n")
    reply = http.client.HTTPResponse(connection)
    reply.begin()
    return reply


class Transfers:
    """What takes more than a record of TLS, or more than a moment."""

    def test_events_are_streamed_and_end_in_order(self):
        with self.serve() as server, server.connect() as connection:
            reply = open_stream(connection)
            for _ in range(3):
                self.post(server, '{"amount":1.0}')
            found = [json.loads(reply.readline())["record"] for _ in range(3)]
            self.assertEqual(found, sorted(set(found)))
            self.assertEqual(server.stop(), 0)
            reply.read()  # to the last chunk

    def test_a_reader_that_is_gone_is_noticed(self):
        with self.serve() as server:
            connection = server.connect()
            open_stream(connection)
            before = sockets(server)
            connection.close()
            wait_until(lambda: sockets(server) < before)

    def test_a_long_batch_and_its_long_reply_pass(self):
        count = 5000
        lines = b"".join(b'{"operation":"deposit","account_number":"10001","amount":0.01}\n'
                         for _ in range(count))
        with self.serve("--max-output", "64KiB") as server, server.connect() as connection:
            connection.sendall(b"POST /batch HTTP/1.1\r\nHost: localhost\r\n"
                               b"Content-Type: application/x-ndjson\r\n"
                               b"Content-Length: " + str(len(lines)).encode() + b"\r\n\r\n" + lines)
            reply = http.client.HTTPResponse(connection)
            reply.begin()
            self.assertEqual(reply.status, 200)
            results = reply.read().splitlines()
            self.assertGreaterEqual(len(results), count)
            self.assertEqual(balance(server), "1050.0")

    def test_replies_wait_for_a_client_that_does_not_read(self):
        count = 20000
        request = b"GET /accounts/10001/balance HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with self.serve("--threads", 1) as server, server.connect() as connection:
            connection.settimeout(1)
            sent, pipelined = 0, request * count
            try:
                while sent < len(pipelined):
                    sent += connection.send(pipelined[sent:sent + 16384])
            except TimeoutError:
                pass  # the server takes no more before its replies are read
            self.assertEqual(balance(server), "1000.0")
            connection.settimeout(TIMEOUT_S)
            whole, received = sent // len(request), b""
            while received.count(b'"code":200}') < whole:
                more = connection.recv(65536)
                self.assertTrue(more)
                received += more
            self.assertEqual(received.count(b"HTTP/1.1 200 OK"), whole)


class TransfersOverTls(Transfers, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certificates = cls.enterClassContext(Certificates())
        curl_configured(cls, f"cacert = {cls.certificates.certificate('authority')}\n")

    def serve(self, *flags):
        return TlsServer(self.certificates, *flags)

    def post(self, server, body):
        with server.connect() as connection:
            api_post(connection, body)


class TransfersOverUnixSocket(Transfers, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        curl_configured(cls, f"unix-socket = {cls.folder / 'socket'}\n")

    def serve(self, *flags):
        return UnixServer(self.folder / "socket", *flags)

    def post(self, server, body):
        with server.connect() as connection:
            api_post(connection, body)


def api_post(connection, body):
    connection.sendall(f"POST /accounts/10001/deposit HTTP/1.1\r\nHost: localhost\r\n"
                       f"Content-Type: application/json\r\n"
                       f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
    reply = http.client.HTTPResponse(connection)
    reply.begin()
    if reply.status != 200:
        raise RuntimeError(reply.read())
    reply.read()


if __name__ == "__main__":
    unittest.main()
