"""The checker finds each kind of wrong history, and finds nothing in right ones."""

import random
import unittest

from history import DOUBLED, KINDS, LOST, STALE, WRONG, History, Line, Posting, Read, check

ACCOUNTS = 3
OPENING = 1000


class Ledger:
    """A right history of `count` requests, most of them overlapping, in a time of its own."""

    def __init__(self, seed, count=200):
        chance = random.Random(seed)
        self.history = History("key")
        self.lines, self.time = [], 0
        self.balances = {account: 0 for account in range(ACCOUNTS)}
        self.sequences = dict(self.balances)
        for account in self.balances:
            self._post(account, OPENING, "")
        for number in range(count):
            self.time += chance.randrange(1, 10)
            begun = self.time - chance.randrange(1, 50)
            ended = self.time + chance.randrange(1, 50)
            account = chance.randrange(ACCOUNTS)
            if chance.random() < 0.4:
                self.history.reads.append(Read(account, begun, ended, self.balances[account],
                                               self.sequences[account]))
                continue
            effects = ((account, chance.randrange(1, 9)),)
            if chance.random() < 0.3:
                effects = ((account, -1), ((account + 1) % ACCOUNTS, 1))
            self._request(effects, begun, ended if chance.random() < 0.9 else float("inf"))

    def _request(self, effects, begun, ended):
        key = self.history.key_of(len(self.history.postings))
        record = self._next_record()
        for account, effect in effects:
            self._post(account, effect, key, record)
        one = Posting(effects, begun, ended)
        if ended < float("inf"):
            one.balances = tuple(self.balances[account] for account, _ in effects)
            one.sequence = self.sequences[effects[0][0]]
        self.history.postings.append(one)

    def _next_record(self):
        return self.lines[-1].record + 1 if self.lines else 1

    def _post(self, account, effect, key, record=None):
        self.balances[account] += effect
        self.sequences[account] += 1
        self.lines.append(Line(record or self._next_record(), account, self.sequences[account],
                               effect, self.balances[account], key))

    def without(self, key):
        """The journal's lines as if a request had never been posted."""
        again = Ledger.__new__(Ledger)
        again.lines = []
        again.balances = {account: 0 for account in range(ACCOUNTS)}
        again.sequences = dict(again.balances)
        for line in self.lines:
            if line.key != key:
                again._post(line.account, line.effect, line.key, line.record)
        return again.lines

    def acknowledged(self):
        """A request in the midst of the history, and its key."""
        for number, one in enumerate(self.history.postings):
            if number > 30 and one.ended < float("inf") and len(one.effects) == 1:
                return number, one, self.history.key_of(number)
        raise LookupError


class Checker(unittest.TestCase):
    def found(self, ledger, lines=None):
        return check(ledger.history, ledger.lines if lines is None else lines).counts

    def assert_finds(self, kind, ledger, lines=None):
        self.assertGreater(self.found(ledger, lines)[kind], 0)

    def test_it_finds_nothing_in_right_histories(self):
        for seed in range(50):
            with self.subTest(seed=seed):
                self.assertEqual({kind: 0 for kind in KINDS}, dict(self.found(Ledger(seed))))

    def test_it_finds_an_acknowledged_posting_that_is_lost(self):
        for seed in range(20):
            ledger = Ledger(seed)
            self.assert_finds(LOST, ledger, ledger.without(ledger.acknowledged()[2]))

    def test_a_posting_that_was_never_acknowledged_may_be_there_or_not(self):
        ledger = Ledger(1)
        ledger.history.postings.append(Posting(((0, 5),), ledger.time + 100))
        self.assertFalse(check(ledger.history, ledger.lines))
        ledger._post(0, 5, ledger.history.key_of(len(ledger.history.postings) - 1))
        self.assertFalse(check(ledger.history, ledger.lines))

    def test_it_finds_a_key_that_was_posted_twice(self):
        for seed in range(20):
            ledger = Ledger(seed)
            _, one, key = ledger.acknowledged()
            ledger._post(one.effects[0][0], one.effects[0][1], key)
            self.assert_finds(DOUBLED, ledger)

    def test_it_finds_a_read_that_is_older_than_an_acknowledged_posting(self):
        for seed in range(20):
            ledger = Ledger(seed)
            _, one, key = ledger.acknowledged()
            account = one.effects[0][0]
            before = next(line for line in ledger.lines
                          if line.account == account and line.sequence == one.sequence - 1)
            ledger.history.reads.append(Read(account, one.ended + 1, one.ended + 2, before.balance,
                                             before.sequence))
            self.assert_finds(STALE, ledger)
            # Sent long before, it may have waited and show what there was then.
            ledger.history.reads[-1].begun = 0
            self.assertEqual(0, self.found(ledger)[STALE])

    def test_it_finds_a_read_that_is_older_than_what_an_earlier_read_has_shown(self):
        ledger = Ledger(3)
        newest = ledger.sequences[0]
        shown = {line.sequence: line.balance for line in ledger.lines if line.account == 0}
        for sequence in (newest, newest - 1):
            ledger.time += 100
            ledger.history.reads.append(Read(0, ledger.time, ledger.time + 1, shown[sequence],
                                             sequence))
        self.assert_finds(STALE, ledger)

    def test_it_finds_a_read_of_what_was_lost_or_never_was(self):
        ledger = Ledger(4)
        ledger.history.reads.append(Read(0, ledger.time, ledger.time + 1, 1,
                                         ledger.sequences[0] + 1))
        self.assert_finds(LOST, ledger)
        ledger = Ledger(4)
        ledger.history.reads.append(Read(0, ledger.time, ledger.time + 1, ledger.balances[0] + 1,
                                         ledger.sequences[0]))
        self.assert_finds(WRONG, ledger)

    def test_it_finds_a_read_of_a_standby_that_is_older_than_the_record_it_names(self):
        ledger = Ledger(5)
        last = ledger.lines[-1].record
        for sequence, kind in ((ledger.sequences[0], 0), (1, 1)):
            balance = next(line.balance for line in ledger.lines
                           if (line.account, line.sequence) == (0, sequence))
            ledger.history.reads.append(Read(0, ledger.time + 500, ledger.time + 501, balance,
                                             sequence, as_of=last))
            self.assertEqual(kind, self.found(ledger)[STALE])
        # Without such a promise it may be as old as it is.
        ledger.history.reads[-1].as_of = 1
        self.assertEqual(0, self.found(ledger)[STALE])

    def test_it_finds_an_answer_that_the_journal_does_not_have(self):
        for change in ("balances", "sequence"):
            ledger = Ledger(6)
            _, one, _ = ledger.acknowledged()
            if change == "balances":
                one.balances = (one.balances[0] + 1,)
            else:
                one.sequence += 1
            self.assert_finds(WRONG, ledger)

    def test_it_finds_postings_in_another_order_than_they_were_acknowledged(self):
        ledger = Ledger(7)
        begin = ledger.time + 1000
        ledger._request(((0, 1),), begin + 100, begin + 110)
        ledger._request(((1, 1),), begin, begin + 10)
        self.assert_finds(WRONG, ledger)  # by their records

    def test_it_finds_half_a_transfer(self):
        ledger = Ledger(8)
        ledger.history.postings.append(Posting(((0, -1), (1, 1)), ledger.time))
        ledger._post(0, -1, ledger.history.key_of(len(ledger.history.postings) - 1))
        self.assert_finds(WRONG, ledger)

    def test_it_finds_a_key_that_nobody_has_sent(self):
        ledger = Ledger(9)
        ledger._post(0, 1, "key-999999")
        self.assert_finds(WRONG, ledger)

    def test_it_finds_a_journal_that_does_not_add_up(self):
        ledger = Ledger(10)
        del ledger.lines[50]
        self.assert_finds(WRONG, ledger)


if __name__ == "__main__":
    unittest.main()
