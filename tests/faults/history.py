"""The requests of all clients, with their keys and answers, and the checks that follow from them.

A request is a number from 0 on, and its key is made of that. There are millions of them, so they
are kept in arrays.
"""

from array import array

from faults.money_text import minor_of, text_of

OK, REFUSED = 200, 400
# What every refusal begins with; what is available is behind it.
REFUSAL = ('{"success":false,"error":{"type":"insufficient_funds",'
           '"message":"the amount is more than what is available","available":')
MOST_COMPLAINTS = 20  # that are kept; all are counted


class History:
    """Requests to accounts with these opening balances, in minor units, by account number."""

    def __init__(self, opening, prefix):
        self.opening = dict(opening)
        self.prefix = prefix
        self.account = array("Q")
        self.effect = array("q")  # what it changes a balance by, if it succeeds
        self.status = array("H")  # 0 as long as there is no answer
        self.balance = array("q")  # in the answer
        self.expected = dict(opening)
        self.highest_seen = dict(opening)
        self.counts = dict.fromkeys(("acknowledged", "replayed", "lost", "doubled", "wrong"), 0)
        self.complaints = []
        self.doubled = set()  # keys that the journal has twice

    def __len__(self):
        return len(self.account)

    def begin(self, account, effect):
        """Makes a new request and returns its number."""
        self.account.append(account)
        self.effect.append(effect)
        self.status.append(0)
        self.balance.append(0)
        return len(self.account) - 1

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

    def body_of(self, number, balance):
        """The answer to a request that succeeds and leaves this balance."""
        return (f'{{"success":true,"data":{{"account_number":"{self.account[number]}",'
                f'"new_balance":{text_of(balance)}}},"code":200}}')

    def answer(self, number, status, body, replayed):
        """Takes an answer of the server. Returns False if it is not final, for a repetition."""
        if status not in (OK, REFUSED):
            return False
        if self.status[number]:
            self._answer_again(number, status, body, replayed)
            return True
        if status == OK:
            balance = minor_of(body.partition('"new_balance":')[2].partition("}")[0])
            if body != self.body_of(number, balance):
                self.complain("wrong", f"{self.key_of(number)} was answered {body}")
            account = self.account[number]
            self.balance[number] = balance
            self.expected[account] += self.effect[number]
            self.saw(account, balance)
        elif not body.startswith(REFUSAL) or self.effect[number] > 0:
            self.complain("wrong", f"{self.key_of(number)} was answered {body}")
        self.status[number] = status
        self.counts["acknowledged"] += 1
        self.counts["replayed"] += replayed
        return True

    def _answer_again(self, number, status, body, replayed):
        """Takes the answer to a repetition of a request that was answered before."""
        before = self.status[number]
        self.counts["replayed"] += replayed
        said = self.body_of(number, self.balance[number]) if before == OK else REFUSAL
        if not replayed:
            # The key was forgotten, and the request was carried out a second time.
            self.complain("lost", f"{self.key_of(number)} was answered, and is not known any more")
            if status == OK:
                self.expected[self.account[number]] += self.effect[number]
        elif status != before or not body.startswith(said):
            self.complain("wrong", f"{self.key_of(number)} was answered {said}, then {body}")

    def saw(self, account, balance):
        """Takes a balance that a client has read."""
        self.highest_seen[account] = max(self.highest_seen[account], balance)

    def check_not_taken_back(self, account, balance):
        """Checks an account that only gets deposits: a balance that was seen may not be undone."""
        if balance < self.highest_seen[account]:
            self.complain("lost", f"account {account} has {text_of(balance)}, and "
                                  f"{text_of(self.highest_seen[account])} was answered before")

    def check_balance(self, account, balance):
        """Checks a balance while every request is answered."""
        if balance != self.expected[account]:
            self.complain("wrong", f"account {account} has {text_of(balance)}, and "
                                   f"{text_of(self.expected[account])} was acknowledged")

    def check_export(self, postings):
        """Checks all postings of the journal, in order, as (key, account, effect, balance). Every
        acknowledged posting must be there once, and nothing else."""
        seen = bytearray(len(self))
        for key, account, effect, balance in postings:
            number = self.number_of(key)
            if number is None:
                self.complain("wrong", f"the journal has key {key}, and nobody sent it")
                continue
            if seen[number]:
                self.doubled.add(key)
                self.complain("doubled", f"the journal has {key} twice")
            seen[number] = 1
            said = (self.account[number], self.effect[number], self.balance[number])
            if self.status[number] != OK or said != (account, effect, balance):
                self.complain("wrong", f"the journal has {key} as {account}, {effect}, {balance}")
        for number, status in enumerate(self.status):
            if status == OK and not seen[number]:
                self.complain("lost", f"the journal has no {self.key_of(number)}")

    def is_clean(self):
        return not any(self.counts[kind] for kind in ("lost", "doubled", "wrong"))
