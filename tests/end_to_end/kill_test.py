"""A few rounds of what `tools/faults kill` does, and that its bookkeeping finds what is wrong."""

import pathlib
import random
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults import operations  # noqa: E402
from faults.books import CLOSED, EXPIRED, OPEN, Books  # noqa: E402
from faults.book_check import BookCheck  # noqa: E402
from faults.export_lines import is_of_a_request, posting_of, postings_of  # noqa: E402
from faults.history import History  # noqa: E402
from faults.kill_rounds import COPY_EVERY, KillRounds  # noqa: E402
from faults.money_text import minor_of, text_of  # noqa: E402
from faults.request_choice import WEIGHTS, Requests  # noqa: E402
from faults.trim_rounds import LATE_KILL, TrimRounds  # noqa: E402

ROUNDS = 25
TRIM_ROUNDS = 4
MOST_STOP_S = 1
KEY_TTL_S = 1800  # more than any stall that the test survives
ACCOUNT, OTHER = 20_001, 20_003


def body(balance):
    return ('{"success":true,"data":{"account_number":"20001","new_balance":%s},"code":200}'
            % balance)


def refusal(kind, more=""):
    return ('{"success":false,"error":{"type":"%s","message":"m"%s},"code":400}' % (kind, more))


def hold_body(captured, remaining, status, balance, held, code=200):
    return (f'{{"success":true,"data":{{"hold":"2-0","account_number":"20001","amount":3.0,'
            f'"captured":{captured},"remaining":{remaining},"status":"{status}",'
            f'"expires_at":"2026-11-28T10:00:00Z","balance":{balance},"held":{held},'
            f'"available":{text_of(minor_of(balance) - minor_of(held))}}},"code":{code}}}')


class Complaining(unittest.TestCase):
    def setUp(self):
        self.history = History({ACCOUNT: 1000, OTHER: 1000}, "key")
        self.books = self.history.books

    def answered(self, operation, status, said, replayed=False, location=None):
        number = self.history.begin(operation)
        self.assertTrue(self.history.answer(number, status, said, replayed, location))
        return number

    def assert_complains(self, kind):
        self.assertEqual(1, self.history.counts[kind], self.history.complaints)
        self.assertFalse(self.history.is_clean())

    def assert_clean(self):
        self.assertTrue(self.history.is_clean(), self.history.complaints)


class Bookkeeping(Complaining):
    def setUp(self):
        super().setUp()
        self.paid = self.answered(operations.Post(ACCOUNT, 50), 200, body("10.5"))

    def test_what_is_right_is_no_complaint(self):
        refused = self.history.begin(operations.Post(ACCOUNT, -2000))
        for replayed in (False, True):
            self.history.answer(refused, 400, refusal("insufficient_funds", ',"available":10.5'),
                                replayed)
        self.history.answer(self.paid, 200, body("10.5"), True)
        self.history.check_balance(ACCOUNT, 1050)
        self.history.check_not_taken_back(ACCOUNT, 1050)
        self.history.check_export([("key-0", ACCOUNT, 50, 1050)])
        self.assert_clean()
        self.assertEqual((2, 2), tuple(self.history.counts[kind]
                                       for kind in ("acknowledged", "replayed")))

    def test_an_answer_that_is_not_definitive_is_asked_for_again(self):
        number = self.history.begin(operations.Post(ACCOUNT, 1))
        for status, said in ((503, ""), (409, refusal("request_in_progress"))):
            self.assertFalse(self.history.answer(number, status, said, False))
        self.assertTrue(self.history.answer(number, 200, body("10.51"), False))
        self.assertFalse(self.history.answer(number, 503, "", False))
        self.assert_clean()

    def test_a_key_that_was_forgotten_is_lost(self):
        self.history.answer(self.paid, 200, body("11.0"), False)
        self.assert_complains("lost")

    def test_another_answer_to_the_same_key_is_wrong(self):
        for status, said, location in ((200, body("11.0"), None), (400, body("10.5"), None),
                                       (200, body("10.5"), "/accounts/1")):
            with self.subTest(said):
                self.history.counts["wrong"] = 0
                self.history.answer(self.paid, status, said, True, location)
                self.assert_complains("wrong")

    def test_a_refusal_for_what_there_is_is_wrong(self):
        self.answered(operations.Post(ACCOUNT, -1000), 400,
                      refusal("insufficient_funds", ',"available":10.5'))
        self.assert_complains("wrong")

    def test_a_balance_that_was_seen_and_is_undone_is_lost(self):
        self.history.check_not_taken_back(ACCOUNT, 1049)
        self.assert_complains("lost")

    def test_a_posting_that_was_shown_and_is_undone_is_lost(self):
        self.history.saw_sequence(ACCOUNT, 3)
        self.history.saw_sequence(ACCOUNT, 2)
        for account, sequence in ((OTHER, 1), (ACCOUNT, 3), (ACCOUNT, 4)):
            self.history.check_sequence(account, sequence)
        self.assert_clean()
        self.history.check_sequence(ACCOUNT, 2)
        self.assert_complains("lost")

    def test_a_balance_that_is_not_the_sum_is_wrong(self):
        self.history.check_balance(ACCOUNT, 1051)
        self.assert_complains("wrong")

    def test_a_posting_that_is_not_exported_is_lost(self):
        self.history.check_export([])
        self.assert_complains("lost")

    def test_a_posting_that_is_exported_twice_is_doubled(self):
        self.history.check_export([("key-0", ACCOUNT, 50, 1050)] * 2)
        self.assert_complains("doubled")

    def test_a_posting_that_is_exported_otherwise_is_wrong(self):
        self.history.check_export([("key-0", ACCOUNT, 50, 1100)])
        self.assert_complains("wrong")

    def test_a_posting_that_nobody_asked_for_is_wrong(self):
        self.history.check_export([("key-0", ACCOUNT, 50, 1050), ("key-1", ACCOUNT, 50, 1100)])
        self.assert_complains("wrong")

    def test_what_can_be_repeated_is_kept_and_no_more(self):
        waiting = self.history.begin(operations.Post(ACCOUNT, 1))
        self.history.forget_before(len(self.history))
        self.assertEqual([waiting], list(self.history.requests))
        self.history.answer(waiting, 200, body("10.51"), False)
        self.assertEqual({}, self.history.requests)

    def test_money_is_written_as_the_server_does(self):
        for minor, text in ((0, "0.0"), (5, "0.05"), (50, "0.5"), (100_000, "1000.0"),
                            (9_999, "99.99")):
            self.assertEqual((text, minor), (text_of(minor), minor_of(text)))

    def test_lines_of_the_export_are_read(self):
        said = {"account_number": "20001", "operation": "withdrawal", "amount": "0.5",
                "balance": "9.99", "key": "key-0"}
        self.assertEqual(("key-0", ACCOUNT, -50, 999), posting_of(said))
        for operation, amount, effect in (("transaction", "-0.5", -50), ("transfer_in", "0.5", 50),
                                          ("hold", "0.5", 0), ("opening", "0.5", 50)):
            self.assertEqual(("key-0", ACCOUNT, effect, 999), posting_of(
                {**said, "operation": operation, "amount": amount}))
        self.assertFalse(is_of_a_request({"operation": "opening"}))
        expiries = []
        line = '{"account_number":"20001","operation":"expiry","amount":3.0,"hold":"2-0"}'
        self.assertEqual([], list(postings_of([line], expiries)))
        self.assertEqual([(ACCOUNT, "2-0")], expiries)


class Transfers(Complaining):
    TRANSFER = ('{"success":true,"data":{"amount":2.0,"from":{"account_number":"20001",'
                '"new_balance":8.0},"to":{"account_number":"20003","new_balance":%s}},"code":200}')

    def test_a_transfer_is_two_postings_of_one_key(self):
        self.answered(operations.Transfer(ACCOUNT, OTHER, 200), 200, self.TRANSFER % "12.0")
        self.assertEqual((800, 1200), tuple(one.balance for one in self.books.accounts.values()))
        both = [("key-0", ACCOUNT, -200, 800), ("key-0", OTHER, 200, 1200)]
        self.history.check_export(both)
        self.assert_clean()
        self.history.check_export(both[:1])
        self.assert_complains("lost")

    def test_a_transaction_has_the_order_of_the_request(self):
        transaction = operations.Transaction([(OTHER, 200), (ACCOUNT, -200)])
        said = ('{"success":true,"data":{"postings":[{"account_number":"%s","amount":%s,'
                '"new_balance":%s},{"account_number":"%s","amount":%s,"new_balance":%s}]},'
                '"code":200}')
        self.answered(transaction, 200, said % (OTHER, "2.0", "12.0", ACCOUNT, "-2.0", "8.0"))
        self.assert_clean()
        self.answered(transaction, 200, said % (ACCOUNT, "-2.0", "6.0", OTHER, "2.0", "14.0"))
        self.assert_complains("wrong")

    def test_a_refusal_names_the_account_that_is_short(self):
        short = ',"account_number":"%s","available":1.99'
        transfer = operations.Transfer(ACCOUNT, OTHER, 200)
        self.answered(transfer, 400, refusal("insufficient_funds", short % ACCOUNT))
        self.assert_clean()
        self.answered(transfer, 400, refusal("insufficient_funds", short % OTHER))
        self.assert_complains("wrong")


class Holds(Complaining):
    def setUp(self):
        super().setUp()
        self.answered(operations.Place(ACCOUNT, 300, "1s"), 201,
                      hold_body("0.0", "3.0", "held", "10.0", "3.0", 201),
                      location="/accounts/20001/holds/2-0")
        self.hold, = self.books.free_holds
        self.balance, self.held, self.open = "10.0", "3.0", True

    # The server that a BookCheck reads from.

    def data(self, path):
        account = self.books.accounts[int(path.rpartition("/")[2])]
        mine = account.number == ACCOUNT
        balance, held = (self.balance, self.held) if mine else (text_of(account.balance), "0.0")
        return {"balance": balance, "held": held, "status": account.status,
                "available": text_of(minor_of(balance) - minor_of(held))}

    def get(self, path):
        if path.endswith("/2-0"):
            return 200, self.hold.json(1000, 0)
        shown = self.hold.json(minor_of(self.balance), minor_of(self.held)) if self.open else ""
        return 200, f'{{"success":true,"data":{{"holds":[{shown}],"next":null}},"code":200}}'

    def checked(self):
        BookCheck(self, self.history, random.Random(1)).run()

    def test_what_is_held_is_the_sum_of_the_open_holds(self):
        self.checked()
        self.assert_clean()
        self.held = "2.0"
        self.checked()
        self.assertFalse(self.history.is_clean())

    def test_a_hold_is_in_the_state_of_its_captures(self):
        capture = operations.Capture(self.hold, 100, False, None)
        self.answered(capture, 200, hold_body("1.0", "2.0", "held", "9.0", "2.0"))
        self.balance, self.held = "9.0", "2.0"
        self.checked()
        self.assert_clean()
        self.hold.captured = 0
        self.answered(operations.Release(self.hold), 200,
                      hold_body("1.0", "0.0", "released", "9.0", "0.0"))
        self.assert_complains("wrong")

    def test_a_capture_to_another_account_is_paid_to_it(self):
        self.answered(operations.Capture(self.hold, None, False, OTHER), 200,
                      hold_body("3.0", "0.0", "captured", "7.0", "0.0"))
        self.assertEqual((700, 1300), tuple(one.balance for one in self.books.accounts.values()))
        self.history.check_export([("key-0", ACCOUNT, 0, 1000), ("key-1", ACCOUNT, -300, 700),
                                   ("key-1", OTHER, 300, 4711)])
        self.assert_clean()

    def test_a_hold_that_is_gone_has_expired(self):
        self.held, self.open = "0.0", False
        self.checked()
        self.assert_clean()
        self.assertEqual(EXPIRED, self.hold.status)
        self.history.check_expiries([(ACCOUNT, "2-0")])
        self.assert_clean()
        self.history.check_expiries([])
        self.assert_complains("lost")

    def test_a_hold_without_an_end_does_not_expire(self):
        self.hold.expires_at = "null"
        self.held, self.open = "0.0", False
        self.checked()
        self.assert_complains("wrong")

    def test_a_hold_that_is_half_placed_is_wrong(self):
        self.open = False
        self.checked()
        self.assert_complains("wrong")

    def test_a_hold_that_was_forgotten_had_expired(self):
        gone = refusal("no_such_hold")
        number = self.history.begin(operations.Release(self.hold))
        self.assertFalse(self.history.answer(number, 404, gone, False))
        self.history.may_forget = True
        for _ in range(2):
            self.assertTrue(self.history.answer(number, 404, gone, False))
        self.assert_clean()
        self.assertEqual(EXPIRED, self.hold.status)

    def test_a_capture_of_too_much_is_refused_and_nothing_else_is(self):
        refused = refusal("hold_exceeded")
        self.answered(operations.Capture(self.hold, 301, False, None), 400, refused)
        self.assert_clean()
        self.answered(operations.Capture(self.hold, 300, False, None), 400, refused)
        self.assert_complains("wrong")


class Own(Complaining):
    ACCOUNT = ('{"success":true,"data":{"account_number":"20004","balance":0.0,"held":0.0,'
               '"available":0.0,"sequence":%d,"status":"%s"},"code":%d}')

    def setUp(self):
        super().setUp()
        self.answered(operations.Open(None, 0, OTHER), 201, self.ACCOUNT % (1, "open", 201),
                      location="/accounts/20004")
        self.own, = self.books.own

    def test_each_closing_and_reopening_has_a_sequence(self):
        self.answered(operations.SetStatus(self.own, CLOSED, None), 200,
                      self.ACCOUNT % (2, "closed", 200))
        self.answered(operations.SetStatus(self.own, OPEN, None), 200,
                      self.ACCOUNT % (3, "open", 200))
        self.assert_clean()
        self.answered(operations.SetStatus(self.own, CLOSED, None), 200,
                      self.ACCOUNT % (5, "closed", 200))
        self.assert_complains("wrong")

    def test_what_must_be_refused_is_wrong_if_it_is_not(self):
        again = operations.OpenAgain(self.own)
        self.answered(again, 409, refusal("account_exists"))
        self.assert_clean()
        self.answered(again, 201, self.ACCOUNT % (1, "open", 201))
        self.assert_complains("wrong")

    def test_a_number_is_above_all_that_were_opened(self):
        self.answered(operations.Open(None, 0, 20_004), 201, self.ACCOUNT % (1, "open", 201),
                      location="/accounts/20004")
        self.assert_complains("wrong")


class Choice(unittest.TestCase):
    def test_all_operations_are_chosen(self):
        requests = Requests(Books({ACCOUNT + i: 1000 for i in range(20)}), random.Random(1))
        chosen = {type(requests.next()).__name__ for _ in range(1000)}
        self.assertLessEqual({"Post", "Transfer", "Transaction", "Place", "Open"}, chosen)
        self.assertEqual(100, sum(WEIGHTS.values()))


class Kill(unittest.TestCase):
    def clean_run(self, kind, number):
        """So many rounds of this kind, with nothing to complain of."""
        seed = random.randrange(1_000_000_000)
        with tempfile.TemporaryDirectory(prefix="coffer-test-") as folder:
            rounds = kind(pathlib.Path(folder), seed, lambda line: None, KEY_TTL_S,
                          most_stop_s=MOST_STOP_S)
            rounds.run(number, number)
        print(f"\n    seed {seed}: {rounds.summary()}", end=" ")
        self.assertTrue(rounds.history.is_clean(), "\n".join(rounds.history.complaints))
        # How many fit into a round is the machine's affair; that all were answered is not.
        self.assertEqual(len(rounds.history), rounds.history.counts["acknowledged"])
        self.assertGreater(rounds.history.counts["acknowledged"], number)
        self.assertGreater(rounds.history.counts["replayed"], 0)
        self.assertGreater(rounds.customers.batches, 0)
        self.assertGreater(rounds.customers.entries, 0)
        return rounds

    def test_nothing_acknowledged_is_lost_or_doubled_by_a_kill(self):
        rounds = self.clean_run(KillRounds, ROUNDS)
        self.assertGreaterEqual(rounds.copies, ROUNDS // COPY_EVERY)
        self.assertGreater(rounds.named, 0)
        self.assertGreater(rounds.customers.outcomes, 0)
        for status, count in rounds.history.books.counts.items():
            self.assertGreater(count, 0, f"no hold was {status}")

    def test_nothing_acknowledged_is_lost_or_doubled_by_a_kill_beside_trimming(self):
        rounds = self.clean_run(TrimRounds, TRIM_ROUNDS)
        # Those of a late kill, and the last one, are sure to trim.
        self.assertGreater(rounds.trimmed, TRIM_ROUNDS // LATE_KILL)


if __name__ == "__main__":
    unittest.main()
