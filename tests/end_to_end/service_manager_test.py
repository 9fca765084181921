"""What the server reports to systemd, here played by the test."""

import os
import pathlib
import socket
import tempfile
import unittest

from server import Server, get


class ServiceManager(unittest.TestCase):
    def manager(self, name):
        manager = self.enterContext(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        manager.bind(name)
        manager.settimeout(10)
        return manager

    def assert_reports(self, manager, name):
        with Server("--in-memory", env={"NOTIFY_SOCKET": name}) as server:
            self.assertEqual(b"READY=1", manager.recv(100))
            self.assertEqual(200, get(server, "/readyz").status)
            self.assertEqual(0, server.stop())
        self.assertEqual(b"STOPPING=1", manager.recv(100))

    def test_a_server_reports_when_it_serves_and_when_it_stops(self):
        name = str(pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "socket")
        self.assert_reports(self.manager(name), name)

    def test_a_socket_may_have_a_name_in_no_folder(self):
        manager = self.manager(f"\0coffer-test-{os.getpid()}")
        self.assert_reports(manager, "@" + manager.getsockname()[1:].decode())

    def test_nobody_has_to_listen(self):
        for name in ("/nowhere/socket", "", "@", "x" * 200):
            with self.subTest(name), Server("--in-memory", env={"NOTIFY_SOCKET": name}) as server:
                self.assertEqual(0, server.stop())


if __name__ == "__main__":
    unittest.main()
