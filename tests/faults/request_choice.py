"""Chooses the requests of customers, of all operations."""

from faults import operations
from faults.books import CLOSED, OPEN

FIRST_ACCOUNT = 20_001
FIRST_OWN = 1_001  # below all others, so that accounts the server numbers do not run into it
MOST_OWN = 24  # accounts that are opened, closed and reopened
MOST_DEPOSIT, MOST_WITHDRAWAL = 5_000, 50_000
MOST_HOLD = 5_000
MOST_HOLDS = 400  # open on all accounts together
EXPIRE_IN = ("1ms", "50ms", "500ms", "3s", "1h")
EXPIRE = 0.5  # of the holds
WEIGHTS = {"post": 50, "transfer": 12, "transaction": 10, "hold": 12, "end": 13, "own": 3}


def is_deposited_to_only(account):
    """Half of the accounts are: a balance of theirs that was seen may never be undone."""
    return account % 2 == 0


class Requests:
    """New requests about what the books have, chosen by `random`. A hold, or an account of one's
    own, is in one request at a time."""

    def __init__(self, books, random):
        self.books, self.random = books, random
        self.shared = list(books.accounts)
        self.payers = [one for one in self.shared if not is_deposited_to_only(one)]
        self.opened = 0
        self.kinds, self.weights = zip(*WEIGHTS.items())

    def next(self):
        kind = self.random.choices(self.kinds, self.weights)[0]
        return getattr(self, f"_{kind}")()

    def _post(self):
        account = self.random.choice(self.shared)
        if is_deposited_to_only(account) or self.random.random() < 0.8:
            return operations.Post(account, self.random.randint(1, MOST_DEPOSIT))
        return operations.Post(account, -self.random.randint(1, MOST_WITHDRAWAL))

    def _other_than(self, account):
        return self.random.choice([one for one in self.shared if one != account])

    def _transfer(self):
        account = self.random.choice(self.payers)
        return operations.Transfer(account, self._other_than(account),
                                   self.random.randint(1, MOST_WITHDRAWAL))

    def _transaction(self):
        payers = self.random.sample(self.payers, self.random.randint(1, 2))
        others = [one for one in self.shared if one not in payers]
        payees = self.random.sample(others, self.random.randint(1, 8 - len(payers)))
        amounts = [self.random.randint(2, MOST_DEPOSIT) for _ in payees]
        legs = list(zip(payees, amounts))
        first = self.random.randint(1, sum(amounts) - 1) if len(payers) == 2 else sum(amounts)
        legs += zip(payers, (-first, first - sum(amounts)))
        self.random.shuffle(legs)
        return operations.Transaction(legs)

    def _hold(self):
        if len(self.books.free_holds) >= MOST_HOLDS:
            return self._end()
        expires_in = self.random.choice(EXPIRE_IN) if self.random.random() < EXPIRE else None
        return operations.Place(self.random.choice(self.payers),
                                self.random.randint(1, MOST_HOLD), expires_in)

    def _end(self):
        """Captures or releases a hold, and now and then captures more than there is."""
        holds = self.books.free_holds
        if not holds:
            return self._hold()
        place = self.random.randrange(len(holds))
        holds[place], holds[-1] = holds[-1], holds[place]
        hold = holds.pop()
        if self.random.random() < 0.3:
            return operations.Release(hold)
        left = hold.remaining
        amount = self.random.choice((None, left, left + 1, *[self.random.randint(1, left)] * 3))
        to = self._other_than(hold.account) if self.random.random() < 0.4 else None
        return operations.Capture(hold, amount, self.random.random() < 0.5, to)

    def _own(self):
        """What becomes of an account from its opening on. Each state has what is refused in it."""
        own = self.books.own
        if self.opened < MOST_OWN and (not own or self.random.random() < 0.3):
            self.opened += 1
            number = self.random.choice((None, FIRST_OWN + self.opened))
            balance = self.random.choice((0, self.random.randint(1, MOST_DEPOSIT)))
            return operations.Open(number, balance, max(self.books.accounts))
        if not own:
            return self._post()
        account = own.pop(self.random.randrange(len(own)))
        if self.random.random() < 0.1:
            return operations.OpenAgain(account)
        if account.status == CLOSED:
            return self.random.choice((
                operations.SetStatus(account, OPEN, None),
                operations.SetStatus(account, CLOSED, "account_closed"),
                operations.DepositOnClosed(account)))
        if account.balance != 0:
            return self.random.choice((
                operations.SetStatus(account, CLOSED, "account_not_empty"),
                operations.Empty(account, self.random.choice(self.shared))))
        return self.random.choice((operations.SetStatus(account, CLOSED, None),
                                   operations.SetStatus(account, OPEN, "account_open")))
