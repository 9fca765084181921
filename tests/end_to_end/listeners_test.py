"""Several listeners at once: TCP ports, Unix sockets, and one for operators."""

import http.client
import os
import pathlib
import signal
import socket
import stat
import tempfile
import unittest

from server import TIMEOUT_S, DidNotStart, Server, curl, post, wait_until

BALANCE = "/accounts/10001/balance"
DEPOSIT = "/accounts/10001/deposit"


def addresses(server, label):
    """What the banner names after `label`."""
    while not server.banner[-1].startswith("  threads"):
        server.banner.append(server.process.stdout.readline())
    return [line.split()[-1] for line in server.banner if line.startswith(label)]


def by_path(path, target):
    return curl("--unix-socket", str(path), f"http://coffer{target}")


class Listeners(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="coffer-listen-")
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "socket"

    def test_one_ledger_is_served_at_all_addresses(self):
        with Server("--listen", f"127.0.0.1:0,unix:{self.path}", "--threads", 2) as server:
            [other, path] = addresses(server, "  and on")
            self.assertEqual(path, f"unix:{self.path}")
            post(server, DEPOSIT, '{"amount":1.5}')
            post(server, DEPOSIT, '{"amount":2.0}', "--unix-socket", str(self.path))
            for reply in [curl(server.url(BALANCE)), curl(other + BALANCE),
                          by_path(self.path, BALANCE)]:
                self.assertEqual(reply.json()["data"]["balance"], 1003.5)
            self.assertEqual(server.stop(), 0)

    def test_a_variable_names_several(self):
        variable = {"COFFER_LISTEN": f"127.0.0.1:0,unix:{self.path}"}
        with Server(listen=None, env=variable):
            self.assertEqual(by_path(self.path, BALANCE).status, 200)

    def test_every_worker_takes_clients_from_a_unix_socket(self):
        with Server("--listen", f"unix:{self.path}", "--threads", 4):
            for _ in range(50):
                self.assertEqual(by_path(self.path, BALANCE).status, 200)

    def test_the_file_is_for_owner_and_group_and_is_removed(self):
        with Server("--listen", f"unix:{self.path}",
                    preexec=lambda: os.umask(0o077) and None) as server:
            mode = self.path.stat().st_mode
            self.assertTrue(stat.S_ISSOCK(mode))
            self.assertEqual(stat.S_IMODE(mode), 0o660)
            self.assertEqual(server.stop(), 0)
        self.assertFalse(self.path.exists())

    def test_the_file_of_a_server_that_was_killed_is_replaced(self):
        with Server("--listen", f"unix:{self.path}") as server:
            server.kill()
        self.assertTrue(self.path.exists())
        with Server("--listen", f"unix:{self.path}"):
            self.assertEqual(by_path(self.path, BALANCE).status, 200)

    def test_the_file_of_a_running_server_is_not(self):
        with Server("--listen", f"unix:{self.path}"):
            with self.assertRaises(DidNotStart) as refused:
                Server("--listen", f"unix:{self.path}")
            self.assertIn(f"cannot listen on unix:{self.path}: Address already in use",
                          refused.exception.said)
            self.assertEqual(by_path(self.path, BALANCE).status, 200)

    def test_a_file_that_is_no_socket_is_kept(self):
        self.path.write_text("precious")
        with self.assertRaises(DidNotStart) as refused:
            Server("--listen", f"unix:{self.path}")
        self.assertIn("File exists", refused.exception.said)
        self.assertEqual(self.path.read_text(), "precious")

    def test_a_file_that_another_server_made_meanwhile_is_kept(self):
        with Server("--listen", f"unix:{self.path}") as server:
            self.path.unlink()
            with socket.socket(socket.AF_UNIX) as other:
                other.bind(str(self.path))
                self.assertEqual(server.stop(), 0)
                self.assertTrue(self.path.exists())

    def test_the_file_is_gone_while_the_server_drains_and_a_new_one_may_take_its_place(self):
        with Server("--listen", f"unix:{self.path}", "--threads", 2, "--drain-timeout",
                    "1h") as server, socket.socket(socket.AF_UNIX) as slow:
            slow.connect(str(self.path))
            slow.sendall(b"GET ")  # a drain waits for the rest
            wait_until(lambda: curl(server.url(BALANCE)).status == 200)
            server.process.send_signal(signal.SIGTERM)
            wait_until(lambda: not self.path.exists())
            self.assertIsNone(server.process.poll())
            with Server("--listen", f"unix:{self.path}"):
                slow.close()
                self.assertEqual(server.process.wait(TIMEOUT_S), 0)
                self.assertEqual(by_path(self.path, BALANCE).status, 200)

    def test_an_event_stream_ends_with_its_reader(self):
        with Server("--listen", f"unix:{self.path}", "--threads", 1) as server:
            with socket.socket(socket.AF_UNIX) as reader:
                reader.connect(str(self.path))
                reader.settimeout(20)
                reader.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n"
                               b"Accept: text/event-stream\r\n\r\n")
                self.assertIn(b"200 OK", reader.recv(4096))
                reader.shutdown(socket.SHUT_WR)
                while reader.recv(4096):
                    pass
            self.assertEqual(server.stop(), 0)


class Operators(unittest.TestCase):
    def test_their_routes_are_on_their_listener_alone(self):
        with Server("--admin-listen", "127.0.0.1:0") as server:
            [theirs] = addresses(server, "  operators")
            for target in ["/readyz", "/metrics"]:
                for method in ["GET", "OPTIONS", "DELETE"]:
                    asked = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
                    asked.request(method, target)
                    self.assertEqual(asked.getresponse().status, 404)
                    asked.close()
                self.assertEqual(curl(theirs + target).status, 200)
            for at in [server.url(""), theirs]:
                self.assertEqual(curl(at + BALANCE).status, 200)

    def test_without_such_a_listener_they_are_everywhere(self):
        with Server() as server:
            self.assertEqual(curl(server.url("/readyz")).status, 200)


if __name__ == "__main__":
    unittest.main()
