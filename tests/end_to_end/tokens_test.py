"""Who may do what: tokens, their file and its reloading, hosts and origins, rates."""

import hashlib
import json
import os
import pathlib
import signal
import tempfile
import unittest

from server import DidNotStart, Server, curl, exchange, get, post, run, wait_until

DEPOSIT = '{"amount":1.0}'


def bearer(token):
    return "--header", f"Authorization: Bearer {token}"


def line(token, rest, name="n"):
    """A line for the file of tokens: `rest` is the scopes, and perhaps the accounts."""
    scopes, _, accounts = rest.partition(" ")
    return f"{name} {scopes} sha256:{hashlib.sha256(token.encode()).hexdigest()} {accounts}\n"


def replace(path, text):
    """As an editor does: the server never sees a half-written file."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.chmod(0o640)
    os.rename(new, path)


class TokenCommand(unittest.TestCase):
    def test_a_token_is_printed_once_and_its_line_beside_it(self):
        made = run("token", "teller-7", "--scope", "read,post", "--accounts", "10001-10009,20001")
        self.assertEqual(0, made.returncode)
        token = made.stdout.strip()
        self.assertRegex(token, r"^coffer_[A-Za-z0-9_-]{43}$")
        hashed = hashlib.sha256(token.encode()).hexdigest()
        self.assertEqual(f"teller-7 read,post sha256:{hashed} accounts=10001-10009,20001\n",
                         made.stderr)
        self.assertNotEqual(token, run("token", "teller-7", "--scope", "read").stdout.strip())

    def test_a_wrong_name_scope_or_range_is_refused(self):
        for wrong in (("a b", "--scope", "read"), ("a", "--scope", "write"), ("a",),
                      ("a", "--scope", "read", "--accounts", "5-1"), ("--scope", "read")):
            made = run("token", *wrong)
            self.assertEqual((2, ""), (made.returncode, made.stdout), wrong)


class TokensOfAServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="coffer-test-"))
        cls.file = pathlib.Path(folder) / "tokens"
        cls.tokens = {}
        text = ""
        for name, scopes in (("reader", ["read"]), ("poster", ["post"]), ("opener", ["open"]),
                             ("admin", ["admin"]), ("clerk", ["admin", "--accounts", "10001"]),
                             ("teller", ["read,post,open", "--accounts", "10001-10002,200000"])):
            made = run("token", name, "--scope", *scopes)
            cls.tokens[name] = made.stdout.strip()
            text += made.stderr
        replace(cls.file, text)
        cls.server = cls.enterClassContext(Server("--in-memory", "--tokens", cls.file))

    def get(self, path, name=None, *arguments):
        return get(self.server, path, *(bearer(self.tokens[name]) if name else ()), *arguments)

    def post(self, path, body, name=None, *arguments, **how):
        return post(self.server, path, body, *(bearer(self.tokens[name]) if name else ()),
                    *arguments, **how)

    def test_without_a_token_there_is_401_whatever_is_asked(self):
        for path in ("/accounts/10001/balance", "/accounts", "/metrics", "/nowhere", "/events"):
            reply = self.get(path)
            self.assertEqual((401, "unauthorized"), (reply.status, reply.error_type()), path)
            self.assertEqual('Bearer realm="coffer"', reply.fields["www-authenticate"])
        head = curl("--head", self.server.url("/accounts/10001/balance"))
        self.assertEqual((401, ""), (head.status, head.body))
        self.assertIn('error="invalid_token"',
                      get(self.server, "/accounts", *bearer("x")).fields["www-authenticate"])

    def test_what_is_for_anyone_needs_none(self):
        for path in ("/readyz", "/openapi.json"):
            self.assertEqual(200, self.get(path).status)

    def test_each_scope_is_for_its_requests(self):
        self.assertEqual(200, self.get("/accounts/10003/balance", "reader").status)
        self.assertEqual(200, self.get("/metrics", "reader").status)
        self.assertEqual(200, self.post("/accounts/10003/deposit", DEPOSIT, "poster").status)
        self.assertEqual(201, self.post("/accounts", '{"account_number":"300000"}',
                                        "opener").status)
        for path, body, name in (("/accounts/10003/deposit", DEPOSIT, "reader"),
                                 ("/accounts/10003/close", "", "poster"),
                                 ("/accounts", "{}", "poster"),
                                 ("/transactions", "{}", "opener")):
            reply = self.post(path, body, name)
            self.assertEqual((403, "forbidden"), (reply.status, reply.error_type()), path)
        self.assertEqual(403, self.get("/accounts/10003/balance", "poster").status)

    def test_accounts_that_are_debited_or_opened_must_be_the_tokens(self):
        rows = (
            ("/accounts/10001/transfer", '{"to":"10005","amount":1.0}', 200),
            ("/accounts/10005/transfer", '{"to":"10001","amount":1.0}', 403),
            ("/accounts/10005/deposit", DEPOSIT, 403),
            ("/transactions", '{"postings":[{"account_number":"10001","amount":-1.0},'
                              '{"account_number":"10005","amount":1.0}]}', 200),
            ("/transactions", '{"postings":[{"account_number":"10001","amount":1.0},'
                              '{"account_number":"10005","amount":-1.0}]}', 403),
            ("/accounts", '{"account_number":"200000"}', 201),
            ("/accounts", '{"account_number":"200001"}', 403),
            ("/accounts", '{}', 403),  # the next one is not the token's
        )
        for path, body, status in rows:
            reply = self.post(path, body, "teller")
            self.assertEqual(status, reply.status, (path, body, reply.body))
        refused = self.post(rows[4][0], rows[4][1], "teller").json()["error"]
        self.assertEqual("10005", refused["account_number"])

    def test_snapshots_are_for_tokens_of_all_accounts(self):
        for path in ("/admin/snapshots", "/admin/snapshots/2.json/difference?since=1.json"):
            self.assertEqual(403, self.get(path, "clerk").status)
            self.assertEqual(501, self.get(path, "admin").status)  # in memory there are none

    def test_a_batch_is_decided_line_by_line(self):
        lines = ['{"operation":"deposit","account_number":"10001","amount":1.0}',
                 '{"operation":"deposit","account_number":"10005","amount":1.0}',
                 '{"account_number":"10005","operation":"hold","amount":1.0}',
                 '{"operation":"transfer","account_number":"10001","to":"10005","amount":1.0}',
                 '{"operation":"transfer","account_number":"10005","to":"10001","amount":1.0}']
        reply = self.post("/batch", "\n".join(lines) + "\n", "teller",
                          content_type="application/x-ndjson")
        self.assertEqual(200, reply.status)
        # A deposit only credits, as a transfer does its payee.
        self.assertEqual([200, 200, 403, 200, 403],
                         [json.loads(one)["code"] for one in reply.body.splitlines()])
        self.assertEqual(401, self.post("/batch", "\n".join(lines) + "\n",
                                        content_type="application/x-ndjson").status)

    def test_a_refusal_comes_before_the_body_is_read(self):
        head = (b"POST /accounts/10005/deposit HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Type: application/json\r\nContent-Length: 1000\r\n%s\r\n")
        teller = b"Authorization: Bearer " + self.tokens["teller"].encode() + b"\r\n"
        for fields, status in ((b"", 401), (teller, 403), (b"Expect: 100-continue\r\n", 401),
                               (teller + b"Expect: 100-continue\r\n", 403)):
            received, closed = exchange(self.server, head % fields)
            self.assertTrue(received.startswith(b"HTTP/1.1 %d " % status), received)
            self.assertTrue(closed)

    def test_no_token_is_in_the_log(self):
        self.get("/accounts/10001/balance", "reader")
        for token in self.tokens.values():
            self.assertNotIn(token, self.server.stderr())


class TokensFile(unittest.TestCase):
    def test_a_new_file_counts_at_once_and_a_wrong_one_is_named(self):
        with tempfile.TemporaryDirectory(prefix="coffer-test-") as folder:
            file = pathlib.Path(folder) / "tokens"
            replace(file, line("one", "read"))
            with Server("--in-memory", "--tokens", file) as server:
                def status(token):
                    return get(server, "/accounts/10001/balance", *bearer(token)).status
                self.assertEqual([200, 401], [status("one"), status("two")])
                replace(file, line("two", "read"))
                server.process.send_signal(signal.SIGHUP)
                wait_until(lambda: status("two") == 200)
                self.assertEqual(401, status("one"))
                replace(file, line("one", "read") + "x\n")  # noticed without a signal
                wait_until(lambda: "tokens: not read again" in server.stderr())
                server.wait_until_it_says("line 2: is not: NAME SCOPES")
                self.assertEqual([401, 200], [status("one"), status("two")])
                replace(file, line("three", "read"))
                wait_until(lambda: status("three") == 200)
                server.stop()
                self.assertIn(f"  access      by the tokens in {file}\n",
                              "".join(server.process.stdout))

    def test_a_server_does_not_start_with_a_wrong_file(self):
        with tempfile.TemporaryDirectory(prefix="coffer-test-") as folder:
            file = pathlib.Path(folder) / "tokens"
            for text, why in (("", "no token in it"), ("a read\n", "line 1: is not"),
                              (line("x", "read") + line("x", "read", "m"), "line 2: the token"),
                              (line("x", "read", "-"), "line 1: the name")):
                file.write_text(text)
                with self.assertRaises(DidNotStart) as failed:
                    Server("--in-memory", "--tokens", file)
                self.assertEqual(1, failed.exception.status)
                self.assertIn(why, failed.exception.said)
                self.assertIn(str(file), failed.exception.said)
            file.unlink()
            with self.assertRaises(DidNotStart) as failed:
                Server("--in-memory", "--tokens", file)
            self.assertIn("No such file", failed.exception.said)

    def test_a_start_without_tokens_warns_of_keys_of_their_names(self):
        with tempfile.TemporaryDirectory(prefix="coffer-test-") as folder:
            file, data = pathlib.Path(folder) / "tokens", pathlib.Path(folder) / "data"
            replace(file, line("one", "post"))
            warning = "without --tokens, what was sent with the tokens of 1 names"
            for flags, key in (((), "0"), (("--tokens", file), "1"), (("--tokens", file), "2")):
                with Server(*flags, data=data) as server:
                    reply = post(server, "/accounts/10001/deposit", DEPOSIT, *bearer("one"),
                                 "--header", f"Idempotency-Key: {key}")
                    self.assertEqual(200, reply.status, reply.body)
                    self.assertEqual(0, server.stop())
                    self.assertNotIn(warning, server.stderr())
            with Server(data=data) as server:
                server.wait_until_it_says(warning)

    def test_a_file_that_everybody_can_read_is_warned_of(self):
        with tempfile.TemporaryDirectory(prefix="coffer-test-") as folder:
            file = pathlib.Path(folder) / "tokens"
            file.write_text(line("one", "read"))
            file.chmod(0o644)
            with Server("--in-memory", "--tokens", file) as server:
                server.wait_until_it_says("can be read by every user")
            file.chmod(0o640)
            with Server("--in-memory", "--tokens", file) as server:
                self.assertNotIn("can be read", server.stderr())


class Browsers(unittest.TestCase):
    """What a page of another site can have a browser send."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(
            Server("--in-memory", "--host-name", "bank.example,https://desk.example"))

    def deposit(self, *fields):
        return post(self.server, "/accounts/10001/deposit", DEPOSIT,
                    *(part for field in fields for part in ("--header", field)))

    def test_a_name_that_was_resolved_to_this_machine_is_refused(self):
        for host in ("evil.example", f"evil.example:{self.server.port}", "127.0.0.1.evil.example"):
            for reply in (get(self.server, "/accounts/10001/balance", "--header", f"Host: {host}"),
                          self.deposit(f"Host: {host}", f"Origin: http://{host}")):
                self.assertEqual((421, "misdirected_request"), (reply.status, reply.error_type()))
        for host in ("localhost", "bank.example", "desk.example:1", "[::1]:5000"):
            self.assertEqual(200, self.deposit(f"Host: {host}").status, host)

    def test_a_page_of_another_site_cannot_post(self):
        for origin in ("https://evil.example", "null", "http://127.0.0.1:1",
                       "http://desk.example"):
            reply = self.deposit(f"Origin: {origin}")
            self.assertEqual((403, "forbidden"), (reply.status, reply.error_type()), origin)
        for origin in (f"http://127.0.0.1:{self.server.port}", "https://desk.example",
                       "http://bank.example"):
            self.assertEqual(200, self.deposit(f"Origin: {origin}").status, origin)

    def test_no_reply_permits_another_site_to_read_it(self):
        reply = get(self.server, "/accounts/10001/balance", "--header",
                    "Origin: https://evil.example")
        self.assertFalse([name for name in reply.fields if name.startswith("access-control")])
        asked = curl("--request", "OPTIONS", self.server.url("/accounts/10001/deposit"),
                     "--header", "Origin: https://evil.example",
                     "--header", "Access-Control-Request-Method: POST",
                     "--header", "Access-Control-Request-Headers: content-type")
        self.assertFalse([name for name in asked.fields if name.startswith("access-control")])


class Rates(unittest.TestCase):
    def test_beyond_the_rate_there_is_429(self):
        with Server("--in-memory", "--rate-limit", "3/s") as server:
            request = b"GET /accounts/10001/balance HTTP/1.1\r\nHost: localhost\r\n\r\n"
            received, _ = exchange(server, request * 200)
            statuses = [int(one[:3]) for one in received.decode().split("HTTP/1.1 ")[1:]]
            self.assertEqual({200, 429}, set(statuses))
            self.assertGreaterEqual(statuses.count(200), 3)
            self.assertEqual(statuses.count(429), received.count(b"\r\nRetry-After: 1\r\n"))
            wait_until(lambda: get(server, "/accounts/10001/balance").status == 200)

    def test_a_wrong_rate_is_refused(self):
        for wrong in ("0/s", "3", "3/m", "-1/s"):
            self.assertEqual(2, run("serve", "--rate-limit", wrong).returncode)


class OpenListeners(unittest.TestCase):
    def test_without_tokens_a_server_that_others_can_reach_says_so(self):
        with Server("--in-memory", listen="0.0.0.0:0") as server:
            wait_until(lambda: "can move money" in server.stderr())
            server.stop()
            self.assertEqual(1, server.stderr().count("can move money"))
            self.assertIn(f"EVERYBODY who can reach http://0.0.0.0:{server.port}",
                          "".join(server.process.stdout))
        with Server("--in-memory") as server:
            server.stop()
            self.assertNotIn("EVERYBODY", "".join(server.process.stdout))


if __name__ == "__main__":
    unittest.main()
