"""Checks what a server has against the books, while no request is under way."""

import http.client
import json
import re
import time

import description
from faults.books import EXPIRED
from faults.history import NO_SUCH_HOLD, NOT_FOUND
from faults.money_text import minor_of

MOST_S = 60
AGAIN_AFTER_S = 0.005
MOST_ENDED = 60  # of those that ended lately are read, chosen at random
ALL = 1000  # holds in a page, and so on an account


class Reader:
    """Reads from the server with this port, each time with these fields. A context manager."""

    def __init__(self, port, headers=None):
        self.headers = headers or {}
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=MOST_S)

    def get(self, path):
        """Status and body. Waits while the server cannot answer."""
        give_up = time.monotonic() + MOST_S
        while True:
            self.connection.request("GET", path, headers=self.headers)
            reply = self.connection.getresponse()
            body = reply.read().decode()
            fields = {name.lower(): value for name, value in reply.getheaders()}
            description.check("GET", path, reply.status, fields, body)
            if reply.status != 503 or time.monotonic() >= give_up:
                return reply.status, body
            time.sleep(AGAIN_AFTER_S)

    def data(self, path):
        """The data of a success, with money as text."""
        status, body = self.get(path)
        if status != 200:
            raise ValueError(f"{path}: {status} {body}")
        return json.loads(body, parse_float=str)["data"]

    def balance(self, account):
        return minor_of(self.data(f"/accounts/{account}/balance")["balance"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()


class BookCheck:
    """Checks a server, through `reader`, against the books of `history`."""

    def __init__(self, reader, history, random):
        self.reader, self.history, self.books = reader, history, history.books
        self.random = random

    def run(self):
        for account in list(self.books.accounts.values()):
            found = self._account(account)
            if self.books.holds[account.number] or minor_of(found["held"]):
                self._check_holds(account)
        self._check_ended()

    def _wrong(self, what):
        self.history.complain("wrong", what)

    def _account(self, account):
        found = self.reader.data(f"/accounts/{account.number}")
        balance, held, available = (minor_of(found[name])
                                    for name in ("balance", "held", "available"))
        if balance != held + available:
            self._wrong(f"available and held are not the balance: {found}")
        self.history.check_balance(account.number, balance)
        if found["status"] != account.status:
            self._wrong(f"it was {account.status}: {found}")
        if account.sequence and found["sequence"] != account.sequence:
            self._wrong(f"the sequence was {account.sequence}: {found}")
        return found

    def _check_holds(self, account):
        """What is held must be the sum of the open holds, and these must be those of the books but
        for what has expired."""
        path = f"/accounts/{account.number}/holds?limit={ALL}"
        while True:  # holds may expire between two answers
            before = self.reader.data(f"/accounts/{account.number}")
            _, body = self.reader.get(path)
            if before == self.reader.data(f"/accounts/{account.number}"):
                break
        listed = json.loads(body, parse_float=str)["data"]["holds"]
        held = minor_of(before["held"])
        if held != sum(minor_of(one["remaining"]) for one in listed):
            self._wrong(f"the sum of the open holds is not what is held: {before}, {listed}")
        order = [int(one["hold"].partition("-")[0]) for one in listed]
        if order != sorted(order):
            self._wrong(f"the oldest hold is not the first: {listed}")
        known = self.books.holds[account.number]
        balance = minor_of(before["balance"])
        for one in listed:
            if one["hold"] not in known:
                self._wrong(f"it holds what nobody placed: {one}")
            elif known[one["hold"]].json(balance, held) not in body:
                self._wrong(f"{known[one['hold']]} is {one}")
        open_ones = {one["hold"] for one in listed}
        for hold in [one for one in known.values() if one.id not in open_ones]:
            self._must_have_expired(hold)

    def _must_have_expired(self, hold):
        if not hold.can_expire:
            self._wrong(f"{hold} is not held any more")
        if hold in self.books.free_holds:
            self.books.free_holds.remove(hold)
        self.books.end(hold, EXPIRED)

    def _check_ended(self):
        ended, self.books.ended = self.books.ended, []
        for hold in self.random.sample(ended, min(len(ended), MOST_ENDED)):
            status, body = self.reader.get(hold.path)
            if self.history.may_forget and status == NOT_FOUND and NO_SUCH_HOLD in body:
                continue
            found = re.search(r'"balance":([0-9.]+),"held":([0-9.]+)', body)
            if not found or hold.json(minor_of(found[1]), minor_of(found[2])) not in body:
                self._wrong(f"{hold} is {status} {body}")


def check_not_taken_back(reader, history, accounts):
    for account in accounts:
        history.check_not_taken_back(account, reader.balance(account))
    for account in history.opening:
        history.check_sequence(account, reader.data(f"/accounts/{account}")["sequence"])
