"""A server's life: start, snapshots under load, an orderly end, a kill, and the next start."""

import json
import pathlib
import random
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request

from server import BINARY, Server, balance, environment, post, run, wait_until
from http_test import post_bytes, split

DEPOSIT_LUA = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"amount":0.01}'
"""


class Load:
    """wrk at full speed, depositing one cent at a time, as a context manager."""

    def __init__(self, server, account=10001):
        self.script = tempfile.NamedTemporaryFile("w", suffix=".lua")
        self.script.write(DEPOSIT_LUA)
        self.script.flush()
        self.process = subprocess.Popen(
            ["wrk", "-t1", "-c16", "-d60s", "-s", self.script.name,
             server.url(f"/accounts/{account}/deposit")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.script.close()


def newest(server):
    """The number of the newest snapshot, 0 for none."""
    return max((int(path.stem) for path in server.snapshots()), default=0)


def has_all_until(server, balance):
    """Whether the newest snapshot shows this balance, and was begun after that posting."""
    if not server.snapshots():
        return False
    snapshot = json.loads(server.snapshots()[-1].read_text())
    shown = {each["account_number"]: each["balance"] for each in snapshot["accounts"]}["10001"]
    return (shown, snapshot["after_record"]) == (balance, snapshot["until_record"])


def accounts_of(snapshot):
    return {each["account_number"]: each for each in json.loads(snapshot.read_text())["accounts"]}


class Life(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def assert_valid(self, snapshot):
        """By a program that is not ours, and by what the snapshot says of itself."""
        subprocess.run(["jq", "-e", "(.accounts | length) == .count", str(snapshot)], check=True,
                       stdout=subprocess.DEVNULL)
        accounts = json.loads(snapshot.read_text(), parse_float=str)["accounts"]
        total = sum(round(float(each["balance"]) * 100) for each in accounts)
        said = json.loads(snapshot.read_text())["total"]
        self.assertEqual(total, round(said * 100))

    def test_sigterm_and_sigint_leave_a_snapshot_of_the_latest_balances(self):
        for how in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(how=how), Server("--snapshot-every", "1h") as server:
                post(server, "/accounts/10001/deposit", '{"amount":0.25}')
                self.assertEqual(0, server.stop(how))
                last = server.snapshots()[-1]
                self.assert_valid(last)
                self.assertIn('{"account_number":"10001","balance":1000.25,"sequence":2}',
                              last.read_text())

    def test_the_next_start_goes_on_from_the_last_snapshot(self):
        with Server(data=self.folder) as server:
            post(server, "/accounts/10001/withdraw", '{"amount":999.99}')
            self.assertEqual(0, server.stop())
        with Server(data=self.folder) as server:
            self.assertEqual("0.01", balance(server))
            post(server, "/accounts/10001/deposit", '{"amount":1}')
            self.assertEqual(0, server.stop())
        with Server("--in-memory", data=self.folder) as server:
            self.assertEqual("1000.0", balance(server))

    def test_what_was_answered_before_the_end_is_in_the_last_snapshot(self):
        for _ in range(5):
            with Server() as server:
                connections = [server.connect() for _ in range(8)]
                for connection in connections:
                    connection.sendall(post_bytes(b'{"amount":1}', 10001) * 50)
                received = connections[0].recv(1)  # it is at work now
                server.process.send_signal(signal.SIGTERM)
                paid = 0
                for connection in connections:
                    try:
                        while more := connection.recv(65536):
                            received += more
                    except ConnectionResetError:
                        pass
                    connection.close()
                    paid += sum(status == 200 for status, _, _ in split(received))
                    received = b""
                self.assertEqual(0, server.process.wait(20))
                account = accounts_of(server.snapshots()[-1])["10001"]
                self.assertEqual(1000 + paid, account["balance"])
                self.assertEqual(1 + paid, account["sequence"])

    def test_a_request_in_flight_at_the_end_is_answered(self):
        with Server() as server:
            request = post_bytes(b'{"amount":1}', 10001)
            with server.connect() as connection:
                connection.sendall(request[:-3])
                time.sleep(0.2)  # for the server to have read that
                server.process.send_signal(signal.SIGTERM)
                time.sleep(0.2)
                connection.sendall(request[-3:])
                (status, head, _), = split(connection.recv(65536))
                self.assertEqual(200, status)
                self.assertIn(b"Connection: close", head)
            self.assertEqual(0, server.process.wait(20))
            self.assertEqual(1001.0, accounts_of(server.snapshots()[-1])["10001"]["balance"])

    def test_nobody_is_waited_for_longer_than_the_drain_timeout(self):
        # The default is 5 s.
        flags = ("--drain-timeout", "6s", "--head-timeout", "1h")
        with Server(*flags) as server, server.connect() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n")
            time.sleep(0.2)
            begin = time.monotonic()
            self.assertEqual(0, server.stop())
            self.assertGreater(time.monotonic() - begin, 5.9)

    def test_the_newest_snapshots_are_kept(self):
        with Server("--snapshot-every", "20ms", "--snapshot-keep", "3") as server:
            for number in range(1, 7):
                post(server, "/accounts/10001/deposit", '{"amount":1}')
                wait_until(lambda: newest(server) >= number)
            self.assertEqual(0, server.stop())
            self.assertEqual(3, len(server.snapshots()))

    def test_a_ledger_that_nobody_posts_to_is_not_written_again(self):
        flags = ("--snapshot-every", "20ms", "--retain", "1s")
        with Server(*flags, data=self.folder) as server:
            post(server, "/accounts/10001/deposit", '{"amount":1}')
            wait_until(lambda: has_all_until(server, 1001))
            number = newest(server)
            time.sleep(0.5)
            balance(server)
            self.assertEqual(number, newest(server))
            self.assertEqual(0, server.stop())
            self.assertEqual(number, newest(server))
        with Server(*flags, data=self.folder) as server:
            time.sleep(0.5)
            self.assertEqual(number, newest(server))
            post(server, "/accounts/10001/deposit", '{"amount":1}')
            wait_until(lambda: has_all_until(server, 1002))
            number = newest(server)
            self.assertEqual(0, server.stop())
        with Server("--snapshot-every", "0", data=self.folder) as server:
            self.assertEqual(0, server.stop())
            self.assertEqual(number, newest(server))
            server.wait_until_it_says("stopped: 0 snapshots taken")

    def test_snapshots_appear_and_are_valid_under_full_load(self):
        with Server("--snapshot-every", "200ms", "--snapshot-keep", "1000") as server:
            with Load(server):
                wait_until(lambda: len(server.snapshots()) >= 8)
            self.assertEqual(0, server.stop())
            sequences = []
            for snapshot in server.snapshots():
                self.assert_valid(snapshot)
                account = accounts_of(snapshot)["10001"]
                sequences.append(account["sequence"])
                self.assertEqual(round(account["balance"] * 100), 99_999 + account["sequence"])
            self.assertEqual(sorted(set(sequences)), sequences, "each has postings of its own")

    def test_a_kill_leaves_no_half_snapshot_and_the_next_start_tidies_up(self):
        accounts = self.folder / "accounts.json"
        rows = (f'{{"account_number":"{i}","balance":1.0}}' for i in range(10_001, 40_001))
        accounts.write_text('{"accounts":[\n' + ",\n".join(rows) + "\n]}")
        data = self.folder / "data"
        chosen = random.Random(1)
        for _ in range(8):
            with Server("--snapshot-every", "1ms", "--accounts", accounts, data=data) as server:
                with Load(server):
                    before = newest(server)
                    wait_until(lambda: newest(server) > before)
                    time.sleep(chosen.random() / 20)
                    server.kill()
                for snapshot in server.snapshots():
                    self.assert_valid(snapshot)
        with Server("--snapshot-every", "0", data=data) as server:
            left = [path.name for path in (data / "snapshots").iterdir()
                    if not path.name.endswith(".json")]
            self.assertEqual([], left)
            self.assertGreaterEqual(float(balance(server, 10001)), 1)

    def test_a_second_server_on_a_data_directory_is_refused_and_touches_nothing(self):
        with Server(data=self.folder) as server:
            temporary = self.folder / "snapshots" / ".7.json.tmp"
            temporary.touch()
            refused = run("serve", "--listen", "127.0.0.1:0", "--data", self.folder)
            self.assertEqual((1, 1), (refused.returncode, len(refused.stderr.splitlines())))
            self.assertIn("another server", refused.stderr)
            self.assertTrue(temporary.exists())
            self.assertEqual(0, server.stop())

    def test_of_servers_that_start_at_once_on_one_port_one_is_left(self):
        with Server("--in-memory") as probe:
            port = probe.port
        for attempt in range(10):
            with self.subTest(attempt):
                starts = [subprocess.Popen(
                    [BINARY, "serve", "--in-memory", "--threads", "3", "--listen",
                     f"127.0.0.1:{port}"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL, env=environment()) for _ in range(2)]
                try:
                    wait_until(lambda: any(one.poll() is not None for one in starts))
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=20):
                        left = [one for one in starts if one.poll() is None]
                    self.assertEqual(1, len(left))
                finally:
                    for one in starts:
                        one.kill()
                        one.wait()

    def test_in_memory_neither_reads_nor_writes_the_data_directory(self):
        with Server("--in-memory", "--snapshot-every", "10ms", data=self.folder) as server:
            time.sleep(0.1)
            self.assertEqual(0, server.stop())
        self.assertEqual([], list(self.folder.iterdir()))

    def test_a_last_snapshot_that_fails_is_status_1_and_said(self):
        with Server(data=self.folder) as server:
            (self.folder / "snapshots").rmdir()
            (self.folder / "snapshots").touch()
            self.assertEqual(1, server.stop())
            server.wait_until_it_says("coffer: the last snapshot failed")

    def test_an_accounts_file_that_comes_too_late_is_named(self):
        with Server(data=self.folder) as server:
            server.stop()
        with Server("--accounts", "late.json", data=self.folder) as server:
            server.wait_until_it_says("--accounts late.json is not read")
            self.assertEqual("1000.0", balance(server))

    def test_no_accounts_may_be_asked_for_at_each_start(self):
        for _ in range(2):
            with Server("--accounts", "none", data=self.folder) as server:
                self.assertNotIn("--accounts", server.stderr())
                server.stop()

    def test_a_kill_loses_nothing_that_was_answered(self):
        with Server(data=self.folder) as server:
            post(server, "/accounts/10001/withdraw", '{"amount":999.99}')
            server.kill()
        with Server(data=self.folder) as server:
            self.assertEqual("0.01", balance(server))
            self.assertEqual(0, server.stop())
        with Server(data=self.folder) as server:
            self.assertEqual("0.01", balance(server))

    def test_no_threads_to_be_had_is_one_line_and_status_1(self):
        limited = f"ulimit -v 300000; exec {BINARY} serve --in-memory --threads 900 " \
                  "--listen 127.0.0.1:0"
        done = subprocess.run(["bash", "-c", limited], capture_output=True, text=True, timeout=20,
                              check=False, stdin=subprocess.DEVNULL, env=environment())
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)

    def test_deposits_from_many_connections_are_all_there(self):
        with Server() as server:
            def deposit_all():
                with server.connect() as connection:
                    connection.sendall(post_bytes(b'{"amount":0.1}', 10009) * 100)
                    received = b""
                    while received.count(b"HTTP/1.1 200") < 100 or not received.endswith(b"}"):
                        received += connection.recv(65536)
            threads = [threading.Thread(target=deposit_all) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual("9080.0", balance(server, 10009))


if __name__ == "__main__":
    unittest.main()
