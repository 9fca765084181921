"""That the kill rounds find what is wrong in statements, past balances and the outcomes of keys."""

import json
import pathlib
import random
import sys
import unittest

from kill_test import ACCOUNT, Complaining, body, refusal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults import operations  # noqa: E402
from faults.history import History  # noqa: E402
from faults.key_outcomes import KeyOutcomes  # noqa: E402
from faults.statement_check import StatementCheck  # noqa: E402


class Statements(Complaining):
    """A server that shows these entries, the oldest first, of three accounts."""

    def setUp(self):
        super().setUp()
        self.history = History({ACCOUNT + i: 1000 for i in range(3)}, "key")
        self.books = self.history.books
        self.answered(operations.Post(ACCOUNT, 50), 200, body("10.5"))
        self.shown = {str(account): [self.entry(1, "opening", "10.0", "10.0")]
                      for account in self.history.opening}
        self.paid = self.entry(2, "deposit", "0.5", "10.5", key="key-0")
        self.shown[str(ACCOUNT)].append(self.paid)
        self.past = {}

    @staticmethod
    def entry(sequence, operation, amount, balance, **more):
        return {"sequence": sequence, "record": sequence, "time": f"2026-11-28T10:00:0{sequence}Z",
                "operation": operation, "amount": amount, "balance": balance, **more}

    def get(self, path):
        account, _, query = path.removeprefix("/accounts/").partition("/")
        entries = self.shown[account][::-1]
        if query.startswith("statement"):
            return 200, json.dumps({"data": {"entries": entries, "next": None}})
        what, _, when = query.partition("?")[2].partition("=")
        found = next(one for one in entries if str(one[what if what == "sequence" else "time"])
                     <= when)
        return 200, json.dumps({"data": {**found, **self.past}})

    def checked(self):
        return StatementCheck(self, self.history, random.Random(1)).run()

    def test_what_is_right_is_no_complaint(self):
        self.assertEqual(4, self.checked())
        self.assert_clean()

    def test_a_posting_that_is_missing_is_wrong(self):
        self.shown[str(ACCOUNT)].pop()
        self.checked()
        self.assert_complains("wrong")

    def test_one_that_was_answered_otherwise_is_wrong(self):
        self.shown[str(ACCOUNT)][0].update(amount="10.25", balance="10.25")
        self.paid["amount"] = "0.25"
        self.checked()
        self.assert_complains("wrong")

    def test_a_key_that_nobody_sent_is_wrong(self):
        self.paid["key"] = "key-9"
        self.checked()
        self.assert_complains("wrong")

    def test_another_past_balance_is_wrong(self):
        self.past["balance"] = "4711.0"
        self.checked()
        self.assertGreater(self.history.counts["wrong"], 0)


class Outcomes(Complaining):
    """A server that has done the first of two requests without an answer."""

    def setUp(self):
        super().setUp()
        self.reply = body("10.5")
        self.numbers = [self.history.begin(operations.Post(ACCOUNT, 50)) for _ in range(2)]

    def get(self, path):
        if path == "/idempotency-keys/key-0":
            return 200, ('{"success":true,"data":{"key":"key-0","status":200,"reply":%s,'
                         '"record":7},"code":200}' % self.reply)
        return 404, refusal("no_such_key")

    def compared(self, *replayed):
        outcomes = KeyOutcomes(self, self.history, self.numbers)
        for number, balance in zip(self.numbers, ("10.5", "11.0")):
            self.history.answer(number, 200, body(balance), number in replayed)
        return outcomes.compare(is_first=True)

    def test_what_is_right_is_no_complaint(self):
        self.assertEqual(1, self.compared(0))
        self.assert_clean()

    def test_another_answer_than_was_shown_is_wrong(self):
        self.reply = body("10.25")
        self.compared(0)
        self.assert_complains("wrong")

    def test_one_that_was_shown_and_is_done_again_is_wrong(self):
        self.compared()
        self.assert_complains("wrong")

    def test_one_that_was_done_and_not_shown_is_wrong(self):
        self.compared(0, 1)
        self.assert_complains("wrong")


if __name__ == "__main__":
    unittest.main()
