"""Requests with an Idempotency-Key, over restarts."""

import json
import pathlib
import re
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

from server import BINARY, Server, balance, environment, get, post, run, wait_until

COIN = '{"amount":1}'
DEPOSIT = "/accounts/10001/deposit"


def keyed(server, key, path=DEPOSIT, body=COIN):
    return post(server, path, body, "--header", f"Idempotency-Key: {key}")


def figure(server, name):
    return int(re.search(rf"^{name} (\d+)$", get(server, "/metrics").body, re.MULTILINE)[1])


def without_variations(reply):
    others = ("date", "x-request-id", "idempotent-replayed")
    return (reply.status, reply.body,
            {name: value for name, value in reply.fields.items() if name not in others})


class Keys(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def assert_replayed(self, first, again):
        self.assertNotIn("idempotent-replayed", first.fields)
        self.assertEqual("true", again.fields["idempotent-replayed"])
        self.assertEqual(without_variations(first), without_variations(again))

    def test_a_key_is_remembered_by_the_next_server_however_the_last_one_ended(self):
        with Server(data=self.folder) as server:
            paid = keyed(server, "paid")
            short = keyed(server, "short", "/accounts/10001/withdraw", '{"amount":5000}')
            self.assertEqual((200, 400), (paid.status, short.status))
            server.kill()
        for end in ("stop", "kill", "stop"):
            with Server(data=self.folder) as server:
                self.assert_replayed(paid, keyed(server, "paid"))
                self.assert_replayed(
                    short, keyed(server, "short", "/accounts/10001/withdraw", '{"amount":5000}'))
                self.assertEqual(422, keyed(server, "paid", body='{"amount":2}').status)
                self.assertEqual("1001.0", balance(server))
                self.assertEqual(2, figure(server, "coffer_idempotency_keys"))
                self.assertGreater(figure(server, "coffer_idempotency_bytes"), 0)
                getattr(server, end)()

    def test_a_key_in_quotes_is_its_text_and_the_next_server_remembers_it(self):
        with Server(data=self.folder) as server:
            spaced = keyed(server, '"order 1"')
            plain = keyed(server, "one")
            self.assert_replayed(plain, keyed(server, '"one"'))
            server.kill()
        with Server(data=self.folder) as server:
            self.assert_replayed(spaced, keyed(server, '"order 1";attempt=2'))
            self.assert_replayed(plain, keyed(server, '"one"'))
            for unfinished in ('"one', '"one"x', '""', '"'):
                reply = keyed(server, unfinished)
                self.assertEqual((400, "invalid_idempotency_key"),
                                 (reply.status, reply.error_type()))
            self.assertEqual("1002.0", balance(server))
            self.assertEqual(0, server.stop())
        self.assertEqual(0, run("audit", self.folder).returncode)
        exported = run("export", self.folder, "--format", "ndjson").stdout
        keys = [json.loads(line).get("key") for line in exported.splitlines()]
        self.assertEqual(["order 1", "one"], [key for key in keys if key])

    def test_a_key_is_forgotten_after_its_time_to_live_and_a_restart_knows_it(self):
        with Server("--idempotency-ttl", "1s", data=self.folder) as server:
            first = keyed(server, "a")
            self.assert_replayed(first, keyed(server, "a"))
            time.sleep(1.1)
            again = keyed(server, "a")
            self.assertNotIn("idempotent-replayed", again.fields)
            self.assertEqual(1002.0, again.json()["data"]["new_balance"])
            time.sleep(1.1)
            self.assertEqual(0, server.stop())
        with Server("--idempotency-ttl", "1s", data=self.folder) as server:
            self.assertEqual(0, figure(server, "coffer_idempotency_keys"))
            self.assertNotIn("idempotent-replayed", keyed(server, "a").fields)

    def test_beyond_their_limit_new_keys_are_refused_and_old_ones_known(self):
        with Server("--max-idempotency-keys", "3") as server:
            for key in "abc":
                self.assertEqual(200, keyed(server, key).status)
            refused = keyed(server, "d")
            self.assertEqual((503, "unavailable"), (refused.status, refused.error_type()))
            self.assertEqual("1", refused.fields["retry-after"])
            self.assertEqual("true", keyed(server, "a").fields["idempotent-replayed"])
            self.assertEqual(200, post(server, DEPOSIT, COIN).status)
            self.assertEqual("1004.0", balance(server))
            self.assertEqual(3, figure(server, "coffer_idempotency_keys_limit"))

    def test_of_many_that_send_one_key_at_once_one_is_done(self):
        with Server("--commit-wait", "2ms") as server:
            statuses = []

            def send(key):
                request = urllib.request.Request(
                    server.url(DEPOSIT), COIN.encode(),
                    {"Content-Type": "application/json", "Idempotency-Key": key})
                try:
                    with urllib.request.urlopen(request, timeout=20) as reply:
                        statuses.append((reply.status, reply.headers["Idempotent-Replayed"]))
                except urllib.error.HTTPError as error:
                    statuses.append((error.code, error.headers["Retry-After"]))
                    error.close()

            rounds = 30
            for key in range(rounds):
                threads = [threading.Thread(target=send, args=(str(key),)) for _ in range(8)]
                for one in threads:
                    one.start()
                for one in threads:
                    one.join()
            self.assertEqual(rounds, statuses.count((200, None)))
            self.assertEqual(8 * rounds, sum(statuses.count(known) for known in
                                             ((200, None), (200, "true"), (409, "1"))))
            self.assertEqual(f"{1000 + rounds}.0", balance(server))


class Readiness(unittest.TestCase):
    def test_a_server_that_reads_its_accounts_is_not_ready_and_says_so(self):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        with tempfile.TemporaryDirectory() as folder:
            accounts = pathlib.Path(folder) / "accounts.json"
            with accounts.open("w") as out:
                out.write('{"accounts":[\n{"account_number":"1","balance":1.0}')
                out.writelines(f',\n{{"account_number":"{i}","balance":1.0}}'
                               for i in range(2, 700_001))
                out.write("\n]}\n")
            process = subprocess.Popen(
                [BINARY, "serve", "--listen", f"127.0.0.1:{port}", "--data", f"{folder}/data",
                 "--accounts", accounts], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, env=environment())
            try:
                seen = []

                def ask(path):
                    try:
                        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}",
                                                    timeout=20) as reply:
                            return reply.status
                    except urllib.error.HTTPError as error:
                        error.close()
                        return error.code
                    except OSError:
                        return None

                def is_ready():
                    seen.append((ask("/readyz"), ask("/accounts/7/balance")))
                    return seen[-1] == (200, 200)

                wait_until(is_ready)
                self.assertIn((503, 503), seen)
                self.assertLessEqual(set(seen), {(None, None), (None, 503), (503, 503),
                                                 (503, 200), (200, 200)})
            finally:
                process.kill()
                process.wait()


if __name__ == "__main__":
    unittest.main()
