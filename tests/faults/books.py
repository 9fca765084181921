"""What the accounts and holds must be, by what was acknowledged."""

import dataclasses

from faults.money_text import text_of

OPEN, CLOSED = "open", "closed"
HELD, CAPTURED, RELEASED, EXPIRED = "held", "captured", "released", "expired"


class Wrong(Exception):
    """An answer, or what the server has, is not what was acknowledged."""


@dataclasses.dataclass(slots=True)
class Account:
    number: int
    balance: int  # booked, in minor units
    status: str = OPEN
    sequence: int = 0  # only of accounts that one client at a time changes

    @property
    def json(self):
        """As its own client knows it, which has no holds on it."""
        balance = text_of(self.balance)
        return (f'{{"account_number":"{self.number}","balance":{balance},"held":0.0,'
                f'"available":{balance},"sequence":{self.sequence},"status":"{self.status}"}}')


@dataclasses.dataclass(slots=True)
class Hold:
    """One client at a time changes it, and its expiry."""

    account: int
    id: str
    amount: int
    expires_at: str  # as JSON: a text or null
    captured: int = 0
    status: str = HELD

    @property
    def can_expire(self):
        return self.expires_at != "null"

    @property
    def remaining(self):
        return self.amount - self.captured if self.status == HELD else 0

    @property
    def path(self):
        return f"/accounts/{self.account}/holds/{self.id}"

    def json(self, balance, held):
        """With what its account has."""
        return (f'{{"hold":"{self.id}","account_number":"{self.account}",'
                f'"amount":{text_of(self.amount)},"captured":{text_of(self.captured)},'
                f'"remaining":{text_of(self.remaining)},"status":"{self.status}",'
                f'"expires_at":{self.expires_at},"balance":{text_of(balance)},'
                f'"held":{text_of(held)},"available":{text_of(balance - held)}}}')


class Books:
    """Accounts with these opening balances, and all that is opened and held later."""

    def __init__(self, opening):
        self.accounts = {number: Account(number, minor) for number, minor in opening.items()}
        self.highest_seen = dict(opening)
        self.holds = {number: {} for number in opening}  # the open ones, by id
        self.free_holds = []  # open ones that no request is about
        self.ended = []  # since they were checked last
        self.can_expire = set()  # account and id of all holds that can, and ever were
        self.expired = set()  # of those that did
        self.counts = dict.fromkeys((HELD, CAPTURED, RELEASED, EXPIRED), 0)  # what holds became
        self.own = []  # accounts that one client at a time changes, and that no request is about

    def post(self, account, effect):
        self.accounts[account].balance += effect

    def saw(self, account, balance):
        """Takes a balance that a client has read."""
        self.highest_seen[account] = max(self.highest_seen.get(account, 0), balance)

    def placed(self, hold):
        if hold.id in self.holds[hold.account]:
            raise Wrong(f"two holds have the id {hold.path}")
        self.holds[hold.account][hold.id] = hold
        self.counts[HELD] += 1
        if hold.can_expire:
            self.can_expire.add((hold.account, hold.id))
        self.free_holds.append(hold)

    def end(self, hold, status):
        hold.status = status
        self.counts[status] += 1
        del self.holds[hold.account][hold.id]
        self.ended.append(hold)
        if status == EXPIRED:
            self.expired.add((hold.account, hold.id))

    def opened(self, account):
        if account.number in self.accounts:
            raise Wrong(f"account {account.number} was opened twice")
        self.accounts[account.number] = account
        self.holds[account.number] = {}
        self.own.append(account)
