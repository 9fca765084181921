"""Every refusal of the API's table that is about accounts, transactions and holds, with the exact
reply, and the rules for all of them."""

import json
import tempfile
import time
import unittest

from asking import Answer, Client, problem_of
from server import Server

MESSAGES = {
    "account_exists": (409, "there is an account of this number already"),
    "account_closed": (409, "the account is closed"),
    "account_not_empty": (409, "the account has a balance or a hold"),
    "account_open": (409, "the account is open"),
    "same_account": (400, "the same account is named twice"),
    "unbalanced": (400, "the amounts of the postings do not add up to zero"),
    "too_few_postings": (400, "a transaction has 2 postings at least"),
    "too_many_postings": (400, "a transaction has 8 postings at most"),
    "invalid_duration": (400, "a duration is a string such as 500ms, 30s, 5m or 1h, above zero and "
                              "at most 100 years"),
    "hold_exceeded": (400, "the amount is more than what is left of the hold"),
    "no_such_hold": (404, "the account has no hold of this id"),
    "hold_ended": (409, "the hold has ended"),
    "insufficient_funds": (400, "the amount is more than what is available"),
    "no_such_account": (404, "there is no account of this number"),
    "invalid_amount": (400, "the amount would take the balance out of range"),
}
MOST = "92233720368547758.07"


def refusal(error, **members):
    """The whole answer that is this refusal. Members are numbers or strings of JSON."""
    status, message = MESSAGES[error]
    behind = "".join(f',"{name}":{value}' for name, value in members.items())
    return Answer(status, f'{{"success":false,"error":{{"type":"{error}","message":"{message}"'
                          f'{behind}}},"code":{status}}}')


def amount(value, **more):
    return json.dumps({"amount": value, **more})


def postings(*pairs):
    return json.dumps({"postings": [{"account_number": str(account), "amount": value}
                                    for account, value in pairs]})


class Refusals(unittest.TestCase):
    maxDiff = None
    flags = ("--in-memory",)

    def setUp(self):
        self.server = self.enterContext(Server(*self.flags))
        self.client = self.enterContext(Client(self.server))
        self.keys = 0

    def accounts(self):
        return self.client.get("/accounts?limit=1000").body

    def assert_refused(self, due, path, body=None, remembered=False):
        """The refusal is this one and changes nothing. With a key it is remembered, or the key is
        left unused."""
        self.keys += 1
        key = f"key-{self.keys}"
        before = self.accounts()
        with self.subTest(path=path, body=body):
            for has_key in (False, True, True):
                answer = self.client.post(path, body, key if has_key else None)
                self.assertEqual(due, answer)
            self.assertEqual(remembered, self.client.replayed)
            self.client.accept = "application/problem+json"
            for has_key in (False, True):
                answer = self.client.post(path, body, key if has_key else None)
                self.assertEqual(due.status, answer.status)
                given = json.loads(answer.body, parse_float=str)
                self.assertEqual(list(problem_of(due.body).items()), list(given.items()))
            self.assertEqual(remembered, self.client.replayed)
            self.client.accept = None
            self.assertEqual(before, self.accounts())

    def close(self, account):
        """Opens an account and closes it."""
        self.assertEqual(201, self.client.post("/accounts",
                                               f'{{"account_number":"{account}"}}').status)
        self.assertEqual(200, self.client.post(f"/accounts/{account}/close").status)

    def test_an_account_that_is_there_is_not_opened_again(self):
        self.assert_refused(refusal("account_exists"), "/accounts",
                            '{"account_number":"10001"}', remembered=True)
        self.close(77)
        self.assert_refused(refusal("account_exists"), "/accounts",
                            '{"account_number":"77","opening_balance":1}', remembered=True)

    def test_a_closed_account_takes_no_posting_of_any_kind(self):
        self.close(77)
        named = refusal("account_closed", account_number='"77"')
        plain = refusal("account_closed")
        for due, path, body in (
                (plain, "/accounts/77/withdraw", amount(1)),
                (plain, "/accounts/77/deposit", amount(1)),
                (named, "/accounts/77/transfer", amount(1, to="10001")),
                (named, "/accounts/10001/transfer", amount(1, to="77")),
                (named, "/transactions", postings((10001, -1), (77, 1))),
                (named, "/transactions", postings((77, -1), (10001, 1))),
                (plain, "/accounts/77/holds", amount(1)),
                (named, self.client.place(10001, 5) + "/capture", '{"to":"77"}'),
                (plain, "/accounts/77/close", None)):
            self.assert_refused(due, path, body, remembered=True)
        self.assertEqual(200, self.client.get("/accounts/77/balance").status)

    def test_an_account_with_money_or_a_hold_is_not_closed(self):
        self.assert_refused(refusal("account_not_empty"), "/accounts/10001/close", "{}",
                            remembered=True)
        self.client.place(10001, 1000)
        self.assert_refused(refusal("account_not_empty"), "/accounts/10001/close",
                            remembered=True)

    def test_an_open_account_is_not_reopened(self):
        self.assert_refused(refusal("account_open"), "/accounts/10001/reopen", "{}",
                            remembered=True)

    def test_an_account_takes_part_once(self):
        same = refusal("same_account", account_number='"10001"')
        self.assert_refused(same, "/accounts/10001/transfer", amount(1, to="10001"))
        self.assert_refused(same, self.client.place(10001, 5) + "/capture", '{"to":"10001"}')
        self.assert_refused(refusal("same_account", account_number='"10002"'), "/transactions",
                            postings((10001, -2), (10002, 1), (10002, 1)))

    def test_a_transaction_is_balanced_and_has_2_to_8_postings(self):
        self.assert_refused(refusal("unbalanced"), "/transactions",
                            postings((10001, -1), (10002, 0.99)))
        few = refusal("too_few_postings")
        self.assert_refused(few, "/transactions", "{}")
        self.assert_refused(few, "/transactions", postings())
        self.assert_refused(few, "/transactions", postings((10001, 1)))
        nine = [(10001, -8), *((number, 1) for number in range(10002, 10010))]
        self.assert_refused(refusal("too_many_postings"), "/transactions", postings(*nine))
        eight = self.client.post("/transactions", postings((10001, -7), *nine[1:8]))
        self.assertEqual(200, eight.status, eight.body)
        self.assertEqual([993.0, 2001.0, 3001.0, 4001.0, 5001.0, 6001.0, 7001.0, 8001.0],
                         [one["new_balance"] for one in eight.data()["postings"]])

    def test_a_duration_is_above_zero(self):
        for wrong in ("0s", "0", "-1s", "60", "", 60, True, ["60s"], "876001h"):
            self.assert_refused(refusal("invalid_duration"), "/accounts/10001/holds",
                                amount(1, expires_in=wrong))

    def test_no_more_is_captured_than_is_left(self):
        path = self.client.place(10001, 40)
        self.assert_refused(refusal("hold_exceeded"), path + "/capture", amount(40.01),
                            remembered=True)
        self.assertEqual(200, self.client.post(path + "/capture", amount(30)).status)
        self.assert_refused(refusal("hold_exceeded"), path + "/capture",
                            amount(10.01, final=True), remembered=True)
        self.assert_refused(refusal("hold_exceeded"), path + "/capture", amount(11, to="10002"),
                            remembered=True)

    def test_a_hold_is_found_by_its_own_account_and_one_spelling(self):
        path = self.client.place(10001, 40)
        known = path.rpartition("/")[2]
        sequence, _, slot = known.partition("-")
        unknown = refusal("no_such_hold")
        for wrong in ("x", "-", "1", "0-0", f"0{known}", f"{sequence}-0{slot}", f"+{known}",
                      f"{known}-", f"{sequence}-", f"-{slot}", f"{int(sequence) + 1}-{slot}",
                      f"{sequence}-{int(slot) + 1}", f"{sequence}-4294967295",
                      f"{sequence}-4294967296", f"1-{slot}", "99999999999999999999-0", ""):
            one = f"/accounts/10001/holds/{wrong}"
            with self.subTest(path=one):
                self.assertEqual(unknown, self.client.get(one))
                for end in ("/capture", "/release"):
                    self.assert_refused(unknown, one + end, "{}")
        others = f"/accounts/10002/holds/{known}"
        self.assertEqual(unknown, self.client.get(others))
        for end in ("/capture", "/release"):
            self.assert_refused(unknown, others + end, "{}")
        self.assertEqual("held", self.client.get(path).data()["status"])
        encoded = path.replace("-", "%2D")
        self.assertEqual(self.client.get(path), self.client.get(encoded))

    def test_a_hold_ends_once(self):
        for how, end, body in (("captured", "capture", "{}"),
                               ("captured", "capture", amount(1, final=True)),
                               ("captured", "capture", '{"to":"10002"}'),
                               ("released", "release", "{}")):
            path = self.client.place(10001, 40)
            self.assertEqual(200, self.client.post(f"{path}/{end}", body).status)
            due = refusal("hold_ended", hold_status=f'"{how}"')
            for again, asked in (("capture", "{}"), ("capture", amount(1)),
                                 ("capture", '{"to":"10002"}'), ("capture", amount(100)),
                                 ("release", None)):
                self.assert_refused(due, f"{path}/{again}", asked, remembered=True)

    def test_a_hold_that_has_expired_is_neither_captured_nor_released(self):
        due = refusal("hold_ended", hold_status='"expired"')
        paths = [self.client.place(10002, 40, expires_in="1ms") for _ in range(3)]
        time.sleep(0.01)
        # Whether the server has ended it by itself until now or not.
        self.assertEqual(due, self.client.post(paths[0] + "/capture", amount(1)))
        self.assertEqual(due, self.client.post(paths[1] + "/release"))
        self.assertEqual("expired", self.client.get(paths[0]).data()["status"])
        while self.client.get(paths[2]).data()["status"] == "held":
            time.sleep(0.01)
        for path in paths:
            self.assert_refused(due, path + "/capture", '{"to":"10001"}', remembered=True)
            self.assert_refused(due, path + "/release", remembered=True)
        self.assertEqual(self.client.get("/accounts/10002/balance").body,
                         '{"success":true,"data":{"account_number":"10002","balance":2000.0},'
                         '"code":200}')

    def test_funds_are_what_is_available(self):
        self.client.place(10001, 400)
        plain = refusal("insufficient_funds", available="600.0")
        named = refusal("insufficient_funds", account_number='"10001"', available="600.0")
        for due, path, body in (
                (plain, "/accounts/10001/withdraw", amount(600.01)),
                (named, "/accounts/10001/transfer", amount(600.01, to="10002")),
                (named, "/transactions", postings((10002, 600.01), (10001, -600.01))),
                (plain, "/accounts/10001/holds", amount(600.01))):
            self.assert_refused(due, path, body, remembered=True)
        self.assertEqual(200, self.client.post("/accounts/10001/withdraw", amount(600)).status)

    def test_a_balance_never_leaves_its_range(self):
        self.client.post("/accounts", f'{{"account_number":"88","opening_balance":{MOST}}}')
        named = refusal("invalid_amount", account_number='"88"')
        path = self.client.place(10001, 5)
        for due, path, body in (
                (refusal("invalid_amount"), "/accounts/88/deposit", amount(0.01)),
                (named, "/accounts/10001/transfer", amount(0.01, to="88")),
                (named, "/transactions", postings((10001, -0.01), (88, 0.01))),
                (named, path + "/capture", amount(0.01, to="88"))):
            self.assert_refused(due, path, body, remembered=True)
        # What a hold has counts, so that its release has room.
        self.client.place(88, 50)
        self.assert_refused(refusal("invalid_amount"), "/accounts/88/deposit", amount(0.01),
                            remembered=True)

    def test_accounts_that_are_not_there_are_named_where_there_are_several(self):
        path = self.client.place(10001, 5)
        named = refusal("no_such_account", account_number='"42"')
        plain = refusal("no_such_account")
        for due, one, body in (
                (named, "/accounts/42/transfer", amount(1, to="10001")),
                (named, "/accounts/10001/transfer", amount(1, to="42")),
                (named, "/transactions", postings((10001, -1), (42, 1))),
                (named, path + "/capture", '{"to":"42"}'),
                (plain, "/accounts/42/close", None), (plain, "/accounts/42/reopen", None),
                (plain, "/accounts/42/holds", amount(1)),
                (plain, "/accounts/42/holds/1-0/capture", "{}"),
                (plain, "/accounts/42/holds/x/release", None)):
            self.assert_refused(due, one, body)
        for one in ("/accounts/42", "/accounts/42/holds", "/accounts/42/holds/1-0"):
            self.assertEqual(plain, self.client.get(one))

    def test_what_there_is_comes_before_what_is_open_and_that_before_the_funds(self):
        self.close(77)
        path = self.client.place(10001, 5)
        ended = self.client.place(10001, 5)
        self.client.post(ended + "/release")
        for due, one, body in (
                # The form before what there is.
                ("invalid_amount", "/accounts/42/transfer", amount(0, to="43")),
                ("same_account", "/accounts/42/transfer", amount(1, to="42")),
                ("unbalanced", "/transactions", postings((42, -1), (43, 2))),
                ("invalid_duration", "/accounts/42/holds", amount(1, expires_in="0s")),
                ("invalid_parameter", "/accounts/42/holds/1-0/capture", '{"final":1}'),
                # The path's account, then the body's, then the hold.
                ("no_such_account", "/accounts/42/holds/x/capture", '{"to":"77"}'),
                ("no_such_account", "/accounts/10001/holds/x/capture", '{"to":"42"}'),
                ("no_such_hold", "/accounts/10001/holds/x/capture", '{"to":"77"}'),
                ("no_such_account", "/accounts/77/transfer", amount(1, to="42")),
                ("no_such_account", "/transactions", postings((77, -9), (10001, 8), (42, 1))),
                # The hold, then the accounts, then the funds.
                ("hold_ended", ended + "/capture", amount(9, to="77")),
                ("account_closed", path + "/capture", amount(9, to="77")),
                ("account_closed", "/accounts/10001/transfer", amount(5000, to="77")),
                ("account_closed", "/transactions", postings((10001, -5000), (77, 5000)))):
            with self.subTest(path=one, body=body):
                self.assertEqual(due, self.client.post(one, body).error()["type"])

    def test_a_refusal_that_is_remembered_stays_though_the_accounts_change(self):
        poor = self.client.post("/accounts/10001/transfer", amount(1500, to="10002"), "poor")
        path = self.client.place(10001, 5)
        large = self.client.post(path + "/capture", amount(6), "large")
        exists = self.client.post("/accounts", '{"account_number":"10001"}', "exists")
        self.assertEqual([400, 400, 409], [poor.status, large.status, exists.status])
        self.client.post("/accounts/10001/deposit", amount(1000))
        self.client.post(path + "/release")
        for due, path, body, key in (
                (poor, "/accounts/10001/transfer", amount(1500, to="10002"), "poor"),
                (large, path + "/capture", amount(6), "large"),
                (exists, "/accounts", '{"account_number":"10001"}', "exists")):
            self.assertEqual(due, self.client.post(path, body, key))
            self.assertTrue(self.client.replayed)

    def test_a_refusal_by_what_is_missing_leaves_its_key_unused(self):
        asked = ("/accounts/10001/transfer", amount(1, to="42"), "later")
        self.assertEqual(404, self.client.post(*asked).status)
        self.assertEqual(201, self.client.post("/accounts", '{"account_number":"42"}').status)
        self.assertEqual(200, self.client.post(*asked).status)
        self.assertFalse(self.client.replayed)


class DurableRefusals(Refusals):
    flags = ()

    def test_the_next_server_remembers_refusals(self):
        with tempfile.TemporaryDirectory() as folder:
            asked = []
            with Server(data=folder) as server, Client(server) as client:
                path = client.place(10001, 5)
                ended = client.place(10001, 5)
                client.post(ended + "/release")
                client.post("/accounts", '{"account_number":"77"}')
                client.post("/accounts/77/close")
                for number, (path, body) in enumerate((
                        ("/accounts", '{"account_number":"10001"}'),
                        ("/accounts/77/deposit", amount(1)),
                        ("/accounts/10001/transfer", amount(1, to="77")),
                        ("/accounts/10001/close", None), ("/accounts/10001/reopen", "{}"),
                        ("/accounts/10001/withdraw", amount(996)),
                        ("/accounts/10001/holds", amount(996)),
                        ("/transactions", postings((10002, 996), (10001, -996))),
                        (path + "/capture", amount(6)), (ended + "/capture", "{}"))):
                    request = (path, body, f"key-{number}")
                    asked.append((request, client.post(*request)))
                server.kill()
            self.assertEqual([409, 409, 409, 409, 409, 400, 400, 400, 400, 409],
                             [answer.status for _, answer in asked])
            for _ in range(2):
                with Server(data=folder) as server, Client(server) as client:
                    client.post("/accounts/10001/deposit", amount(1000))
                    for request, answer in asked:
                        with self.subTest(request=request):
                            self.assertEqual(answer, client.post(*request))
                            self.assertTrue(client.replayed)
                    server.kill()


if __name__ == "__main__":
    unittest.main()
