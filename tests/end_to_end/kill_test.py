"""A few rounds of what `tools/faults kill` does, and that its bookkeeping finds what is wrong."""

import pathlib
import random
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults.history import REFUSAL, History  # noqa: E402
from faults.kill_rounds import KillRounds, posting_of  # noqa: E402
from faults.money_text import minor_of, text_of  # noqa: E402
from faults.trim_rounds import LATE_KILL, TrimRounds  # noqa: E402

ROUNDS = 25
TRIM_ROUNDS = 4
MOST_STOP_S = 1
KEY_TTL_S = 1800  # more than any stall that the test survives
ACCOUNT = 20_001


def body(balance):
    return ('{"success":true,"data":{"account_number":"20001","new_balance":%s},"code":200}'
            % balance)


class Bookkeeping(unittest.TestCase):
    def setUp(self):
        self.history = History({ACCOUNT: 1000}, "key")
        self.paid = self.history.begin(ACCOUNT, 50)
        self.history.answer(self.paid, 200, body("10.5"), False)

    def assert_complains(self, kind):
        self.assertEqual(1, self.history.counts[kind], self.history.complaints)
        self.assertFalse(self.history.is_clean())

    def test_what_is_right_is_no_complaint(self):
        refused = self.history.begin(ACCOUNT, -2000)
        for replayed in (False, True):
            self.history.answer(refused, 400, REFUSAL, replayed)
        self.history.answer(self.paid, 200, body("10.5"), True)
        self.history.check_balance(ACCOUNT, 1050)
        self.history.check_not_taken_back(ACCOUNT, 1050)
        self.history.check_export([("key-0", ACCOUNT, 50, 1050)])
        self.assertTrue(self.history.is_clean(), self.history.complaints)
        self.assertEqual((2, 2), tuple(self.history.counts[kind]
                                       for kind in ("acknowledged", "replayed")))

    def test_an_answer_that_is_not_definitive_is_asked_for_again(self):
        number = self.history.begin(ACCOUNT, 1)
        self.assertFalse(self.history.answer(number, 503, "", False))
        self.assertTrue(self.history.answer(number, 200, body("10.51"), False))
        self.assertFalse(self.history.answer(number, 503, "", False))
        self.assertTrue(self.history.is_clean(), self.history.complaints)

    def test_a_key_that_was_forgotten_is_lost(self):
        self.history.answer(self.paid, 200, body("11.0"), False)
        self.assert_complains("lost")

    def test_another_answer_to_the_same_key_is_wrong(self):
        self.history.answer(self.paid, 200, body("11.0"), True)
        self.assert_complains("wrong")

    def test_a_refusal_of_what_was_acknowledged_is_wrong(self):
        self.history.answer(self.paid, 400, REFUSAL, True)
        self.assert_complains("wrong")

    def test_a_balance_that_was_seen_and_is_undone_is_lost(self):
        self.history.check_not_taken_back(ACCOUNT, 1049)
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

    def test_money_is_written_as_the_server_does(self):
        for minor, text in ((0, "0.0"), (5, "0.05"), (50, "0.5"), (100_000, "1000.0"),
                            (9_999, "99.99")):
            self.assertEqual((text, minor), (text_of(minor), minor_of(text)))

    def test_a_line_of_the_export_is_read(self):
        line = ('{"record":7,"time":"2026-11-23T15:00:00Z","account_number":"20001","sequence":3,'
                '"operation":"withdrawal","amount":0.5,"balance":9.99,"key":"key-0"}')
        self.assertEqual(("key-0", ACCOUNT, -50, 999), posting_of(line))
        self.assertIsNone(posting_of(line.replace("withdrawal", "opening")))


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
        return rounds

    def test_nothing_acknowledged_is_lost_or_doubled_by_a_kill(self):
        self.clean_run(KillRounds, ROUNDS)

    def test_nothing_acknowledged_is_lost_or_doubled_by_a_kill_beside_trimming(self):
        rounds = self.clean_run(TrimRounds, TRIM_ROUNDS)
        # Those of a late kill, and the last one, are sure to trim.
        self.assertGreater(rounds.trimmed, TRIM_ROUNDS // LATE_KILL)


if __name__ == "__main__":
    unittest.main()
