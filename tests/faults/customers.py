"""Clients of the servers that follow each other on one data directory: they ask for what was not
answered again, under the same key, until it is."""

import collections
import json
import threading
import time

from faults.history import History
from faults.keyed_client import Client, balances

FIRST_ACCOUNT = 20_001
ACCOUNTS = 20
OPENING = 100_000
MOST_DEPOSIT, MOST_WITHDRAWAL = 5_000, 50_000
READS = 0.1  # of all requests
LATE_S = 10  # how long ago what is asked again was begun, so that its key is known still


def is_deposited_to_only(account):
    """Half of the accounts are, so that a balance that was seen of them may never be undone."""
    return account % 2 == 0


class Customers:
    """With `connections` to each server, and what `random` makes them ask for."""

    def __init__(self, prefix, random, connections):
        self.random, self.connections = random, connections
        self.history = History(
            {account: OPENING for account in range(FIRST_ACCOUNT, FIRST_ACCOUNT + ACCOUNTS)},
            prefix)
        self.unanswered = []
        self.retried = 0
        self.marks = collections.deque([(time.monotonic(), 0)])  # when there were so many requests

    def write_accounts(self, file):
        """For `coffer serve --accounts`."""
        file.write_text(json.dumps({"accounts": [
            {"account_number": str(account), "balance": minor / 100}
            for account, minor in self.history.opening.items()]}))

    def post_until_killed(self, server, seconds, disturb=lambda server: None):
        """Those without an answer first, then new requests and reads, until the server is killed
        after so long, in the middle of it. Half-way `disturb` is called with it. False if it ended
        before that."""
        survived = []

        def kill():
            disturb(server)
            time.sleep(seconds / 2)
            survived.append(server.process.poll() is None)
            server.kill()

        killer = threading.Timer(seconds / 2, kill)
        with Client(server.port, self.connections, self.history) as client:
            killer.start()
            try:
                client.run(self.next_job)
            finally:
                killer.join()
            client.take_what_has_come()
            self.unanswered += client.unanswered
        return survived == [True]

    def post(self, server, count):
        """New requests. The server may end meanwhile; it returns False then."""
        left = iter(range(count))
        with Client(server.port, self.connections, self.history) as client:
            client.run(lambda: None if next(left, None) is None else self._new_job())
            if client.is_lost:
                client.take_what_has_come()
            self.unanswered += client.unanswered
            return not client.is_lost

    def next_job(self):
        """What was not answered, or something new."""
        if self.unanswered:
            self.retried += 1
            return "post", self.unanswered.pop()
        return self._new_job()

    def _new_job(self):
        account = FIRST_ACCOUNT + self.random.randrange(ACCOUNTS)
        if self.random.random() < READS:
            return "read", account
        if is_deposited_to_only(account) or self.random.random() < 0.8:
            return "post", self.history.begin(account, self.random.randint(1, MOST_DEPOSIT))
        return "post", self.history.begin(account, -self.random.randint(1, MOST_WITHDRAWAL))

    def check_nothing_was_taken_back(self, server):
        accounts = filter(is_deposited_to_only, self.history.opening)
        for account, balance in balances(server.port, accounts).items():
            self.history.check_not_taken_back(account, balance)

    def settle(self, server, asked_again):
        """Asks until all is answered, and for so many that were answered of late; then all balances
        must be what was acknowledged."""
        with Client(server.port, self.connections, self.history) as client:
            asked, self.unanswered = self.unanswered, []
            first, end = self._first_of_late(), len(self.history)
            if first < end:
                asked += [self.random.randrange(first, end) for _ in range(asked_again)]
            while asked:
                self.retried += len(asked)
                self._ask(client, asked)
                asked, client.unanswered = client.unanswered, []
        for account, balance in balances(server.port, self.history.opening).items():
            self.history.check_balance(account, balance)

    def ask_no_more_for_what_was(self):
        """What was begun until now is not asked again, once it is answered: its keys may go."""
        self.marks = collections.deque([(time.monotonic(), len(self.history))])

    def _first_of_late(self):
        """From this number on requests were begun no longer ago than LATE_S."""
        now = time.monotonic()
        while self.marks and self.marks[0][0] < now - LATE_S:
            self.marks.popleft()
        self.marks.append((now, len(self.history)))
        return self.marks[0][1]

    @staticmethod
    def _ask(client, numbers):
        left = iter(set(numbers))
        client.run(lambda: next((("post", number) for number in left), None))
        if client.is_lost:
            raise OSError("the server ended by itself")
