"""GET /accounts/{n}/statement: pages and streams, with exact replies."""

import csv
import http.client
import json
import pathlib
import re
import signal
import sys
import tempfile
import threading
import time
import unittest

from asking import Client
from server import TIMEOUT_S, Server, curl, get, run, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults.shim import FOR_EVER, Faults, library  # noqa: E402

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"
JSON, CSV, LINES = "application/json", "text/csv", "application/x-ndjson"
KEY = r'=1+1;"two",\three'
# Trims all that a snapshot has. The clock's tick is a second.
TRIMMING = ("--segment-size", "4MiB", "--snapshot-every", "100ms", "--snapshot-keep", 1,
            "--retain", "1ms", "--idempotency-ttl", "1ms", "--max-idempotency-keys", 0,
            "--threads", "2")


def path_of(account=10001, **query):
    return f"/accounts/{account}/statement" + (
        "?" + "&".join(f"{name.rstrip('_')}={value}" for name, value in query.items())
        if query else "")


def statement(server, account=10001, **query):
    """The data of a page. `from_` is from."""
    page = get(server, path_of(account, **query))
    if page.status != 200:
        raise AssertionError(page.body)
    return page.json()["data"]


def walked(server, limit, account=10001, **query):
    """The entries of all pages, the newest first."""
    entries, after = [], {}
    while after is not None:
        data = statement(server, account, limit=limit, **after, **query)
        entries += data["entries"]
        after = {"after": data["next"]} if data["next"] else None
    return entries


def streamed(server, kind, account=10001, **query):
    """The text of a stream."""
    reply = get(server, path_of(account, **query), "--header", f"Accept: {kind}")
    if (reply.status, reply.fields["content-type"]) != (200, kind):
        raise AssertionError(reply.body)
    return reply.body


def lines(server, account=10001, **query):
    return [json.loads(line) for line in streamed(server, LINES, account, **query).splitlines()]


def exported(server, account, kind):
    return run("export", server.data, "--format", kind, "--account", account).stdout


def deposit_much(server, account, count):
    """By batches of a line each, so that it takes little time."""
    line = json.dumps({"operation": "deposit", "account_number": str(account), "amount": 1})
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_S)
    for begin in range(0, count, 10_000):
        connection.request("POST", "/batch", (line + "\n") * min(10_000, count - begin),
                           {"Content-Type": LINES})
        reply = connection.getresponse()
        if reply.status != 200 or b'"success":false' in reply.read():
            raise AssertionError("a deposit was refused")
    connection.close()


def has_trimmed(server, account=10001):
    return get(server, f"/accounts/{account}/balance?sequence=1").status == 410


class Operations(unittest.TestCase):
    """One account with all operations."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        with Client(cls.server) as client:
            def post(path, body="{}", key=None, status=200):
                answer = client.post(path, body, key)
                if answer.status != status:
                    raise AssertionError(answer.body)
            post("/accounts", '{"account_number":"7","opening_balance":50}', status=201)
            post("/accounts/7/deposit", '{"amount":5.05}', KEY)
            post("/accounts/7/withdraw", '{"amount":1}')
            post("/accounts/7/transfer", '{"to":"10001","amount":2}')
            post("/accounts/10001/transfer", '{"to":"7","amount":3}', "in")
            post("/transactions", '{"postings":[{"account_number":"7","amount":-4},'
                                  '{"account_number":"10001","amount":4}]}')
            first = client.place(7, 10)
            post(first + "/capture", '{"amount":6,"to":"10001"}')
            post(first + "/release")
            second = client.place(7, 1, expires_in="1ms")
            wait_until(lambda: '"expired"' in client.get(second).body)
            cls.holds = [path.rsplit("/", 1)[1] for path in (first, second)]
            third = client.place(10001, 9)
            post(third + "/capture", '{"amount":9,"to":"7"}')
            cls.other_hold = third.rsplit("/", 1)[1]
            post("/accounts/7/withdraw", '{"amount":54.05}')
            post("/accounts/7/close")
            post("/accounts/7/reopen")

    def test_a_page_has_exactly_what_was_done(self):
        first, second = self.holds
        there = '"counterparty":"10001"'
        rows = [("opening", "50.0", "50.0", ""),
                ("deposit", "5.05", "55.05", '"key":' + json.dumps(KEY)),
                ("withdrawal", "1.0", "54.05", ""),
                ("transfer_out", "2.0", "52.05", there),
                ("transfer_in", "3.0", "55.05", there + ',"key":"in"'),
                ("transaction", "-4.0", "51.05", ""),
                ("hold", "10.0", "51.05", f'"hold":"{first}"'),
                ("capture", "6.0", "45.05", f'{there},"hold":"{first}"'),
                ("release", "4.0", "45.05", f'"hold":"{first}"'),
                ("hold", "1.0", "45.05", f'"hold":"{second}"'),
                ("expiry", "1.0", "45.05", f'"hold":"{second}"'),
                ("transfer_in", "9.0", "54.05", f'{there},"hold":"{self.other_hold}"'),
                ("withdrawal", "54.05", "0.0", ""),
                ("close", "0.0", "0.0", ""),
                ("reopen", "0.0", "0.0", "")]
        expected = ",".join(
            f'{{"sequence":{sequence},"record":N,"time":"T","operation":"{operation}",'
            f'"amount":{amount},"balance":{balance}{more and "," + more}}}'
            for sequence, (operation, amount, balance, more) in reversed(
                list(enumerate(rows, 1))))
        page = get(self.server, path_of(7))
        body = re.sub('"record":[0-9]+', '"record":N', re.sub(f'"{TIME}"', '"T"', page.body))
        self.assertEqual(f'{{"success":true,"data":{{"account_number":"7","entries":[{expected}],'
                         '"next":null},"code":200}', body)
        self.assertEqual((200, JSON), (page.status, page.fields["content-type"]))

    def test_the_entries_are_those_of_the_export(self):
        names = {"closing": "close", "reopening": "reopen"}
        entries = statement(self.server, 7)["entries"][::-1]
        self.assertEqual(entries, lines(self.server, 7))
        for entry, line in zip(entries, exported(self.server, 7, "ndjson").splitlines(),
                               strict=True):
            said = json.loads(line)
            said["operation"] = names.get(said["operation"], said["operation"])
            said.pop("held", None)
            self.assertEqual("7", said.pop("account_number"))
            self.assertEqual(said, entry)

    def test_the_table_is_that_of_the_export(self):
        table = exported(self.server, 7, "csv").replace(",closing,", ",close,").replace(
            ",reopening,", ",reopen,")
        self.assertEqual(table, streamed(self.server, CSV, 7))
        rows = list(csv.DictReader(table.splitlines()))
        self.assertEqual("'" + KEY, rows[1]["key"])  # so that it is no formula

    def test_times_select(self):
        entries = statement(self.server, 7)["entries"]
        when = sorted({entry["time"] for entry in entries})
        middle = when[len(when) // 2]
        before = [entry for entry in entries if entry["time"] < middle]
        after = [entry for entry in entries if entry["time"] >= middle]
        self.assertTrue(before and after)
        for limit in (1, 4, 50):
            self.assertEqual(after, walked(self.server, limit, 7, from_=middle))
            self.assertEqual(before, walked(self.server, limit, 7, until=middle))
            self.assertEqual([], walked(self.server, limit, 7, from_=middle, until=middle))
        self.assertEqual(after[::-1], lines(self.server, 7, from_=middle))
        self.assertEqual(before[::-1], lines(self.server, 7, until=middle))
        self.assertEqual(entries, walked(self.server, 3, 7, from_=when[0], until="9999-12-31"))
        for query in ({"until": when[0]}, {"from_": "9999-12-31"},
                      {"from_": "2027-01-01", "until": "2026-01-01"}):
            self.assertEqual({"account_number": "7", "entries": [], "next": None},
                             statement(self.server, 7, **query))
            self.assertEqual("", streamed(self.server, LINES, 7, **query))
            self.assertEqual(1, streamed(self.server, CSV, 7, **query).count("\n"))

    def test_head_has_the_head_alone(self):
        for kind in (JSON, CSV, LINES):
            reply = get(self.server, path_of(7), "--head", "--header", f"Accept: {kind}")
            self.assertEqual((200, kind, ""),
                             (reply.status, reply.fields["content-type"], reply.body))

    def test_the_type_is_the_one_that_is_preferred(self):
        for accept, kind in (("*/*", JSON), ("text/*", JSON), ("text/csv;q=0", JSON),
                             ("text/csv, application/x-ndjson;q=0.9", CSV),
                             ("text/csv;q=0.1, application/x-ndjson", LINES),
                             ("application/json, text/csv;q=0.5", JSON)):
            reply = get(self.server, path_of(7), "--header", f"Accept: {accept}")
            self.assertEqual(kind, reply.fields["content-type"], accept)

    def test_what_is_wrong_is_refused_by_its_name(self):
        after = statement(self.server, 7, limit=1)["next"]
        changed = after[:3] + ("A" if after[3] != "A" else "B") + after[4:]
        for query, name in ((f"after={changed}", "after"), (f"after={after}A", "after"),
                            ("after=", "after"), ("after=%2B%2F", "after"), ("limit=0", "limit"),
                            ("limit=1001", "limit"), ("limit=x", "limit"), ("from=", "from"),
                            ("from=yesterday", "from"), ("until=2026-02-30", "until"),
                            ("until=2026-01-01T00:00:00", "until"), ("from=1&from=1", "from"),
                            ("from=2026-01-01&limit=2&limit=2", "limit")):
            refused = get(self.server, f"/accounts/7/statement?{query}")
            self.assertEqual((400, "invalid_parameter", name),
                             (refused.status, refused.error_type(),
                              refused.json()["error"]["parameter"]), query)
        self.assertEqual(400, get(self.server, path_of(10001, after=after)).status)
        for query in (f"after={after}", "limit=2", "until=x"):
            for kind in (CSV, LINES):
                refused = get(self.server, f"/accounts/7/statement?{query}", "--header",
                              f"Accept: {kind}")
                self.assertEqual((400, query.partition("=")[0]),
                                 (refused.status, refused.json()["error"]["parameter"]))
        for kind in (JSON, CSV, LINES):
            missing = get(self.server, path_of(8), "--header", f"Accept: {kind}")
            self.assertEqual((404, "no_such_account"), (missing.status, missing.error_type()))


class Pages(unittest.TestCase):
    def test_in_memory_only_there_is_none(self):
        with Server("--in-memory") as server:
            for kind in (JSON, CSV, LINES):
                for arguments in ((), ("--head",)):
                    reply = get(server, path_of(), "--header", f"Accept: {kind}", *arguments)
                    self.assertEqual(501, reply.status)
            self.assertEqual("not_implemented", get(server, path_of()).error_type())
            self.assertEqual(404, get(server, path_of(8)).status)

    def test_a_walk_and_a_stream_have_each_entry_once(self):
        with Server("--threads", "2") as server:
            deposit_much(server, 10001, 2500)
            whole = lines(server)
            self.assertEqual(list(range(1, 2502)), [one["sequence"] for one in whole])
            for limit in (97, 1000):
                self.assertEqual(whole[::-1], walked(server, limit))
            self.assertEqual(50, len(statement(server)["entries"]))

    def test_a_walk_goes_on_while_postings_do(self):
        with Server("--threads", "2") as server:
            deposit_much(server, 10001, 500)
            begun = statement(server, limit=10)
            ended = threading.Event()

            def go_on():
                while not ended.wait(0.02):
                    deposit_much(server, 10001, 20)
            poster = threading.Thread(target=go_on)
            poster.start()
            try:
                entries, after = begun["entries"], begun["next"]
                while after:
                    data = statement(server, limit=10, after=after)
                    entries, after = entries + data["entries"], data["next"]
                first = lines(server)
                again = lines(server)
            finally:
                ended.set()
                poster.join()
            last = entries[0]["sequence"]
            self.assertEqual(list(range(last, 0, -1)), [one["sequence"] for one in entries])
            for part in (first, again):
                self.assertEqual(list(range(1, len(part) + 1)), [one["sequence"] for one in part])
            self.assertEqual(first, again[:len(first)])
            self.assertLess(last, len(first))

    def test_a_cursor_is_good_after_a_restart_and_in_no_other_ledger(self):
        with tempfile.TemporaryDirectory() as folder, Server() as other:
            with Server(data=folder) as server:
                deposit_much(server, 10001, 20)
                page = statement(server, limit=5)
                whole = walked(server, 4)
                server.kill()
            with Server(data=folder) as server:
                rest = statement(server, after=page["next"])
                self.assertEqual(whole, page["entries"] + rest["entries"])
                server.stop()
            self.assertEqual(400, get(other, path_of(after=page["next"])).status)

    def test_a_large_stream_ends_in_order_when_the_server_does(self):
        with Server("--drain-timeout", "10s") as server:
            deposit_much(server, 10001, 100_000)
            for kind, last in ((LINES, r'{"error":{"type":"unavailable","message":"[^"]+"}}'),
                               (CSV, "# unavailable: .+")):
                connection = http.client.HTTPConnection("127.0.0.1", server.port,
                                                        timeout=TIMEOUT_S)
                connection.request("GET", path_of(), headers={"Accept": kind})
                reply = connection.getresponse()
                begin = reply.read(1000)
                if kind == LINES:  # the first of the two is read whole
                    text = (begin + reply.read()).decode()
                    self.assertEqual(100_001, text.count("\n"))
                    continue
                server.process.send_signal(signal.SIGTERM)
                time.sleep(0.2)
                text = (begin + reply.read()).decode()
                *rows, end = text.splitlines()
                self.assertRegex(end, f"^{last}$")
                self.assertEqual([str(i) for i in range(1, len(rows))],
                                 [row.split(",")[3] for row in rows[1:]])
                connection.close()


class Trimmed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server(*TRIMMING))
        cls.begin = statement(cls.server, 10002)["entries"][0]["time"]
        while not has_trimmed(cls.server):
            deposit_much(cls.server, 10001, 20_000)

    def trimmed(self, reply):
        self.assertEqual((410, "history_trimmed"), (reply.status, reply.error_type()))
        error = reply.json()["error"]
        self.assertEqual(["type", "message", "first_record", "first_time"], list(error))
        self.assertGreater(error["first_record"], 1)
        self.assertRegex(error["first_time"], f"^{TIME}$")
        return error

    def test_a_walk_ends_with_a_next_that_is_gone(self):
        entries, after = [], {}
        while True:
            reply = get(self.server, path_of(10001, limit=1000, **after))
            if reply.status != 200:
                break
            data = reply.json()["data"]
            self.assertTrue(data["entries"])
            entries += data["entries"]
            after = {"after": data["next"]}
        error = self.trimmed(reply)
        self.assertEqual(error["first_time"], entries[-1]["time"])
        self.assertEqual(error["first_record"], entries[-1]["record"])
        sequences = [one["sequence"] for one in entries]
        self.assertEqual(list(range(sequences[0], sequences[-1] - 1, -1)), sequences)

    def test_an_account_whose_postings_are_all_gone_is_refused_and_not_empty(self):
        for query in ({}, {"from_": self.begin}, {"until": "2100-01-01"}, {"until": self.begin}):
            self.trimmed(get(self.server, path_of(10002, **query)))
            for kind in (CSV, LINES):
                self.trimmed(get(self.server, path_of(10002, **query), "--header",
                                 f"Accept: {kind}"))
        # No posting of that time can have been trimmed.
        self.assertEqual([], statement(self.server, 10002, from_="2100-01-01")["entries"])

    def test_what_is_later_than_the_beginning_is_there(self):
        first = self.trimmed(get(self.server, path_of(10002)))["first_time"]
        self.trimmed(get(self.server, path_of(10001, from_=first), "--header", f"Accept: {CSV}"))
        last = statement(self.server, limit=1)["entries"][0]
        self.assertIn(last, statement(self.server, from_=last["time"])["entries"])
        self.assertIn(last, lines(self.server, from_=last["time"]))

    def test_an_account_that_was_opened_since_is_whole(self):
        with Client(self.server) as client:
            number = client.post("/accounts", "{}").data()["account_number"]
        self.assertEqual(["opening"], [one["operation"] for one in lines(self.server, number)])
        page = statement(self.server, number, limit=1)
        self.assertEqual((1, None), (len(page["entries"]), page["next"]))


@unittest.skipUnless(library().exists(), f"there is no {library()}")
class DiskThatHangs(unittest.TestCase):
    def test_statements_get_503_in_time_and_no_worker_waits(self):
        data = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "data"
        with Faults(data) as faults, Server(
                "--threads", "1", "--disk-timeout", "500ms", "--drain-timeout", "2s",
                data=data, env=faults.environment) as server:
            deposit_much(server, 10001, 1000)
            self.assertEqual(50, len(statement(server)["entries"]))
            faults.hang("pread", 3600, times=FOR_EVER)
            replies = []

            def ask(path, accept):
                replies.append(curl("--header", f"Accept: {accept}", server.url(path)))
            asking = [threading.Thread(target=ask, args=one) for one in (
                (path_of(), JSON), (path_of(), CSV), (path_of(), LINES),
                ("/accounts/10001/balance?sequence=1", JSON))]
            for one in asking:
                one.start()
            while any(one.is_alive() for one in asking):
                begin = time.monotonic()
                self.assertEqual(200, get(server, "/accounts/10002/balance").status)
                self.assertLess(time.monotonic() - begin, 5)
            self.assertEqual([(503, "unavailable")] * len(asking),
                             [(one.status, one.error_type()) for one in replies])
            faults.heal()
            faults.release("pread")
            wait_until(lambda: get(server, path_of()).status == 200)
            self.assertEqual(1001, len(lines(server)))

    def test_a_server_that_stops_does_not_wait_for_what_follows_the_journal(self):
        data = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "data"
        with Faults(data) as faults, Server(
                "--threads", "1", "--disk-timeout", "500ms", "--drain-timeout", "2s", "--no-audit",
                data=data, env=faults.environment) as server:
            deposit_much(server, 10001, 1000)
            self.assertEqual(50, len(statement(server)["entries"]))
            faults.hang("pread", 3600, times=1)  # the follower's: the audit reads too
            deposit_much(server, 10002, 1)
            self.assertEqual(503, get(server, path_of(10002)).status)
            self.assertEqual(1, server.stop())
            server.wait_until_it_says("the journal's history is still being read")
        with Server(data=data) as server:
            self.assertEqual(2, len(statement(server, 10002)["entries"]))


if __name__ == "__main__":
    unittest.main()
