"""A log that nobody reads: a full pipe holds up no request, no snapshot and no end."""

import fcntl
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import unittest

from server import BINARY, TIMEOUT_S, Server, balance, environment, get, post, wait_until

F_SETPIPE_SZ = 1031


def fill(writer):
    """Through an opening of its own, so that the other one stays one that blocks."""
    other = os.open(f"/proc/self/fd/{writer}", os.O_WRONLY | os.O_NONBLOCK)
    try:
        for size in (4096, 64, 1):
            while True:
                try:
                    os.write(other, b"x" * size)
                except BlockingIOError:
                    break
    finally:
        os.close(other)


def sleeps(process):
    """Whether it waits for something, which is the pipe if all it does is to print."""
    stat = pathlib.Path(f"/proc/{process.pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "S"


class UnreadLog(unittest.TestCase):
    def setUp(self):
        self.reader, self.writer = os.pipe()
        self.addCleanup(os.close, self.writer)
        self.addCleanup(lambda: os.close(self.reader))
        fcntl.fcntl(self.writer, F_SETPIPE_SZ, 4096)

    def serve(self, *flags, **more):
        """A server that logs into the pipe, which is full from now on."""
        server = self.enterContext(Server(*flags, log=self.writer, **more))
        fill(self.writer)
        return server

    def read_all(self):
        os.set_blocking(self.reader, False)
        text = b""
        try:
            while more := os.read(self.reader, 65536):
                text += more
        except BlockingIOError:
            pass
        return text.lstrip(b"x").decode()

    def test_requests_that_are_logged_are_answered(self):
        server = self.serve("--threads", "1", "--max-idempotency-keys", "0")
        key = ("--header", "Idempotency-Key: one")
        self.assertEqual(503, post(server, "/accounts/10001/deposit", '{"amount":1}', *key).status)
        self.assertEqual("1000.0", balance(server))

    def test_snapshots_and_postings_go_on(self):
        server = self.serve("--snapshot-every", "20ms", "--retain", "1s")
        for number in range(1, 6):
            post(server, "/accounts/10001/deposit", '{"amount":1}')
            wait_until(lambda: any(f"{1000 + number}.0" in path.read_text()
                                   for path in server.snapshots()))

    def test_the_server_stops_in_order(self):
        for how in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(how=how):
                server = self.serve("--snapshot-every", "0")
                post(server, "/accounts/10001/deposit", '{"amount":1}')
                self.assertEqual(0, server.stop(how))
                self.assertIn("1001.0", server.snapshots()[-1].read_text())
                self.read_all()

    def test_an_end_with_status_1_is_not_held_up_either(self):
        server = self.serve("--snapshot-every", "0")
        (server.data / "snapshots").rmdir()
        (server.data / "snapshots").touch()
        self.assertEqual(1, server.stop())

    def test_a_command_that_prints_into_a_full_pipe_ends_by_a_signal(self):
        fill(self.writer)
        for arguments in (("--version",), ("--help",), ("serve", "--help"), ("version",), ("help",),
                          ("serve", "--bogus"), ("bogus",), ()):
            for how in (signal.SIGTERM, signal.SIGINT):
                with self.subTest(arguments, how=how), subprocess.Popen(
                        [BINARY, *arguments], stdin=subprocess.DEVNULL, stdout=self.writer,
                        stderr=self.writer, env=environment()) as process:
                    try:
                        wait_until(lambda: sleeps(process))
                        process.send_signal(how)
                        self.assertEqual(-how, process.wait(TIMEOUT_S))
                    finally:
                        process.kill()

    def test_a_command_has_blocked_what_its_parent_has_blocked_and_no_more(self):
        fill(self.writer)
        blocked = [signal.SIGUSR1, signal.SIGHUP, signal.SIGWINCH]
        with subprocess.Popen(
                [BINARY, "version"], stdin=subprocess.DEVNULL, stdout=self.writer,
                preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, blocked)) as process:
            try:
                wait_until(lambda: sleeps(process))
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
                found = int(re.search(r"^SigBlk:\s*(\w+)$", status, re.MULTILINE)[1], 16)
                self.assertEqual(sum(1 << (one - 1) for one in blocked), found)
            finally:
                process.kill()

    def test_what_waited_is_read_later(self):
        server = self.serve("--snapshot-every", "0")
        self.assertEqual(200, get(server, "/readyz").status)
        server.process.send_signal(signal.SIGHUP)
        text = []
        wait_until(lambda: text.append(self.read_all()) or "SIGHUP" in "".join(text))
        self.assertEqual(0, server.stop())

    def test_a_banner_that_nobody_reads_does_not_keep_it_from_serving(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        fill(self.writer)
        with tempfile.TemporaryDirectory() as data, subprocess.Popen(
                [BINARY, "serve", "--data", data, "--listen", f"127.0.0.1:{port}"],
                stdout=self.writer, stderr=self.writer, env=environment()) as process:
            try:
                request = f"curl -sf http://127.0.0.1:{port}/readyz"
                wait_until(lambda: subprocess.run(request.split(), capture_output=True,
                                                  check=False).returncode == 0)
                process.send_signal(signal.SIGTERM)
                self.assertEqual(0, process.wait(TIMEOUT_S))
            finally:
                process.kill()


if __name__ == "__main__":
    unittest.main()
