"""A server that is killed again and again under load, and clients that never give up on a request.

Half of the accounts are deposited to only, so that a balance that was seen may never be undone.
"""

import json
import random
import subprocess
import time

from end_to_end.server import BINARY, Server, environment
from faults.history import History
from faults.keyed_client import Client, balances
from faults.money_text import minor_of

FIRST_ACCOUNT = 20_001
ACCOUNTS = 20
OPENING = 100_000
MOST_DEPOSIT, MOST_WITHDRAWAL = 5_000, 50_000
READS = 0.1  # of all requests
CONNECTIONS = 48
LEAST_MS, MOST_MS = 20, 300  # of load before a kill
EARLY = 0.15  # of the rounds are killed while the server starts, too
ASKED_AGAIN = 30  # of the answered requests, a round
SNAPSHOTS_EVERY = ("0", "30ms", "200ms")
FLAGS = ("--threads", "2", "--segment-size", "8MiB")


def is_deposited_to_only(account):
    return account % 2 == 0


class KillRounds:
    """All on one data directory in `folder`. `say` takes a line of progress."""

    def __init__(self, folder, seed, say):
        self.random = random.Random(seed)
        self.folder, self.say = folder, say
        self.data = folder / "data"
        opening = {account: OPENING for account in range(FIRST_ACCOUNT, FIRST_ACCOUNT + ACCOUNTS)}
        self.history = History(opening, f"kill-{seed}")
        self.unanswered = []
        self.retried = self.rounds = self.early = self.audits = 0
        self.accounts_file = folder / "accounts.json"
        self.accounts_file.write_text(json.dumps({"accounts": [
            {"account_number": str(account), "balance": minor / 100}
            for account, minor in opening.items()]}))

    def started(self):
        accounts = () if (self.data / "journal").exists() else ("--accounts", self.accounts_file)
        return Server("--snapshot-every", self.random.choice(SNAPSHOTS_EVERY), *FLAGS, *accounts,
                      data=self.data)

    def run(self, rounds, audit_every):
        for _ in range(rounds):
            self.rounds += 1
            if self.random.random() < EARLY:
                self._kill_while_it_starts()
            with self.started() as server:
                self._one_round(server)
            if self.rounds % audit_every == 0:
                self.audit()
                self.say(self.summary())
        with self.started() as server:
            self._settle(server)
            if server.stop() != 0:
                self.history.complain("wrong", "the server did not end in order")
        self.audit()
        self.check_export()

    def _kill_while_it_starts(self):
        self.early += 1
        with subprocess.Popen(
                [BINARY, "serve", "--listen", "127.0.0.1:0", "--data", self.data, *FLAGS,
                 "--accounts", self.accounts_file],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=environment()) as process:
            time.sleep(self.random.uniform(0, 0.1))
            process.kill()

    def _one_round(self, server):
        self._check_nothing_was_taken_back(server)
        if self.random.random() < 0.75:
            self._settle(server)  # else the kill may hit those that are asked again
        client = Client(server.port, CONNECTIONS, self.history)
        try:
            waits_s = self.random.uniform(LEAST_MS, MOST_MS) / 1000
            client.run(self._jobs(), time.monotonic() + waits_s)
            if client.is_lost:
                self.history.complain("wrong", f"the server ended by itself: {server.stderr()}")
            server.kill()
            client.take_what_has_come()
            self.unanswered = client.unanswered + self.unanswered
        finally:
            client.close()

    def _jobs(self):
        """Requests without an answer first, then new ones and reads."""
        def next_job():
            if self.unanswered:
                self.retried += 1
                return "post", self.unanswered.pop()
            account = FIRST_ACCOUNT + self.random.randrange(ACCOUNTS)
            if self.random.random() < READS:
                return "read", account
            if is_deposited_to_only(account) or self.random.random() < 0.8:
                return "post", self.history.begin(account, self.random.randint(1, MOST_DEPOSIT))
            return "post", self.history.begin(account, -self.random.randint(1, MOST_WITHDRAWAL))
        return next_job

    def _check_nothing_was_taken_back(self, server):
        accounts = filter(is_deposited_to_only, self.history.opening)
        for account, balance in balances(server.port, accounts).items():
            self.history.check_not_taken_back(account, balance)

    def _settle(self, server):
        """Asks until all is answered, and some that was answered before; then all balances must be
        what was acknowledged."""
        client = Client(server.port, CONNECTIONS, self.history)
        try:
            client.unanswered, self.unanswered = self.unanswered, []
            while client.unanswered:
                self.retried += len(client.unanswered)
                asked, client.unanswered = client.unanswered, []
                self._ask(client, asked)
            if len(self.history):
                self._ask(client, [self.random.randrange(len(self.history))
                                   for _ in range(ASKED_AGAIN)])
        finally:
            client.close()
        for account, balance in balances(server.port, self.history.opening).items():
            self.history.check_balance(account, balance)

    @staticmethod
    def _ask(client, numbers):
        left = iter(set(numbers))
        client.run(lambda: next((("post", number) for number in left), None))
        if client.is_lost:
            raise OSError("the server ended by itself")

    def audit(self):
        self.audits += 1
        done = subprocess.run([BINARY, "audit", self.data], capture_output=True, text=True,
                              check=False, env=environment())
        if done.returncode != 0:
            self.history.complain("wrong", f"coffer audit: {done.stdout}{done.stderr}")

    def check_export(self):
        """Every posting under its key, once, as it was answered."""
        with subprocess.Popen([BINARY, "export", self.data, "--format", "ndjson"], text=True,
                              stdout=subprocess.PIPE, env=environment()) as export:
            self.history.check_export(
                posting for posting in map(posting_of, export.stdout) if posting is not None)
        if export.returncode != 0:
            self.history.complain("wrong", f"coffer export ended with {export.returncode}")

    def summary(self):
        counts = self.history.counts
        return (f"{self.rounds} rounds, {self.early} killed while starting too: "
                f"{counts['acknowledged']:,} acknowledged, {self.retried:,} retried, "
                f"{counts['replayed']:,} replayed, {self.audits} audits; {counts['lost']} lost, "
                f"{counts['doubled']} doubled, {counts['wrong']} otherwise wrong")


def posting_of(line):
    """Key, account, effect and balance of a line of the export; None for an opening."""
    said = json.loads(line, parse_float=str)
    if said["operation"] == "opening":
        return None
    sign = 1 if said["operation"] == "deposit" else -1
    return (said.get("key", ""), int(said["account_number"]), sign * minor_of(said["amount"]),
            minor_of(said["balance"]))
