"""Data directories that earlier releases wrote, each with keys, refusals, a snapshot, and postings
that a kill -9 left behind it. data-format-1: the first format of the journal, without running time.
data-format-2: the last one without transactions and holds, in several segments, with a stop.
data-format-3: the last one without tokens, with records of each version up to 4, a snapshot with
an open hold and the index file of a full segment.
data-format-4: the first one with tokens: all of it was posted with one, by the same requests."""

import pathlib
import tarfile
import tempfile
import unittest

from server import Server, get, post, run


def keyed(server, key, path, body, *fields):
    return post(server, path, body, "--header", f"Idempotency-Key: {key}", *fields)


def token_of(name, file):
    """Adds a token to the file, and returns the field that a request with it has."""
    made = run("token", name, "--scope", "read,post,open")
    with file.open("a") as lines:
        lines.write(made.stderr)
    file.chmod(0o640)
    return "--header", f"Authorization: Bearer {made.stdout.strip()}"


class OldFormat:
    """What is asked of each of them. `requests` were answered with these statuses."""

    fields = ()  # of all requests

    def setUp(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        with tarfile.open(pathlib.Path(__file__).with_name(self.kept)) as kept:
            kept.extractall(folder)
        self.data = folder / "data"

    def assert_audited(self):
        found = run("audit", self.data)
        self.assertEqual(0, found.returncode, found.stdout + found.stderr)

    def test_is_audited(self):
        self.assert_audited()
        lines = run("export", self.data, "--format", "csv").stdout.splitlines()
        self.assertEqual(1 + self.postings, len(lines))

    def test_is_served_with_its_keys_and_goes_on(self):
        for _ in range(2):  # by what this version has written, too
            with Server(*self.flags, data=self.data) as server:
                self.assert_balances(server)
                self.assert_repeated(server)
                self.assertEqual(200, keyed(server, "new", "/accounts/10002/deposit",
                                            '{"amount":1}', *self.fields).status)
                self.assert_balances(server)
                self.assertEqual(2001.0, self.balance(server, 10002))
                server.stop()
            self.assert_audited()

    def assert_repeated(self, server):
        for key, path, body, status in self.requests:
            again = keyed(server, key, path, body, *self.fields)
            self.assertEqual(status, again.status, again.body)
            if status != 404:
                self.assertEqual("true", again.fields.get("idempotent-replayed"))

    def assert_balances(self, server):
        for account, expected in self.balances.items():
            self.assertEqual(float(expected), self.balance(server, account))

    def balance(self, server, account):
        shown = get(server, f"/accounts/{account}/balance", *self.fields).json()
        return shown["data"]["balance"]

    def turn_tokens_on(self, *names):
        """Returns the field that a request has with a token, for each of the names."""
        file = self.data.with_name("tokens")
        self.flags = (*type(self).flags, "--tokens", file)
        return [token_of(name, file) for name in names]


FIRST_REQUESTS = (
    ("first-key", "/accounts/10001/deposit", '{"amount":5}', 200),
    ("second-key", "/accounts/10001/deposit", '{"amount":7.25}', 200),
    ("refused-key", "/accounts/10002/withdraw", '{"amount":99999}', 400),
)


class Format1(OldFormat, unittest.TestCase):
    kept = "data-format-1.tar.xz"
    flags = ()
    postings = 10 + 4
    balances = {10001: "1012.25", 10009: "9001.0"}
    requests = (*FIRST_REQUESTS, ("unknown-key", "/accounts/424242/deposit", '{"amount":1}', 404))


class Format2(OldFormat, unittest.TestCase):
    kept = "data-format-2.tar.xz"
    flags = ("--segment-size", "4MiB", "--retain", "all", "--idempotency-ttl", "2400h")
    postings = 10 + 4 + 16_000
    balances = {10001: "1012.25", 10003: "2999.75", 10004: "4160.0", 10009: "9001.0"}
    requests = (*FIRST_REQUESTS,
                ('"spaced key"', "/accounts/10003/withdraw", '{"amount":0.25}', 200),
                ('"last key"', "/accounts/10009/deposit", '{"amount":1}', 200),
                ("k" * 249 + "015999", "/accounts/10004/deposit", '{"amount":0.01}', 200))


HOLD = "/accounts/10005/holds/2-0"


class Format3Requests(OldFormat):
    flags = ("--segment-size", "4MiB", "--retain", "all", "--idempotency-ttl", "2400h")
    postings = 10 + 3 + 6 + 2 + 3 + 14_000 + 1 + 2
    balances = {10001: "1012.25", 10003: "2999.75", 10004: "4140.0", 10005: "4985.0",
                10006: "6002.0", 10007: "7003.0", 10008: "8002.0", 10009: "8999.0"}
    requests = (*FIRST_REQUESTS,
                ('"spaced key"', "/accounts/10003/withdraw", '{"amount":0.25}', 200),
                ("hold-key", "/accounts/10005/holds", '{"amount":40}', 201),
                ("capture-key", HOLD + "/capture", '{"amount":10,"final":false}', 200),
                ("paid-key", HOLD + "/capture", '{"amount":5,"to":"10006"}', 200),
                ("release-key", HOLD + "/release", "{}", 200),
                ("ended-key", HOLD + "/capture", "{}", 409),
                ("legs-key", "/transactions", '{"postings":['
                 '{"account_number":"10006","amount":-3},'
                 '{"account_number":"10007","amount":3}]}', 200),
                ("short-key", "/accounts/10002/transfer", '{"to":"10001","amount":99999}', 400),
                ("open-key", "/accounts", '{"account_number":"20001"}', 201),
                ("close-key", "/accounts/20001/close", "{}", 200),
                ("payee-key", "/accounts/10001/transfer", '{"to":"20001","amount":1}', 409),
                ("reopen-key", "/accounts/20001/reopen", "{}", 200),
                ("kept-key", "/accounts/10008/holds", '{"amount":8}', 201),
                ('"last key"', "/accounts/10009/deposit", '{"amount":1}', 200),
                ("k" * 249 + "013999", "/accounts/10004/deposit", '{"amount":0.01}', 200))


class Format3(Format3Requests, unittest.TestCase):
    kept = "data-format-3.tar.xz"

    def test_with_tokens_turned_on_no_retry_is_done_again(self):
        for self.fields in self.turn_tokens_on("ann", "bob"):
            with Server(*self.flags, data=self.data) as server:
                self.assert_repeated(server)
                self.assert_balances(server)
        self.assertNotIn('"by":', run("export", self.data, "--format", "ndjson").stdout)

    def test_is_served_by_its_index_file(self):
        index, = (self.data / "journal").glob("*.index")
        before = index.read_bytes()
        with Server(*self.flags, data=self.data) as server:
            page = get(server, "/accounts/10005/statement?limit=1000").json()["data"]
            self.assertEqual(5, len(page["entries"]))
            server.stop()
        self.assertEqual(before, index.read_bytes())
        self.assertNotIn("index files", run("audit", self.data).stdout)

    def test_shows_its_refusals_with_their_accounts(self):
        with Server(*self.flags, data=self.data) as server:
            for key, account in (("short-key", "10002"), ("payee-key", "20001")):
                reply = get(server, f"/idempotency-keys/{key}").json()["data"]["reply"]
                self.assertEqual(account, reply["error"]["account_number"])


class Format4(Format3Requests, unittest.TestCase):
    kept = "data-format-4.tar.xz"
    name = "till-3@branch"

    def setUp(self):
        super().setUp()
        self.fields, self.others = self.turn_tokens_on(self.name, "bob")

    def test_names_who_posted_it(self):
        with Server(*self.flags, data=self.data) as server:
            page = get(server, "/accounts/10005/statement", *self.fields).json()["data"]
            self.assertEqual(4 * [self.name] + [None],
                             [entry.get("by") for entry in page["entries"]])
        lines = run("export", self.data, "--format", "csv").stdout.splitlines()
        self.assertEqual(self.postings - 10, sum(one.endswith("," + self.name) for one in lines))

    def test_its_keys_are_of_no_other_name(self):
        with Server(*self.flags, data=self.data) as server:
            key, path, body, status = self.requests[0]
            for fields, found in ((self.fields, 200), (self.others, 404)):
                self.assertEqual(found, get(server, f"/idempotency-keys/{key}", *fields).status)
            for replayed in (None, "true"):
                made = keyed(server, key, path, body, *self.others)
                self.assertEqual((status, replayed),
                                 (made.status, made.fields.get("idempotent-replayed")))
            server.stop()
        self.assert_audited()


if __name__ == "__main__":
    unittest.main()
