"""The requests of all clients, with their keys and answers, and the checks that follow from them.

A request is a number from 0 on, and its key is made of that. There are millions of them, so what is
known of an answered one is kept in arrays: hashes of its answer and of its postings.
"""

import json
from array import array

from faults.books import Books, Wrong
from faults.money_text import text_of

# Answers of which the books are made, and so final. A 409 can also be that of a request that is
# still under way.
FINAL = (200, 201, 400, 409)
IN_PROGRESS = '"type":"request_in_progress"'
# The hold of a request may have expired, and be forgotten. Such an answer is not kept with its key.
NOT_FOUND, NO_SUCH_HOLD = 404, '"type":"no_such_hold"'
TRIMMED, HISTORY_TRIMMED = 410, '"type":"history_trimmed"'
MOST_COMPLAINTS = 20  # that are kept; all are counted
MASK = 2**64 - 1


def hash_of(posting):
    """Of an account, the effect on its balance, and the balance after it. Captures do not answer
    with the payee's balance: there it is left out."""
    return hash(posting) & MASK


class History:
    """Requests to accounts with these opening balances, in minor units, by account number.
    `may_forget`: some servers forget holds within moments of their end."""

    def __init__(self, opening, prefix, may_forget=False):
        self.may_forget = may_forget
        self.headers = dict  # makes the fields that each request has beside its own
        self.opening = dict(opening)
        self.prefix = prefix
        self.books = Books(opening)
        self.requests = {}  # by number: those that may still be sent
        self.first_kept = 0  # no request before this is repeated once it is answered
        self.status = array("H")  # 0 as long as there is no answer
        self.answers = array("q")  # their hashes
        self.postings = array("B")  # how many it makes
        self.hashes = array("Q")  # their sum
        self.without_balance = {}  # by number and account: postings whose balance is not answered
        self.counts = dict.fromkeys(("acknowledged", "replayed", "lost", "doubled", "wrong"), 0)
        self.complaints = []
        self.doubled = set()  # keys that the journal has twice
        self.sequences = dict.fromkeys(opening, 1)  # the last that an answer showed of an account

    def __len__(self):
        return len(self.status)

    def begin(self, operation):
        """Makes a new request and returns its number."""
        self.requests[len(self)] = operation
        self.status.append(0)
        self.answers.append(0)
        self.postings.append(0)
        self.hashes.append(0)
        return len(self) - 1

    def forget_before(self, number):
        """Forgets how to repeat those that are answered."""
        for one in range(self.first_kept, number):
            if self.status[one]:
                self.requests.pop(one, None)
        self.first_kept = max(self.first_kept, number)

    def key_of(self, number):
        return f"{self.prefix}-{number}"

    def number_of(self, key):
        """The number of the request with this key, or None."""
        prefix, _, number = key.rpartition("-")
        known = prefix == self.prefix and number.isdecimal() and int(number) < len(self)
        return int(number) if known else None

    def complain(self, kind, what):
        self.counts[kind] += 1
        if len(self.complaints) < MOST_COMPLAINTS:
            self.complaints.append(f"{kind}: {what}")

    def answer(self, number, status, body, replayed, location=None):
        """Takes an answer of the server. Returns False if it is not final, for a repetition."""
        if not self._is_final(status, body):
            return False
        answer = hash((status, location, body))
        self.counts["replayed"] += replayed
        if self.status[number]:
            self._answer_again(number, answer, replayed, body)
            return True
        self.status[number] = status
        self.answers[number] = answer
        self.counts["acknowledged"] += 1
        try:
            self._enter(number, status, body, location)
        except (Wrong, LookupError, TypeError, ValueError) as wrong:
            self.complain("wrong", f"{self.key_of(number)} was answered {status} {body}: "
                                   f"{type(wrong).__name__} {wrong}")
        if number < self.first_kept:
            del self.requests[number]
        return True

    def _is_final(self, status, body):
        if status == NOT_FOUND:
            return self.may_forget and NO_SUCH_HOLD in body
        return status in FINAL and IN_PROGRESS not in body

    def _enter(self, number, status, body, location):
        operation = self.requests[number]
        if status >= 400:
            return operation.refused(self.books, json.loads(body, parse_float=str)["error"])
        if status != operation.success:
            raise Wrong(f"the status is {status}")
        for posting in operation.done(self.books, body):
            if posting[2] is None:
                self.without_balance[number, posting[0]] = posting[1]
            self.postings[number] += 1
            self.hashes[number] = (self.hashes[number] + hash_of(posting)) & MASK
        if location != operation.location():
            raise Wrong(f"Location is {location}, and not {operation.location()}")
        return None

    def _answer_again(self, number, answer, replayed, body):
        """Takes the answer to a repetition of a request that was answered before."""
        if not replayed and self.status[number] != NOT_FOUND:
            # The key was forgotten, and the request was carried out a second time.
            self.complain("lost", f"{self.key_of(number)} was answered, and is not known any more")
        elif answer != self.answers[number]:
            self.complain("wrong", f"{self.key_of(number)} was answered {self.status[number]}, "
                                   f"then otherwise: {body}")

    def check_not_taken_back(self, account, balance):
        """Checks an account that only gets deposits: a balance that was seen may not be undone."""
        highest = self.books.highest_seen[account]
        if balance < highest:
            self.complain("lost", f"account {account} has {text_of(balance)}, and "
                                  f"{text_of(highest)} was answered before")

    def saw_sequence(self, account, sequence):
        self.sequences[account] = max(sequence, self.sequences[account])

    def check_sequence(self, account, sequence):
        """Checks an account after a restart: no posting that an answer showed may be undone."""
        if sequence < self.sequences[account]:
            self.complain("lost", f"account {account} has {sequence} postings, and "
                                  f"{self.sequences[account]} were shown before")

    def check_balance(self, account, balance):
        """Checks a balance while every request is answered."""
        expected = self.books.accounts[account].balance
        if balance != expected:
            self.complain("wrong", f"account {account} has {text_of(balance)}, and "
                                   f"{text_of(expected)} was acknowledged")

    def check_export(self, postings):
        """Checks all postings of the journal, in order, as (key, account, effect, balance). Every
        acknowledged posting must be there once, and nothing else."""
        seen = bytearray(len(self))
        sums = array("Q", bytes(8 * len(self)))
        for key, account, effect, balance in postings:
            number = self.number_of(key)
            if number is None:
                self.complain("wrong", f"the journal has key {key}, and nobody sent it")
                continue
            if self.without_balance.get((number, account)) == effect:
                balance = None
            seen[number] = min(seen[number] + 1, 255)
            sums[number] = (sums[number] + hash_of((account, effect, balance))) & MASK
        for number, postings_made in enumerate(self.postings):
            key = self.key_of(number)
            if seen[number] > postings_made:
                self.doubled.add(key)
                self.complain("doubled" if postings_made else "wrong",
                              f"the journal has {seen[number]} postings of {key}, and "
                              f"{postings_made} were acknowledged")
            elif seen[number] < postings_made:
                self.complain("lost", f"the journal has {seen[number]} postings of {key}, and "
                                      f"{postings_made} were acknowledged")
            elif sums[number] != self.hashes[number]:
                self.complain("wrong", f"the journal has {key} otherwise than it was answered")

    def check_expiries(self, expiries):
        """Checks all expiries of the journal, as (account, hold). Each hold that was seen to have
        expired must have one, and no hold two."""
        seen = set()
        for one in expiries:
            if one in seen:
                self.complain("doubled", f"the journal has the expiry of {one} twice")
            if one not in self.books.can_expire:
                self.complain("wrong", f"the journal has the expiry of {one}, which cannot")
            seen.add(one)
        for one in self.books.expired - seen:
            self.complain("lost", f"the journal has no expiry of {one}")

    def holds_text(self):
        """How many holds there were."""
        return ", ".join(f"{count:,} holds {status}"
                         for status, count in self.books.counts.items())

    def is_clean(self):
        return not any(self.counts[kind] for kind in ("lost", "doubled", "wrong"))
