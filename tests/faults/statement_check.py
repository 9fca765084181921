"""Checks statements and past balances against what was acknowledged, while no request is under way.

The booked balance does not change meanwhile: holds that expire leave it as it is.
"""

import json

from faults.export_lines import SIGNS, signed_minor_of
from faults.history import HISTORY_TRIMMED, TRIMMED, hash_of
from faults.money_text import minor_of

ACCOUNTS = 3  # chosen at random
PAGES, PAGE = 2, 400  # of each
MOMENTS = 3  # of each


def effect_of(entry):
    return SIGNS.get(entry["operation"], 0) * signed_minor_of(entry["amount"])


class StatementCheck:
    """Reads through `reader` what a server has, for the accounts that `history` began with."""

    def __init__(self, reader, history, random):
        self.reader, self.history, self.random = reader, history, random

    def run(self):
        """Returns how many entries it has checked."""
        checked = 0
        for account in self.random.sample(list(self.history.opening), ACCOUNTS):
            entries, is_whole = self._entries(account)
            if not entries:
                if not self.history.may_forget:
                    self._wrong(f"account {account} has no statement")
                continue
            checked += len(entries)
            self._check_chain(account, entries, is_whole)
            for entry in entries:
                self._check_key(account, entry)
            for entry in self.random.sample(entries, min(len(entries), MOMENTS)):
                self._check_past(account, entries, entry)
        return checked

    def _wrong(self, what):
        self.history.complain("wrong", what)

    def _get(self, path):
        """The data, or None of what was trimmed."""
        status, body = self.reader.get(path)
        if status == TRIMMED and HISTORY_TRIMMED in body and self.history.may_forget:
            return None
        if status != 200:
            raise ValueError(f"{path}: {status} {body}")
        return json.loads(body, parse_float=str)["data"]

    def _entries(self, account):
        """Some pages, the newest first, and whether they go back to the opening."""
        entries, after = [], ""
        for _ in range(PAGES):
            page = self._get(f"/accounts/{account}/statement?limit={PAGE}{after}")
            if page is None:
                return entries, False
            entries += page["entries"]
            if page["next"] is None:
                return entries, True
            after = f"&after={page['next']}"
        return entries, False

    def _check_chain(self, account, entries, is_whole):
        """No posting is missing: each balance is the one before and what the posting did."""
        balance = self.history.books.accounts[account].balance
        sequence = entries[0]["sequence"]
        for entry in entries:
            if (minor_of(entry["balance"]), entry["sequence"]) != (balance, sequence):
                self._wrong(f"account {account}: {entry}, and not sequence {sequence} with "
                            f"{balance}")
                return
            balance -= effect_of(entry)
            sequence -= 1
        if is_whole and (balance, sequence) != (0, 0):
            self._wrong(f"account {account}: its statement ends with {entries[-1]}")

    def _check_key(self, account, entry):
        """It is what the request with this key was answered."""
        number = self.history.number_of(entry.get("key", ""))
        if number is None:
            if "key" in entry:
                self._wrong(f"account {account} has a key that nobody sent: {entry}")
        elif not self.history.postings[number]:
            self._wrong(f"account {account}: {entry} was not acknowledged")
        elif self.history.postings[number] == 1:
            posting = hash_of((account, effect_of(entry), minor_of(entry["balance"])))
            if posting != self.history.hashes[number]:
                self._wrong(f"account {account}: it was answered otherwise: {entry}")

    def _check_past(self, account, entries, entry):
        at = next(one for one in entries if one["time"] <= entry["time"])
        for query, due in ((f"sequence={entry['sequence']}", entry), (f"at={entry['time']}", at),
                           ("at=2500-01-01", entries[0])):
            found = self._get(f"/accounts/{account}/balance?{query}")
            if found is None:
                continue
            # A hold may have expired meanwhile.
            names = ("balance",) if due is entries[0] else ("balance", "sequence", "time")
            if [found[name] for name in names] != [due[name] for name in names]:
                self._wrong(f"account {account} had {found} at {query}, and not {due}")
