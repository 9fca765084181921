"""The requests of customers. Each renders itself, checks its answer, and enters it into the books.

`done()` takes the body of a success and returns the postings it makes, as (account, effect on the
balance, balance after it). `refused()` takes the error of a refusal that the books decided. Both
raise Wrong if the server may not answer so. Only requests about holds, or about accounts of one's
own, know what their answer must be: one request at a time is about them.
"""

import re

from faults.books import CAPTURED, CLOSED, EXPIRED, OPEN, RELEASED, Account, Hold, Wrong
from faults.money_text import minor_of, text_of

NEW_BALANCE = re.compile(r'"new_balance":([0-9.]+)')
HOLD = re.compile(r'"hold":"([0-9]+-[0-9]+)",.*"expires_at":(null|"[0-9T:.-]+Z"),'
                  r'"balance":([0-9.]+),"held":([0-9.]+),')
ACCOUNT_NUMBER = re.compile(r'"account_number":"([0-9]+)"')


def whole(data, code=200):
    return f'{{"success":true,"data":{data},"code":{code}}}'


def expect(body, expected):
    if body != expected:
        raise Wrong(f"{body}, and not {expected}")


def expect_short(error, account, amount, several):
    """A refusal for lack of funds says of which account of several, and how much it has."""
    named = error.get("account_number", None if several else str(account))
    if (error["type"], named) != ("insufficient_funds", str(account)):
        raise Wrong(f"refused: {error}")
    if minor_of(error["available"]) >= amount:
        raise Wrong(f"{text_of(amount)} was refused: {error}")


class Operation:
    success = 200
    body = "{}"

    def batch_members(self):
        """What a line of a batch has for it, without its key; None if it is no such line."""
        return None

    def location_in(self, body):
        """The Location of a single request that is answered with this body."""
        return None

    def location(self):
        """What the field of this name must have in the answer that was taken."""
        return None

    def refused(self, books, error):
        raise Wrong(f"refused: {error}")


class Post(Operation):
    """A deposit, or a withdrawal if the effect is below zero."""

    def __init__(self, account, effect):
        self.account, self.effect = account, effect
        operation = "deposit" if effect > 0 else "withdraw"
        self.path = f"/accounts/{account}/{operation}"
        self.body = f'{{"amount":{text_of(abs(effect))}}}'

    def batch_members(self):
        operation = self.path.rpartition("/")[2]
        return f'"operation":"{operation}","account_number":"{self.account}",{self.body[1:-1]}'

    def done(self, books, body):
        balance = minor_of(NEW_BALANCE.search(body)[1])
        expect(body, whole(f'{{"account_number":"{self.account}",'
                           f'"new_balance":{text_of(balance)}}}'))
        books.post(self.account, self.effect)
        books.saw(self.account, balance)
        return [(self.account, self.effect, balance)]

    def refused(self, books, error):
        if self.effect > 0:
            raise Wrong(f"refused: {error}")
        expect_short(error, self.account, -self.effect, several=False)


class Transfer(Operation):
    def __init__(self, account, to, amount):
        self.account, self.to, self.amount = account, to, amount
        self.path = f"/accounts/{account}/transfer"
        self.body = f'{{"to":"{to}","amount":{text_of(amount)}}}'

    def batch_members(self):
        return f'"operation":"transfer","account_number":"{self.account}",{self.body[1:-1]}'

    def done(self, books, body):
        left, received = map(minor_of, NEW_BALANCE.findall(body))
        expect(body, whole(
            f'{{"amount":{text_of(self.amount)},'
            f'"from":{{"account_number":"{self.account}","new_balance":{text_of(left)}}},'
            f'"to":{{"account_number":"{self.to}","new_balance":{text_of(received)}}}}}'))
        books.post(self.account, -self.amount)
        books.post(self.to, self.amount)
        books.saw(self.to, received)
        return [(self.account, -self.amount, left), (self.to, self.amount, received)]

    def refused(self, books, error):
        expect_short(error, self.account, self.amount, several=True)


class Transaction(Operation):
    """`legs` are accounts with their effects."""

    path = "/transactions"

    def __init__(self, legs):
        self.legs = legs
        self.body = f'{{"postings":[{",".join(self._leg(*leg) for leg in legs)}]}}'

    @staticmethod
    def _leg(account, effect, more=""):
        sign = "-" if effect < 0 else ""
        return f'{{"account_number":"{account}","amount":{sign}{text_of(abs(effect))}{more}}}'

    def done(self, books, body):
        balances = list(map(minor_of, NEW_BALANCE.findall(body)))
        if len(balances) != len(self.legs):
            raise Wrong(body)
        expect(body, whole('{"postings":[%s]}' % ",".join(
            self._leg(*leg, f',"new_balance":{text_of(balance)}')
            for leg, balance in zip(self.legs, balances))))
        for (account, effect), balance in zip(self.legs, balances):
            books.post(account, effect)
            books.saw(account, balance)
        return [(*leg, balance) for leg, balance in zip(self.legs, balances)]

    def refused(self, books, error):
        account = int(error.get("account_number", 0))
        expect_short(error, account, -dict(self.legs).get(account, 0), several=True)


class HoldOperation(Operation):
    def _take(self, body, hold):
        """Checks the hold in the body of a success. Returns the booked balance beside it."""
        found = HOLD.search(body)
        if not found:
            raise Wrong(body)
        balance, held = minor_of(found[3]), minor_of(found[4])
        expect(body, whole(hold.json(balance, held), self.success))
        return balance


class Place(HoldOperation):
    """`expires_in` is a duration or None."""

    success = 201

    def __init__(self, account, amount, expires_in):
        self.account, self.amount, self.expires_in = account, amount, expires_in
        self.hold = None
        self.path = f"/accounts/{account}/holds"
        expires = f',"expires_in":"{expires_in}"' if expires_in else ""
        self.body = f'{{"amount":{text_of(amount)}{expires}}}'

    def batch_members(self):
        return f'"operation":"hold","account_number":"{self.account}",{self.body[1:-1]}'

    def location_in(self, body):
        found = HOLD.search(body)
        return f"{self.path}/{found[1]}" if found else None

    def location(self):
        return self.hold.path

    def done(self, books, body):
        found = HOLD.search(body)
        if not found or (found[2] == "null") != (self.expires_in is None):
            raise Wrong(body)
        self.hold = Hold(self.account, found[1], self.amount, found[2])
        balance = self._take(body, self.hold)
        books.placed(self.hold)
        return [(self.account, 0, balance)]

    def refused(self, books, error):
        expect_short(error, self.account, self.amount, several=False)


class HoldEnd(HoldOperation):
    """A request about an open hold, which may have expired before it."""

    def __init__(self, hold, word):
        self.hold, self.word = hold, word
        self.path = f"{hold.path}/{word}"

    def batch_members(self):
        more = self.body[1:-1]
        return (f'"operation":"{self.word}","account_number":"{self.hold.account}",'
                f'"hold":"{self.hold.id}"{"," if more else ""}{more}')

    def refused(self, books, error):
        books.end(self.hold, EXPIRED)
        if (error["type"], error.get("hold_status")) not in (("hold_ended", EXPIRED),
                                                             ("no_such_hold", None)):
            raise Wrong(f"refused: {error}")
        if not self.hold.can_expire:
            raise Wrong("it expired, and was to be held for ever")


class Capture(HoldEnd):
    """`amount` is None for all that is left; `to` is None if nobody is paid."""

    def __init__(self, hold, amount, final, to):
        super().__init__(hold, "capture")
        self.amount, self.final, self.to = amount, final, to
        self.left = hold.remaining
        members = [*([f'"amount":{text_of(amount)}'] if amount else []),
                   *(['"final":true'] if final else []), *([f'"to":"{to}"'] if to else [])]
        self.body = f"{{{','.join(members)}}}"

    def done(self, books, body):
        amount = self.amount or self.left
        if amount > self.left:
            raise Wrong(f"{text_of(amount)} was captured of {text_of(self.left)}: {body}")
        self.hold.captured += amount
        if self.final or amount == self.left:
            books.end(self.hold, CAPTURED)
        else:
            books.free_holds.append(self.hold)
        books.post(self.hold.account, -amount)
        if self.to:
            books.post(self.to, amount)
        balance = self._take(body, self.hold)
        # The payee's balance is not in the answer.
        return [(self.hold.account, -amount, balance), *([(self.to, amount, None)] * bool(self.to))]

    def refused(self, books, error):
        if error["type"] != "hold_exceeded":
            return super().refused(books, error)
        if not self.amount or self.amount <= self.left:
            raise Wrong(f"refused: {error}")
        books.free_holds.append(self.hold)


class Release(HoldEnd):
    def __init__(self, hold):
        super().__init__(hold, "release")

    def done(self, books, body):
        books.end(self.hold, RELEASED)
        return [(self.hold.account, 0, self._take(body, self.hold))]


class Open(Operation):
    """Opens an account, to be changed by one request at a time. If `number` is None, the server
    chooses one `above` all that are there already."""

    path = "/accounts"
    success = 201

    def __init__(self, number, balance, above):
        self.number, self.balance, self.above = number, balance, above
        members = [*([f'"account_number":"{number}"'] if number else []),
                   *([f'"opening_balance":{text_of(balance)}'] if balance else [])]
        self.body = f"{{{','.join(members)}}}"

    def location(self):
        return f"/accounts/{self.number}"

    def done(self, books, body):
        if self.number is None:
            self.number = int(ACCOUNT_NUMBER.search(body)[1])
            if self.number <= self.above:
                raise Wrong(f"{body}: {self.above} was opened before")
        account = Account(self.number, self.balance, sequence=1)
        expect(body, whole(account.json, 201))
        books.opened(account)
        return [(self.number, self.balance, self.balance)]


class OnOwn(Operation):
    """A request about an account of one's own, which must have the outcome `error`, or succeed if
    that is None."""

    def __init__(self, account, word, error, body=""):
        self.account, self.error = account, error
        self.path, self.body = f"/accounts/{account.number}/{word}", body

    def refused(self, books, error):
        if error["type"] != self.error:
            raise Wrong(f"refused: {error}, and not {self.error}")
        books.own.append(self.account)

    def _succeeds(self, body):
        if self.error is not None:
            raise Wrong(f"{body}, and not {self.error}")


class SetStatus(OnOwn):
    """Closes or reopens it."""

    def __init__(self, account, status, error):
        super().__init__(account, {CLOSED: "close", OPEN: "reopen"}[status], error)
        self.status = status

    def done(self, books, body):
        self._succeeds(body)
        self.account.status = self.status
        self.account.sequence += 1
        expect(body, whole(self.account.json))
        books.own.append(self.account)
        return [(self.account.number, 0, 0)]


class OpenAgain(OnOwn):
    def __init__(self, account):
        super().__init__(account, "", "account_exists",
                         f'{{"account_number":"{account.number}"}}')
        self.path = "/accounts"

    def done(self, books, body):
        self._succeeds(body)


class DepositOnClosed(OnOwn):
    def __init__(self, account):
        super().__init__(account, "deposit", "account_closed", '{"amount":1}')

    def done(self, books, body):
        self._succeeds(body)


class Empty(Transfer):
    """Moves all that an account of one's own has to another account."""

    def __init__(self, own, to):
        super().__init__(own.number, to, own.balance)
        self.own = own

    def done(self, books, body):
        postings = super().done(books, body)
        self.own.sequence += 1
        if self.own.balance != 0 or postings[0][2] != 0:
            raise Wrong(f"{body}: something is left")
        books.own.append(self.own)
        return postings

    def refused(self, books, error):
        raise Wrong(f"refused: {error}")
