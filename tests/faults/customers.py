"""Clients of the servers that follow one another on one data directory. They repeat each request
that was not answered, with the same key, until it is."""

import collections
import json
import threading
import time

from faults.book_check import BookCheck, Reader, check_not_taken_back
from faults.history import History
from faults.key_outcomes import KeyOutcomes
from faults.keyed_client import Client
from faults.request_choice import FIRST_ACCOUNT, Requests, is_deposited_to_only
from faults.statement_check import StatementCheck

ACCOUNTS = 20
OPENING = 100_000
READS = 0.1  # of new requests
CONDITIONS = 0.05  # likewise
BATCHES = 0.02  # of all: with so many of those to come that can be in one
IN_A_BATCH = 25
LATE_S = 10  # requests begun longer ago are not repeated after their answer: keys expire


class Customers:
    """Makes `connections` to each server, and requests chosen by `random`. `may_forget`: some
    servers forget keys within moments, and the holds that have ended with them."""

    def __init__(self, prefix, random, connections, may_forget=False):
        self.random, self.connections = random, connections
        self.history = History(
            {account: OPENING for account in range(FIRST_ACCOUNT, FIRST_ACCOUNT + ACCOUNTS)},
            prefix, may_forget)
        self.requests = Requests(self.history.books, random)
        self.unanswered = []
        self.left_over = []  # new requests that do not go into a batch
        self.retried = self.batches = self.entries = self.outcomes = 0
        self.marks = collections.deque([(time.monotonic(), 0)])  # time, and requests until then

    def write_accounts(self, file):
        """Writes the file for `coffer serve --accounts`."""
        file.write_text(json.dumps({"accounts": [
            {"account_number": str(account), "balance": minor / 100}
            for account, minor in self.history.opening.items()]}))

    def post_until_killed(self, server, seconds, disturb=lambda server: None):
        """Repeats the requests without an answer, then sends new ones and reads, until it kills the
        server after that time, under load. Calls `disturb(server)` half-way. Returns False if the
        server ended earlier."""
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
        """Sends new requests. Returns False if the server ends meanwhile."""
        left = iter(range(count))
        with Client(server.port, self.connections, self.history) as client:
            client.run(lambda: None if next(left, None) is None else self._new_job())
            if client.is_lost:
                client.take_what_has_come()
            self.unanswered += client.unanswered
            return not client.is_lost

    def next_job(self):
        """The next request: one that was not answered, or a new one, or a batch of them."""
        if not self.left_over and self.random.random() < BATCHES:
            return "batch", self._batch()
        if self.left_over:
            return "post", self.left_over.pop()
        if self.unanswered:
            self.retried += 1
            return "post", self.unanswered.pop()
        return self._new_job()

    def _new_job(self):
        chosen = self.random.random()
        if chosen < READS + CONDITIONS:
            return ("read" if chosen < READS else "condition",
                    FIRST_ACCOUNT + self.random.randrange(ACCOUNTS))
        return "post", self._begin()

    def _begin(self):
        return self.history.begin(self.requests.next())

    def _batch(self):
        """The numbers of requests that were not answered, and of new ones."""
        self.batches += 1
        numbers = []
        while len(numbers) < IN_A_BATCH:
            number = self.unanswered.pop() if self.unanswered else self._begin()
            can_be = self.history.requests[number].batch_members() is not None
            (numbers if can_be else self.left_over).append(number)
        return numbers

    def check_nothing_was_taken_back(self, server):
        with Reader(server.port, self.history.headers()) as reader:
            check_not_taken_back(reader, self.history,
                                 filter(is_deposited_to_only, self.history.opening))

    def settle(self, server, asked_again):
        """Repeats requests until all are answered, and so many of those answered lately. Then all
        balances and holds must be what was acknowledged."""
        asked, self.unanswered, self.left_over = self.unanswered + self.left_over, [], []
        with Reader(server.port, self.history.headers()) as reader:
            outcomes = KeyOutcomes(reader, self.history, asked)
        with Client(server.port, self.connections, self.history) as client:
            is_first = self._ask(client, asked)
            self.outcomes += outcomes.compare(is_first)
            first, end = self._first_of_late(), len(self.history)
            self.history.forget_before(first)
            if first < end:
                self._ask(client, [self.random.randrange(first, end) for _ in range(asked_again)])
        with Reader(server.port, self.history.headers()) as reader:
            BookCheck(reader, self.history, self.random).run()
            self.entries += StatementCheck(reader, self.history, self.random).run()

    def ask_no_more_for_what_was(self):
        """Repeats no answered request that was begun before now: their keys may expire."""
        self.marks = collections.deque([(time.monotonic(), len(self.history))])

    def _first_of_late(self):
        """The number of the first request that was begun less than LATE_S ago."""
        now = time.monotonic()
        while self.marks and self.marks[0][0] < now - LATE_S:
            self.marks.popleft()
        self.marks.append((now, len(self.history)))
        return self.marks[0][1]

    def _ask(self, client, numbers):
        """Repeats requests until all are answered. Returns whether each was at once."""
        is_first = True
        while numbers:
            self.retried += len(numbers)
            left = iter(set(numbers))
            client.run(lambda left=left: next((("post", number) for number in left), None))
            if client.is_lost:
                raise OSError("the server ended by itself")
            numbers, client.unanswered = client.unanswered, []
            is_first = is_first and not numbers
        return is_first
