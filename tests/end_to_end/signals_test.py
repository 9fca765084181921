"""Signals at any moment of a server's life, as an ordinary process and as process 1."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from server import BINARY, TIMEOUT_S, Server, balance, environment, get, post, wait_until

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGALRM)
WITHOUT_EFFECT = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
# A start that is stopped ends within a second. What a busy machine may add to that is far less than
# what these starts would take else, which is for ever.
ENDS_WITHIN_S = 5


def namespace():
    """A prefix that makes a command process 1 of a namespace, None where that is not allowed."""
    if shutil.which("unshare") is None:
        return None
    for flags in (["-fp"], ["-Ufp", "--map-root-user"]):
        prefix = ["unshare", *flags, "--kill-child"]
        if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
            return prefix
    return None


def child_of(process):
    """The process that `unshare` has started."""
    path = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    wait_until(lambda: path.read_text().split())
    return int(path.read_text().split()[0])


def would_handle(pid, how):
    """Whether the process has a handler for the signal, and does not hold it back."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines())
    caught, blocked = (int(fields[name], 16) >> (how - 1) & 1 for name in ("SigCgt", "SigBlk"))
    return caught and not blocked


class AsAnOrdinaryProcess(unittest.TestCase):
    prefix = []

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.data = self.folder / "data"

    def pid(self, process):
        return process.pid

    def serve(self, *flags, **more):
        return self.enterContext(Server(*flags, prefix=self.prefix, data=self.data, **more))

    def send(self, process, how):
        os.kill(self.pid(process), how)

    def start(self, *flags, listen="127.0.0.1:0"):
        """Without waiting for it to serve."""
        process = subprocess.Popen(
            [*self.prefix, BINARY, "serve", "--listen", listen, "--data", self.data,
             *map(str, flags)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=environment())
        self.addCleanup(lambda: (process.kill(), process.communicate()))
        return process

    def has_open(self, process, path):
        descriptors = pathlib.Path(f"/proc/{self.pid(process)}/fd")
        try:
            return str(path) in [os.readlink(one) for one in descriptors.iterdir()]
        except FileNotFoundError:  # closed meanwhile
            return False

    def assert_ends(self, process, how):
        self.send(process, how)
        self.assertEqual(0, process.wait(ENDS_WITHIN_S))
        said = process.stderr.read()
        self.assertIn(f"{how.name}: stopping", said)
        self.assertIn("stopped before it served", said)
        self.assertEqual("", process.stdout.read())

    def content(self):
        return sorted((str(path.relative_to(self.data)), path.lstat().st_size)
                      for path in self.data.rglob("*"))

    def test_a_stop_while_it_waits_for_the_journal_changes_nothing(self):
        with Server(data=self.data) as server:
            post(server, "/accounts/10001/deposit", '{"amount":1}')
            server.kill()
        segment = sorted((self.data / "journal").glob("*.journal"))[0]
        away = self.folder / "away"
        for how in STOPPING:
            with self.subTest(how=how):
                segment.rename(away)
                os.mkfifo(segment)
                before = self.content()
                process = self.start()
                wait_until(lambda: self.has_open(process, self.data))
                self.assert_ends(process, how)
                self.assertEqual(before, self.content())
                segment.unlink()
                away.rename(segment)
        with Server(data=self.data) as server:
            self.assertEqual("1001.0", balance(server))

    def test_a_first_start_that_is_stopped_leaves_no_journal(self):
        accounts = self.folder / "accounts.json"
        os.mkfifo(accounts)
        process = self.start("--accounts", accounts)
        # It is stopped while it waits for the rest of them.
        with accounts.open("w") as listed:
            listed.write('{"accounts":[\n{"account_number":"7","balance":1.5}\n')
            listed.flush()
            wait_until(lambda: list(self.data.glob("journal.new/*")))
            self.assert_ends(process, signal.SIGTERM)
        self.assertEqual([], self.content())

    def test_a_start_that_reads_accounts_for_ever_is_stopped(self):
        accounts = self.folder / "accounts.json"
        os.mkfifo(accounts)
        process = self.start("--accounts", accounts)
        wait_until(self.data.exists)
        self.assert_ends(process, signal.SIGINT)

    def test_the_files_are_read_again_at_sighup_during_a_start_too(self):
        accounts, tokens = self.folder / "accounts.json", self.folder / "tokens"
        os.mkfifo(accounts)
        tokens.write_text(f"teller-7 read sha256:{'0' * 64}\n")
        tokens.chmod(0o600)
        process = self.start("--accounts", accounts, "--tokens", tokens)
        wait_until(self.data.exists)
        with accounts.open("w"):  # it reads them: all that comes before has been done
            self.send(process, signal.SIGHUP)
            due = {"SIGHUP: reading the files again", "tokens: read again"}  # in any order
            while due:
                line = process.stderr.readline()
                self.assertTrue(line, f"it has ended without {due}")
                due = {one for one in due if one not in line}
            process.kill()

    def test_signals_that_stop_leave_a_last_snapshot(self):
        for number, how in enumerate(STOPPING, 1):
            with self.subTest(how=how):
                server = self.serve("--snapshot-every", "0")
                post(server, "/accounts/10001/deposit", '{"amount":1}')
                self.send(server.process, how)
                self.assertEqual(0, server.process.wait(TIMEOUT_S))
                server.wait_until_it_says(f"{how.name}: draining")
                self.assertIn(f"{1000 + number}.0", server.snapshots()[-1].read_text())

    def test_others_are_logged_and_have_no_effect(self):
        server = self.serve()
        for how in WITHOUT_EFFECT:
            self.send(server.process, how)
            wait_until(lambda: f"{how.name}: has no effect" in server.stderr())
        self.assertEqual("1000.0", balance(server))
        self.send(server.process, signal.SIGTERM)
        self.assertEqual(0, server.process.wait(TIMEOUT_S))

    def test_a_second_signal_within_a_second_is_the_same_one(self):
        server = self.serve("--snapshot-every", "0", "--drain-timeout", "2s")
        post(server, "/accounts/10001/deposit", '{"amount":1}')
        with server.connect() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n")
            time.sleep(0.2)  # for the server to have read that
            # Held up meanwhile, so that they are there at once however busy the machine is.
            for how in (signal.SIGSTOP, signal.SIGTERM, signal.SIGTERM, signal.SIGINT,
                        signal.SIGCONT):
                self.send(server.process, how)
            self.assertEqual(0, server.process.wait(TIMEOUT_S))
        self.assertIn("1001.0", server.snapshots()[-1].read_text())

    def test_a_later_one_ends_it_at_once(self):
        for how in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(how=how):
                server = self.serve("--snapshot-every", "0", "--drain-timeout", "1h")
                with server.connect() as connection:
                    connection.sendall(b"GET / HTTP/1.1\r\n")
                    time.sleep(0.2)
                    self.send(server.process, signal.SIGTERM)
                    time.sleep(1.5)
                    self.assertIsNone(server.process.poll(), "it waits for the request to end")
                    self.send(server.process, how)
                    self.assertEqual(128 + how, server.process.wait(ENDS_WITHIN_S))
                server.wait_until_it_says(f"{how.name} again")

    def test_during_the_grace_it_serves_and_calls_itself_not_ready(self):
        server = self.serve("--drain-grace", "1h")
        self.send(server.process, signal.SIGTERM)
        wait_until(lambda: get(server, "/readyz").status == 503)
        self.assertIn("about to stop", get(server, "/readyz").body)
        self.assertEqual(200, post(server, "/accounts/10001/deposit", '{"amount":1}').status)
        self.assertEqual("1001.0", balance(server))

    def test_after_the_grace_it_ends_in_order_with_all_that_was_posted(self):
        server = self.serve("--drain-grace", "2s", "--snapshot-every", "0")
        begin = time.monotonic()
        self.send(server.process, signal.SIGTERM)
        paid = 0
        try:
            while post(server, "/accounts/10001/deposit", '{"amount":1}').status == 200:
                paid += 1
        except subprocess.CalledProcessError:  # it does not listen any more
            pass
        self.assertEqual(0, server.process.wait(TIMEOUT_S))
        self.assertGreaterEqual(time.monotonic() - begin, 2)
        self.assertIn(f"{1000 + paid}.0", server.snapshots()[-1].read_text())

    def test_a_later_signal_ends_the_grace_at_once(self):
        server = self.serve("--drain-grace", "1h")
        self.send(server.process, signal.SIGTERM)
        time.sleep(1.5)
        self.assertEqual("1000.0", balance(server))
        self.send(server.process, signal.SIGTERM)
        self.assertEqual(128 + signal.SIGTERM, server.process.wait(ENDS_WITHIN_S))

    def test_a_stop_right_after_the_first_answer_is_an_orderly_one(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        process = self.start(listen=f"127.0.0.1:{port}")
        wait_until(lambda: self.is_ready(port))
        self.send(process, signal.SIGTERM)
        self.assertEqual(0, process.wait(TIMEOUT_S), process.stderr.read())
        self.assertTrue((self.data / "snapshots" / "1.json").exists())

    def is_ready(self, port):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as connection:
                connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n"
                                   b"Connection: close\r\n\r\n")
                return connection.recv(12) == b"HTTP/1.1 200"
        except ConnectionError:
            return False


PREFIX = namespace()


@unittest.skipIf(PREFIX is None, "no process namespace of its own can be made here (unshare)")
class AsProcessOne(AsAnOrdinaryProcess):
    prefix = PREFIX

    def pid(self, process):
        return child_of(process)

    def test_an_export_ends_by_a_signal_too(self):
        with Server(data=self.data):
            pass
        segment = sorted((self.data / "journal").glob("*.journal"))[0]
        segment.unlink()
        os.mkfifo(segment)
        for command in (["export", self.data, "--format", "csv"],
                        ["export", self.data, "--format", "csv", "--output", self.folder / "out"],
                        ["audit", self.data]):
            with self.subTest(command), subprocess.Popen(
                    [*self.prefix, BINARY, *command], env=environment()) as process:
                try:
                    pid = self.pid(process)
                    wait_until(lambda: would_handle(pid, signal.SIGTERM))
                    os.kill(pid, signal.SIGTERM)
                    self.assertEqual(128 + signal.SIGTERM, process.wait(ENDS_WITHIN_S))
                finally:
                    process.kill()
        self.assertEqual(["data"], [path.name for path in self.folder.iterdir()])


class UnderNohup(unittest.TestCase):
    def test_it_outlives_the_terminal_and_stops_as_ever(self):
        with Server("--in-memory", prefix=["nohup"]) as server:
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "SIGHUP: has no effect" in server.stderr())
            self.assertEqual("1000.0", balance(server))
            self.assertEqual(0, server.stop())


if __name__ == "__main__":
    unittest.main()
