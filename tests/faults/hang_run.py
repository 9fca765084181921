"""A server under load whose disk hangs at random, and that is killed now and then. Every request is
answered in time, and nothing that was acknowledged is lost or doubled."""

import json
import random
import socket
import subprocess
import threading
import time

from end_to_end.server import BINARY, Server, environment
from faults.customers import Customers
from faults.export_lines import postings_of
from faults.keyed_client import MOST_S, Client, whole_reply
from faults.shim import Faults

CONNECTIONS = 16
UNKEYED = 4  # additional clients, whose requests have no key
UNKEYED_ACCOUNT, OTHER_ACCOUNT = 30_001, 30_002
OPENING = 1_000_000
KEY_TTL_S = 3600
ASKED_AGAIN = 100
LEAST_PAUSE_S, MOST_PAUSE_S = 0.3, 8  # from the end of one hang to the begin of the next
LIFE_S = 45  # of a server, on average


class TimedClient(Client):
    """A client that measures how long the slowest answer took."""

    slowest_s = 0.0

    def _begin(self, one, next_job):
        one.begun = time.monotonic()
        return super()._begin(one, next_job)

    def _take(self, one, reply):
        self.slowest_s = max(self.slowest_s, time.monotonic() - one.begun)
        super()._take(one, reply)


class Asking(threading.Thread):
    """A client that sends one request after another until it is stopped, or the server ends."""

    def __init__(self, port, requests):
        super().__init__()
        self.port, self.requests = port, requests
        self.slowest_s = 0.0
        # How many replies had each status. "unknown" counts those that do not say whether the
        # request was done, None the requests without a reply.
        self.counts = {}
        self.stopped = threading.Event()

    def run(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=MOST_S) as connection:
            while not self.stopped.is_set():
                for request in self.requests:
                    begun = time.monotonic()
                    status = self._ask(connection, request)
                    self.counts[status] = self.counts.get(status, 0) + 1
                    if status is None:
                        return
                    self.slowest_s = max(self.slowest_s, time.monotonic() - begun)
                time.sleep(0.01)

    @staticmethod
    def _ask(connection, request):
        received, reply = b"", None
        try:
            connection.sendall(request)
            while reply is None:
                more = connection.recv(65536)
                if not more:
                    return None
                received += more
                reply = whole_reply(received)
        except OSError:
            return None
        return "unknown" if '"outcome_unknown"' in reply.body else reply.status


def get_request(path):
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def unkeyed_deposit():
    body = b'{"amount":0.01}'
    return (f"POST /accounts/{UNKEYED_ACCOUNT}/deposit HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            ).encode() + body


class HangRun:
    """A run on a data directory in `folder`. A hang is one fdatasync of the journal that takes
    `hang_s`. No answer may take longer than `most_s`."""

    def __init__(self, folder, seed, say, *, hang_s=20, disk_timeout="5s", most_s=6.0):
        self.random = random.Random(seed)
        self.say = say
        self.hang_s, self.disk_timeout, self.most_s = hang_s, disk_timeout, most_s
        self.data = folder / "data"
        self.customers = Customers(f"hang-{seed}", self.random, CONNECTIONS)
        self.history = self.customers.history
        self.accounts_file = folder / "accounts.json"
        self.accounts_file.write_text(json.dumps({"accounts": [
            {"account_number": str(account), "balance": minor / 100} for account, minor in
            {**self.history.opening, UNKEYED_ACCOUNT: OPENING, OTHER_ACCOUNT: OPENING}.items()]}))
        self.hangs = self.kills = 0
        self.slowest_s = self.slowest_other_s = 0.0
        self.paid = self.perhaps_paid = self.refused = self.not_ready = 0

    def run(self, seconds):
        end = time.monotonic() + seconds
        with Faults(self.data / "journal") as faults:
            while (left := end - time.monotonic()) > 0:
                life_s = min(left, self.random.uniform(0.5, 1.5) * LIFE_S)
                with self._started(faults) as server:
                    self.customers.check_nothing_was_taken_back(server)
                    self._load(server, faults, life_s)
                    server.kill()
                    self.kills += 1
                faults.heal()
                self.say(self.summary())
            with self._started(faults) as server:
                self.customers.settle(server, ASKED_AGAIN)
                if server.stop() != 0:
                    self.history.complain("wrong", f"it did not end in order: {server.stderr()}")
        self._check_data()

    def _started(self, faults):
        accounts = () if (self.data / "journal").exists() else ("--accounts", self.accounts_file)
        return Server("--disk-timeout", self.disk_timeout, "--threads", "2", "--snapshot-every",
                      self.random.choice(("0", "1s")), "--idempotency-ttl", f"{KEY_TTL_S}s",
                      *accounts, data=self.data, env=faults.environment)

    def _load(self, server, faults, seconds):
        over = threading.Event()
        hanging = threading.Thread(target=self._hang, args=(faults, over))
        unkeyed = [Asking(server.port, [unkeyed_deposit()]) for _ in range(UNKEYED)]
        other = Asking(server.port, [get_request(path) for path in (
            "/readyz", "/metrics", f"/accounts/{OTHER_ACCOUNT}/balance")])
        everyone = [hanging, other, *unkeyed]
        for one in everyone:
            one.start()
        try:
            self._post(server, seconds)
        finally:
            over.set()
            for one in (other, *unkeyed):
                one.stopped.set()
            for one in everyone:
                one.join()
        self._note(other, unkeyed)

    def _hang(self, faults, over):
        while not over.wait(self.random.uniform(LEAST_PAUSE_S, MOST_PAUSE_S)):
            faults.hang("fdatasync", self.hang_s)
            self.hangs += 1
            over.wait(self.hang_s)

    def _post(self, server, seconds):
        end = time.monotonic() + seconds
        with TimedClient(server.port, CONNECTIONS, self.history) as client:
            while (left := end - time.monotonic()) > 0:
                until = time.monotonic() + min(left, MOST_S / 2)
                client.run(lambda until=until: self._next_job(client, until))
                if client.is_lost:
                    self.history.complain("wrong", f"it closed a connection: {server.stderr()}")
                    break
            self.customers.unanswered += client.unanswered
            self.customers.unanswered += [number for one in client.connections.values()
                                          for number in one.numbers]
            self.slowest_s = max(self.slowest_s, client.slowest_s)

    def _next_job(self, client, until):
        if time.monotonic() >= until:
            return None
        if client.unanswered and self.random.random() < 0.5:
            return "post", client.unanswered.pop(0)
        return self.customers.next_job()

    def _note(self, other, unkeyed):
        for one in unkeyed:
            self.slowest_s = max(self.slowest_s, one.slowest_s)
            self.paid += one.counts.get(200, 0)
            self.refused += one.counts.get(503, 0) + one.counts.get("unknown", 0)
            self.perhaps_paid += one.counts.get("unknown", 0) + one.counts.get(None, 0)
        self.slowest_other_s = max(self.slowest_other_s, other.slowest_s)
        self.not_ready += other.counts.get(503, 0)
        if other.counts.get(None):
            self.history.complain("wrong", "a request for /readyz, /metrics or a balance was lost")

    def _check_data(self):
        if self.slowest_s > self.most_s or self.slowest_other_s > self.most_s:
            self.history.complain("wrong", f"a request took {self.slowest_s:.1f} s, one that needs "
                                           f"no disk {self.slowest_other_s:.1f} s")
        done = subprocess.run([BINARY, "audit", self.data], capture_output=True, text=True,
                              check=False, env=environment())
        if done.returncode != 0:
            self.history.complain("wrong", f"coffer audit: {done.stdout}{done.stderr}")
        with subprocess.Popen([BINARY, "export", self.data, "--format", "ndjson"], text=True,
                              stdout=subprocess.PIPE, env=environment()) as export:
            expiries = []
            postings = list(postings_of(export.stdout, expiries))
        unkeyed = sum(1 for one in postings if one[1] == UNKEYED_ACCOUNT)
        if not self.paid <= unkeyed <= self.paid + self.perhaps_paid:
            self.history.complain("wrong", f"{unkeyed} postings without a key, {self.paid} "
                                           f"acknowledged and {self.perhaps_paid} unknown")
        self.history.check_export([one for one in postings if one[1] != UNKEYED_ACCOUNT])
        self.history.check_expiries(expiries)

    def summary(self):
        counts = self.history.counts
        return (f"{self.hangs} hangs of {self.hang_s} s, {self.kills} kills: "
                f"{counts['acknowledged']:,} acknowledged with a key, {self.paid:,} without, "
                f"{self.refused:,} of these refused or unknown, {self.not_ready:,} times not "
                f"ready; the slowest answer took {self.slowest_s:.2f} s, without need of the disk "
                f"{self.slowest_other_s:.2f} s; {counts['lost']} lost, {counts['doubled']} "
                f"doubled, {counts['wrong']} otherwise wrong")
