"""The proxy does to requests what it is asked to."""

import http.client
import http.server
import threading
import unittest

from processes import TIMEOUT_S, wait_until
from proxy import Proxies

SOON_S = 0.3


class Counting(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bodies = []

    def do_POST(self):
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")
        except OSError:
            self.close_connection = True

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """Its clients are cut off."""


class Proxy(unittest.TestCase):
    def setUp(self):
        Counting.bodies = []
        self.server = Server(("127.0.0.1", 0), Counting)
        self.addCleanup(self.server.server_close)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.shutdown)
        self.proxies = Proxies(1, [self.server.server_port])
        self.addCleanup(self.proxies.close)
        [self.port] = self.proxies.ports

    def post(self, body, timeout_s=TIMEOUT_S):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        self.addCleanup(connection.close)
        try:
            connection.request("POST", "/", body)
            return connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return None

    def count(self, body):
        return Counting.bodies.count(body)

    def test_without_faults_it_passes_everything_on_once(self):
        large = b"x" * 1_500_000
        self.assertEqual(b"ok", self.post(large))
        self.assertEqual([large], Counting.bodies)

    def test_dropped_requests_are_never_passed_on(self):
        self.proxies.set([0], drop=1)
        self.assertIsNone(self.post(b"a", SOON_S))
        self.proxies.set([0])
        self.assertEqual(b"ok", self.post(b"b"))
        self.assertEqual([b"b"], Counting.bodies)

    def test_late_requests_are_passed_on_after_their_client_has_gone(self):
        self.proxies.set([0], late=1)
        self.assertIsNone(self.post(b"a", SOON_S))
        wait_until(lambda: self.count(b"a") == 1, "it is passed on")

    def test_duplicates_are_passed_on_twice_and_answered_once(self):
        self.proxies.set([0], duplicate=1)
        self.assertEqual(b"ok", self.post(b"a"))
        wait_until(lambda: self.count(b"a") == 2, "it is passed on twice")

    def test_the_answer_of_a_cut_request_is_lost(self):
        self.proxies.set([0], cut=1, delay=0)
        answers = [self.post(b"a", SOON_S) for _ in range(30)]
        self.assertIn(None, answers)
        wait_until(lambda: self.count(b"a") > 0, "they are passed on")

    def test_a_link_that_is_down_refuses_and_comes_back(self):
        self.proxies.set([0], down=True)
        self.assertIsNone(self.post(b"a"))
        self.proxies.set([0])
        self.assertEqual(b"ok", self.post(b"b"))
        self.assertEqual([b"b"], Counting.bodies)


if __name__ == "__main__":
    unittest.main()
