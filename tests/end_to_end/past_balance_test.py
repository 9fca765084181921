"""GET /accounts/{n}/balance?at= and ?sequence=: compared with a model, and with exact replies."""

import bisect
import json
import random
import re
import unittest

from asking import Client, success
from server import Server, get, run
from statement_test import TIME, TRIMMING, deposit_much, has_trimmed, statement

ACCOUNTS = (10001, 10002, 10003)


def money(minor):
    """As the server writes it."""
    text = f"{minor // 100}.{minor % 100:02}"
    return text[:-1] if text.endswith("0") else text


def refusal(reply):
    error = reply.json()["error"]
    return reply.status, error["type"], error.get("parameter")


class Model:
    """The booked balance after each posting of each account, from what was done alone."""

    def __init__(self):
        self.balances = {number: [1000_00 * (number - 10000)] for number in ACCOUNTS}

    def post(self, account, change_minor):
        history = self.balances[account]
        history.append(history[-1] + change_minor)

    def step(self, client, choose):
        one, other = choose.sample(ACCOUNTS, 2)
        minor = choose.randrange(1, 500)
        amount = f'"amount":{money(minor)}'
        kind = choose.randrange(6)
        if kind == 0:
            self.done(client.post(f"/accounts/{one}/deposit", f"{{{amount}}}"), (one, minor))
        elif kind == 1:
            self.done(client.post(f"/accounts/{one}/withdraw", f"{{{amount}}}"), (one, -minor))
        elif kind == 2:
            self.done(client.post(f"/accounts/{one}/transfer", f'{{"to":"{other}",{amount}}}'),
                      (one, -minor), (other, minor))
        elif kind == 3:
            self.done(client.post("/transactions", json.dumps({"postings": [
                {"account_number": str(one), "amount": -minor / 100},
                {"account_number": str(other), "amount": minor / 100}]})),
                      (one, -minor), (other, minor))
        elif kind == 4:
            path = client.place(one, minor / 100)
            self.post(one, 0)
            self.done(client.post(path + "/release", "{}"), (one, 0))
        else:
            path = client.place(one, minor / 100)
            self.post(one, 0)
            self.done(client.post(path + "/capture", f'{{"to":"{other}"}}'),
                      (one, -minor), (other, minor))

    def done(self, answer, *changes):
        if answer.status != 200:
            raise AssertionError(answer.body)
        for account, change in changes:
            self.post(account, change)


class PastBalance(unittest.TestCase):
    def check(self, server, model, choose):
        with Client(server) as client:
            for account, balances in model.balances.items():
                times = [json.loads(line)["time"] for line in run(
                    "export", server.data, "--format", "ndjson", "--account",
                    account).stdout.splitlines()]
                self.assertEqual(len(balances), len(times))

                def expected(place, account=account, balances=balances, times=times):
                    return success(200, f'{{"account_number":"{account}",'
                                        f'"balance":{money(balances[place])},'
                                        f'"sequence":{place + 1},"time":"{times[place]}"}}')
                path = f"/accounts/{account}/balance"
                for place in range(len(balances)):
                    self.assertEqual(expected(place),
                                     client.get(f"{path}?sequence={place + 1}").body)
                for _ in range(60):
                    time = choose.choice(times)
                    nanoseconds = int(time[-10:-1]) + choose.choice((-1, 0, 0, 1, 1000))
                    if 0 <= nanoseconds < 10**9:
                        time = f"{time[:-10]}{nanoseconds:09}Z"
                    place = bisect.bisect_right(times, time) - 1
                    found = client.get(f"{path}?at={time}").body
                    if place < 0:
                        self.assertIn("no_such_account", found)
                    else:
                        self.assertEqual(expected(place), found)
                self.assertEqual(expected(len(times) - 1),
                                 client.get(f"{path}?at=2100-01-01").body)

    def test_every_sequence_and_random_moments_are_those_of_a_model_after_restarts_too(self):
        choose, model = random.Random(14), Model()
        with Server() as first:
            for _ in range(60):
                with Client(first) as client:
                    model.step(client, choose)
            self.check(first, model, choose)
            first.kill()
            with Server(data=first.data) as second:
                with Client(second) as client:
                    for _ in range(30):
                        model.step(client, choose)
                self.check(second, model, choose)
                second.stop()
            with Server(data=first.data) as third:
                self.check(third, model, choose)

    def test_what_is_wrong_or_not_there_is_refused(self):
        path = "/accounts/10001/balance"
        with Server() as server:
            deposit_much(server, 10001, 1)
            begin = statement(server, limit=1)["entries"][0]["time"]
            for query, expected in (
                    ("sequence=0", (404, "no_such_sequence", None)),
                    ("sequence=3", (404, "no_such_sequence", None)),
                    ("sequence=18446744073709551616", (404, "no_such_sequence", None)),
                    ("sequence=", (400, "invalid_parameter", "sequence")),
                    ("sequence=-1", (400, "invalid_parameter", "sequence")),
                    ("sequence=1.0", (400, "invalid_parameter", "sequence")),
                    ("sequence=1&sequence=1", (400, "invalid_parameter", "sequence")),
                    (f"sequence=1&at={begin}", (400, "invalid_parameter", "sequence")),
                    ("at=", (400, "invalid_parameter", "at")),
                    ("at=now", (400, "invalid_parameter", "at")),
                    ("at=2026-13-01", (400, "invalid_parameter", "at")),
                    (f"at={begin}&at={begin}", (400, "invalid_parameter", "at")),
                    ("at=1969-12-31", (404, "no_such_account", None)),
                    ("at=2026-01-01", (404, "no_such_account", None))):
                self.assertEqual(expected, refusal(get(server, f"{path}?{query}")), query)
            for query in ("sequence=1", "at=2100-01-01"):
                self.assertEqual((404, "no_such_account", None),
                                 refusal(get(server, f"/accounts/7/balance?{query}")))
            self.assertEqual(1, get(server, f"{path}?sequence=01").json()["data"]["sequence"])
            self.assertEqual(2, get(server, f"{path}?at={begin}").json()["data"]["sequence"])
            head = get(server, f"{path}?sequence=1", "--head")
            self.assertEqual((200, ""), (head.status, head.body))

    def test_without_these_parameters_it_is_the_balance_of_now(self):
        for flags in ((), ("--in-memory",)):
            with Server(*flags) as server:
                now = get(server, "/accounts/10001/balance").body
                self.assertEqual(success(200, '{"account_number":"10001","balance":1000.0}'), now)
                for query in ("", "x=1", "At=x", "x=1&x=2"):
                    self.assertEqual(now, get(server, f"/accounts/10001/balance?{query}").body)
                if flags:
                    for query in ("sequence=1", "at=2100-01-01"):
                        refused = get(server, f"/accounts/10001/balance?{query}")
                        self.assertEqual((501, "not_implemented", None), refusal(refused))

    def test_what_was_trimmed_is_gone_and_what_is_left_is_there(self):
        with Server(*TRIMMING) as server:
            while not has_trimmed(server):
                deposit_much(server, 10001, 20_000)
            last = statement(server, limit=1)["entries"][0]
            path = "/accounts/10001/balance"
            gone = (410, "history_trimmed", None)
            for query in ("sequence=1", "at=2026-11-02"):
                self.assertEqual(gone, refusal(get(server, f"{path}?{query}")))
                self.assertEqual(gone, refusal(get(server, f"/accounts/10002/balance?{query}")))
            self.assertEqual(gone, refusal(get(server, "/accounts/10002/balance?at=2100-01-01")))
            for query in (f"sequence={last['sequence']}", f"at={last['time']}", "at=2100-01-01"):
                found = get(server, f"{path}?{query}")
                self.assertEqual(success(200, json.dumps(
                    {"account_number": "10001"} | {name: last[name] for name in (
                        "balance", "sequence", "time")}, separators=(",", ":"))), found.body)
            beyond = get(server, f"{path}?sequence={last['sequence'] + 1}")
            self.assertEqual((404, "no_such_sequence", None), refusal(beyond))
            with Client(server) as client:
                number = client.post("/accounts", "{}").data()["account_number"]
            self.assertEqual((404, "no_such_account", None), refusal(
                get(server, f"/accounts/{number}/balance?at={last['time']}")))
            opened = get(server, f"/accounts/{number}/balance?at=2100-01-01").body
            self.assertTrue(re.fullmatch(re.escape(success(200, '{"account_number":"%s","balance":'
                '0.0,"sequence":1,"time":"T"}' % number)).replace("T", TIME), opened), opened)


if __name__ == "__main__":
    unittest.main()
