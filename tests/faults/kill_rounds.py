"""Kills a server again and again under load."""

import json
import math
import random
import shutil
import signal
import subprocess
import time

from end_to_end.server import BINARY, Server, environment
from faults.bearer import NAME, Bearer
from faults.clock import HOUR_S, Clock
from faults.customers import LATE_S, Customers
from faults.event_reader import EventReader
from faults.export_lines import postings_of

CONNECTIONS = 48
LEAST_MS, MOST_MS = 20, 300  # of load before a kill
EARLY = 0.25  # of the rounds are killed while the server starts, too
MOST_EARLY_S = 0.1
SETTLED = 0.75  # of the rounds; in the others the kill may hit repeated requests
ASKED_AGAIN = 30  # answered requests that are repeated in a round
SNAPSHOTS_EVERY = ("0", "30ms", "200ms")
STEPS = 0.1  # of the rounds: the clock is set an hour ahead or back, or right again
COPY_EVERY = 20  # rounds, a backup and increments are made, and restored to go on with
BACK_UP_IN = (5, 7, 10)  # of these rounds: first the whole, then what is new
STOPS = 0.03  # of the rounds: the process is stopped for a while
LEAST_STOP_S, MOST_STOP_S = 0.1, 40
KEY_TTL_S = 12 * LATE_S  # little more than the age of repeated keys, so that starts stay short


class KillRounds:
    """Rounds on one data directory in `folder`. `say` prints a line of progress. The server keeps
    keys for `key_ttl_s`: if the machine stalls for longer, keys of repeated requests expire."""

    SEGMENT_SIZE = "8MiB"

    def __init__(self, folder, seed, say, key_ttl_s=KEY_TTL_S, prefix="kill",
                 most_stop_s=MOST_STOP_S, may_forget=False):
        self.random = random.Random(seed)
        self.say = say
        self.key_ttl_s = key_ttl_s
        self.data = folder / "data"
        self.customers = Customers(f"{prefix}-{seed}", self.random, CONNECTIONS, may_forget)
        self.history = self.customers.history
        self.accounts_file = folder / "accounts.json"
        self.customers.write_accounts(self.accounts_file)
        self.bearer = Bearer(folder / "tokens")
        self.history.headers = self.bearer.headers
        self.reader = EventReader(lambda said: self.history.complain("wrong", said),
                                  self.bearer.headers)
        self.named = 0  # postings with the name of a token
        self.clock = Clock()
        self.most_stop_s = most_stop_s
        self.backups = []
        self.rounds = self.early = self.audits = self.steps = self.stops = self.copies = 0

    def run(self, rounds, audit_every):
        for _ in range(rounds):
            self.rounds += 1
            if self.rounds == rounds // 2:  # what was not answered before is repeated with it
                self.bearer.begin()
            if self.random.random() < EARLY:
                self._kill_while_it_starts()
            with self._started() as server, self.reader.following(server):
                self._one_round(server)
            if self.rounds % COPY_EVERY in BACK_UP_IN:
                self._back_up()
            if self.rounds % COPY_EVERY == BACK_UP_IN[-1]:
                self._go_on_with_a_copy()
            if self.rounds % audit_every == 0:
                self.audit()
                self.say(self.summary())
        with self._started() as server, self.reader.following(server):
            self.customers.settle(server, ASKED_AGAIN)
            self.reader.wait_for_end(server)
            self._end(server)
        self.audit()
        self.check_export()

    def _end(self, server):
        if server.stop() != 0:
            self.history.complain("wrong", f"it did not end in order: {server.stderr()}")

    def _flags(self):
        accounts = () if (self.data / "journal").exists() else ("--accounts", self.accounts_file)
        return ("--snapshot-every", self.random.choice(SNAPSHOTS_EVERY),
                "--idempotency-ttl", f"{self.key_ttl_s}s", "--threads", "2",
                "--segment-size", self.SEGMENT_SIZE, *self.bearer.flags(), *accounts)

    def _started(self):
        return Server(*self._flags(), data=self.data, env=self.clock.environment)

    def _kill_while_it_starts(self):
        self.early += 1
        with subprocess.Popen(
                [BINARY, "serve", "--listen", "127.0.0.1:0", "--data", self.data, *self._flags()],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=environment(self.clock.environment)) as process:
            time.sleep(self.random.uniform(0, MOST_EARLY_S))
            process.kill()

    def _one_round(self, server):
        self.customers.check_nothing_was_taken_back(server)
        if self.random.random() < SETTLED:
            self.customers.settle(server, ASKED_AGAIN)
        self._kill_under_load(server)

    def _kill_under_load(self, server):
        waits_s = self.random.uniform(LEAST_MS, MOST_MS) / 1000
        if not self.customers.post_until_killed(server, waits_s, self._disturb):
            self.history.complain("wrong", f"the server ended by itself: {server.stderr()}")

    def _disturb(self, server):
        if self.random.random() < STEPS:
            self.steps += 1
            self.clock.set_ahead(self.random.choice((-HOUR_S, 0, HOUR_S)))
        if self.random.random() < STOPS:
            self.stops += 1
            server.process.send_signal(signal.SIGSTOP)
            # The logarithm of the length is uniform.
            time.sleep(math.exp(self.random.uniform(math.log(LEAST_STOP_S),
                                                    math.log(self.most_stop_s))))
            server.process.send_signal(signal.SIGCONT)

    def _succeeds(self, *words):
        done = subprocess.run([BINARY, *words], capture_output=True, text=True, check=False,
                              env=environment())
        if done.returncode != 0:
            self.history.complain("wrong", f"{words}: {done.stdout}{done.stderr}")
        return done.returncode == 0

    def _back_up(self):
        """Makes a backup, or an increment of the last one."""
        since = ("--since", self.backups[-1]) if self.backups else ()
        self.backups.append(self.data.with_name(f"backup-{len(self.backups)}"))
        self._succeeds("backup", self.data, self.backups[-1], *since)

    def _go_on_with_a_copy(self):
        """Replaces the data by what is restored from a backup of it and its increments."""
        self.copies += 1
        restored = self.data.with_name("restored")
        if self._succeeds("restore", *self.backups, restored):
            shutil.rmtree(self.data)
            restored.rename(self.data)
        for one in self.backups:
            shutil.rmtree(one, ignore_errors=True)
        self.backups = []

    def audit(self):
        self.audits += 1
        done = subprocess.run([BINARY, "audit", self.data], capture_output=True, text=True,
                              check=False, env=environment())
        if done.returncode != 0:
            self.history.complain("wrong", f"coffer audit: {done.stdout}{done.stderr}")

    def check_export(self):
        """Checks that the export has every posting with its key, once, as it was answered."""
        with subprocess.Popen([BINARY, "export", self.data, "--format", "ndjson"], text=True,
                              stdout=subprocess.PIPE, env=environment()) as export:
            expiries = []
            self.history.check_export(postings_of(self._named_counted(export.stdout), expiries))
        self.history.check_expiries(expiries)
        self._check_events()
        if export.returncode != 0:
            self.history.complain("wrong", f"coffer export ended with {export.returncode}")
        self._tell_times_of_doubled()

    def _named_counted(self, lines):
        for line in lines:
            self.named += f',"by":"{NAME}"}}' in line
            yield line

    def _check_events(self):
        with subprocess.Popen([BINARY, "export", self.data, "--format", "ndjson"], text=True,
                              stdout=subprocess.PIPE, env=environment()) as export:
            self.reader.check_export(export.stdout)

    def _tell_times_of_doubled(self):
        """Distinguishes a key that had expired when it was repeated from a defect."""
        if not self.history.doubled:
            return
        done = subprocess.run([BINARY, "export", self.data, "--format", "ndjson"], text=True,
                              capture_output=True, check=False, env=environment())
        for said in map(json.loads, done.stdout.splitlines()):
            if said.get("key") in self.history.doubled:
                self.say(f"doubled: {said['key']}: record {said['record']} at {said['time']}, "
                         f"keys live {self.key_ttl_s} s")

    def summary(self):
        counts = self.history.counts
        return (f"{self.rounds} rounds, {self.early} killed while starting too, {self.steps} steps "
                f"of the clock, {self.stops} stops: "
                f"{counts['acknowledged']:,} acknowledged, {self.customers.retried:,} retried, "
                f"{counts['replayed']:,} replayed, {self.customers.batches:,} batches, "
                f"{self.customers.entries:,} entries of statements, {self.customers.outcomes:,} "
                f"outcomes of keys, {self.history.holds_text()}, {len(self.reader.seen):,} events "
                f"seen, {self.named:,} postings with a token's name, {self.audits} audits, "
                f"{self.copies} backups restored; "
                f"{counts['lost']} lost, {counts['doubled']} doubled, {counts['wrong']} otherwise "
                f"wrong")
