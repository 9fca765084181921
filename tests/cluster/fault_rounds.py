"""Disturbs a cluster again and again under load, and proves afterwards that nothing was lost,
doubled or stale."""

import contextlib
import hashlib
import json
import math
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import cluster as parts  # noqa: E402
from customers import Customers  # noqa: E402
from faults.clock import HOUR_S, Clock, library  # noqa: E402
from faults.export_lines import SIGNS, signed_minor_of  # noqa: E402
from faults.money_text import minor_of  # noqa: E402
from history import WRONG, Line, check  # noqa: E402

LOAD_S = 0.5, 1.5  # before each disturbance
BACK_S = 60  # a round in which no posting succeeds for so long is wrong
KILLED_S = 0, 2  # until what was killed is started again
SETTLE_S = 90
TRIMMED_S = 60  # until etcd has no more what a node lacks that stood still
MOST_COMPLAINTS = 5  # then no more rounds begin
PROXY_S = 2, 6
LOADED = "20001-21000"  # accounts that only _load posts to
LOADING = {"load", "behind", "join"}
OURS = b'"account_number":"10'  # in a line of the others
LOG_LINES = 12  # of each program, that a failure shows
PROXY_FAULTS = {"drop": 0.1, "late": 0.15, "duplicate": 0.3, "delay": 0.5, "cut": 0.1}


class FaultRounds:
    """A cluster in `folder` with clients. `kinds` are of KINDS. A context manager."""

    def __init__(self, folder, seed, kinds, say=lambda line: None, flags=(), etcd_flags=(),
                 stop_s=(0.1, 30), connections=16, load_s=10, loaders=256):
        self.random = random.Random(seed)
        self.kinds, self.say, self.stop_s = kinds, say, stop_s
        if "clock" in kinds and not library().exists():
            raise parts.DidNotStart(f"the clock cannot be set without {library()}")
        self.clocks = [Clock() for _ in range(parts.NODES)] if "clock" in kinds else []
        self.accounts_file = folder / "accounts.json"
        self.cluster = parts.Cluster(
            folder, ["--accounts", self.accounts_file, *flags], etcd_flags,
            proxied=bool({"proxies", "partition"}.intersection(kinds)), seed=seed,
            envs=[one.environment for one in self.clocks] or None)
        self.customers = Customers(self.cluster.ports, seed, connections)
        self.load_s, self.loaders, self.load_log = load_s, loaders, folder / "load.log"
        self._write_accounts()
        self.back_s = {kind: [] for kind in kinds}  # until postings succeeded again
        self.complaints = []
        self.rounds = 0
        self.findings = None
        self.was_trimmed = False
        self.has_caught_up = False  # from a leader's journal, as etcd's tail began later

    def _write_accounts(self):
        said = self.customers.accounts()
        if LOADING.intersection(self.kinds):
            first, last = map(int, LOADED.split("-"))
            said["accounts"] += [{"account_number": str(number), "balance": 1000.0}
                                 for number in range(first, last + 1)]
        self.accounts_file.write_text(json.dumps(said))

    def run(self, rounds):
        """Returns whether all is right."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.cluster)
            stack.enter_context(self.customers)
            self.cluster.wait_for_roles()
            while self.rounds < rounds and len(self.complaints) < MOST_COMPLAINTS:
                self.one_round()
            self._wait_until_equal()
            self.was_trimmed = self.cluster.first_entry() > 0
        return self.conclude()

    def one_round(self):
        self.rounds += 1
        kind = self.kinds[self.rounds % len(self.kinds)]
        time.sleep(self.random.uniform(*LOAD_S))
        if self.customers.wait_for_ack(time.monotonic_ns(), timeout_s=BACK_S) is None:
            self.complain(f"round {self.rounds}: no posting succeeds before {kind}")
            return
        what, back_s = getattr(self, f"_{kind}")()
        if back_s is None:
            self.complain(f"round {self.rounds}: no posting succeeded for {BACK_S} s: {what}")
        else:
            self.back_s[kind].append(back_s)
        try:
            self.cluster.wait_for_roles()
        except TimeoutError as why:
            self.complain(f"round {self.rounds}: {what}: {why}")
        shown = "never" if back_s is None else f"{back_s:.2f} s"
        self.say(f"{self.rounds}: {what}: back after {shown}, "
                 f"{self.customers.history.acknowledged:,} acknowledged")

    def complain(self, text):
        self.complaints.append(text)
        self.say(text)

    # Each disturbs, and returns what it did and after how long postings succeeded.

    def _kill_leader(self):
        leader = self.cluster.wait_for_leader(BACK_S)
        begun = time.monotonic_ns()
        leader.kill()
        back_s = self.customers.wait_for_ack(begun, [leader.port], BACK_S)
        leader.start()
        return f"killed the leader, {leader.name}", back_s

    def _kill_any(self):
        """One to all nodes, and perhaps a member of etcd."""
        killed = self.random.sample(self.cluster.nodes, self.random.randrange(1, parts.NODES + 1))
        if self.random.random() < 0.5:
            killed.append(self.random.choice(self.cluster.etcd.members))
        begun = time.monotonic_ns()
        for one in killed:
            one.kill()
        time.sleep(self.random.uniform(*KILLED_S))
        for one in self.random.sample(killed, len(killed)):
            one.start()
        return (f"killed {', '.join(one.name for one in killed)}",
                self.customers.wait_for_ack(time.monotonic_ns(), timeout_s=BACK_S)
                and (time.monotonic_ns() - begun) / 1e9)

    def _kill_all(self):
        """As if the power of all machines failed, but for what the disks had not."""
        everything = [*self.cluster.nodes, *self.cluster.etcd.members]
        for one in everything:
            one.kill()
        time.sleep(0.1)  # for answers that are still on their way
        begun = time.monotonic_ns()
        for one in self.random.sample(everything, len(everything)):
            one.start()
        return "killed everything", self.customers.wait_for_ack(begun, timeout_s=BACK_S)

    def _stop(self, one):
        # The logarithm of the length is uniform.
        stop_s = math.exp(self.random.uniform(*map(math.log, self.stop_s)))
        begun = time.monotonic_ns()
        one.pause()
        ends = time.monotonic() + stop_s
        back_s = self.customers.wait_for_ack(begun, [getattr(one, "port", 0)], stop_s)
        time.sleep(max(0, ends - time.monotonic()))
        one.resume()
        if back_s is None:  # a short one, in which nobody has taken over
            back_s = self.customers.wait_for_ack(time.monotonic_ns(), timeout_s=BACK_S)
        return f"stopped {one.name} for {stop_s:.1f} s", back_s

    def _stop_leader(self):
        return self._stop(self.cluster.wait_for_leader(BACK_S))

    def _stop_any(self):
        return self._stop(self.random.choice([*self.cluster.nodes, *self.cluster.etcd.members]))

    def _proxies(self):
        """Some or all nodes lose, repeat and delay requests to etcd."""
        nodes = self.random.sample(self.cluster.nodes, self.random.randrange(1, parts.NODES + 1))
        links = [place for one in nodes for place in self.cluster.links_of(one)]
        faults = {kind: self.random.uniform(0, most) for kind, most in PROXY_FAULTS.items()
                  if self.random.random() < 0.7}
        lasts_s = self.random.uniform(*PROXY_S)
        self.cluster.proxies.set(links, **faults)
        time.sleep(lasts_s)
        self.cluster.proxies.set(links)
        shown = " ".join(f"{kind} {chance:.2f}" for kind, chance in faults.items())
        return (f"{lasts_s:.1f} s of {shown} at {', '.join(one.name for one in nodes)}",
                self.customers.wait_for_ack(time.monotonic_ns(), timeout_s=BACK_S))

    def _partition(self):
        """The leader, or its link to one member of etcd, is cut off for a while."""
        leader = self.cluster.wait_for_leader(BACK_S)
        links = list(self.cluster.links_of(leader))
        if self.random.random() < 0.3:
            links = [self.random.choice(links)]
        faults = {"down": True} if self.random.random() < 0.5 else {"drop": 1}
        begun = time.monotonic_ns()
        self.cluster.proxies.set(links, **faults)
        back_s = self.customers.wait_for_ack(
            begun, [leader.port] if len(links) > 1 else [], BACK_S)
        time.sleep(self.random.uniform(0, 3))
        self.cluster.proxies.set(links)
        return f"cut {len(links)} links of {leader.name}: {faults}", back_s

    def _step_down(self):
        leader = self.cluster.wait_for_leader(BACK_S)
        begun = time.monotonic_ns()
        status, body = leader.call("POST", "/admin/step-down")
        if status not in (200, 202):
            self.complain(f"a step-down was answered {status} {body}")
        return (f"{leader.name} stepped down",
                self.customers.wait_for_ack(begun, [leader.port], BACK_S))

    def _clock(self):
        """The UTC clock of some nodes is an hour ahead or behind from now on, or right again."""
        for one in self.random.sample(self.clocks, self.random.randrange(1, parts.NODES + 1)):
            one.set_ahead(self.random.choice((-HOUR_S, 0, HOUR_S)))
        what, back_s = self._kill_leader() if self.random.random() < 0.5 else self._step_down()
        return f"set clocks, and {what}", back_s

    def _load(self):
        """As many postings as there can be, by many connections beside the others. etcd must raise
        no alarm, whatever its quota."""
        return self._watch(self._begin_load())

    def _begin_load(self):
        with self.load_log.open("ab") as into:
            return subprocess.Popen(
                [pathlib.Path(parts.BINARY).parent / "coffer-load", "--quiet", "--url",
                 ",".join(one.url() for one in self.cluster.nodes),
                 "--connections", str(self.loaders), "--mix", "deposit=1", "--accounts", LOADED,
                 "--duration", f"{self.load_s}s"],
                stdin=subprocess.DEVNULL, stdout=into, stderr=into)

    def _watch(self, load):
        """To its end."""
        alarms, most_bytes, longest_s, last = 0, 0, 0.0, time.monotonic_ns()
        while load.poll() is None:
            time.sleep(0.2)
            alarms += self.cluster.etcd.has_alarm()
            most_bytes = max(most_bytes, self.cluster.etcd.most_bytes())
            ack = max(self.customers.last_ack.values())
            longest_s, last = max(longest_s, (time.monotonic_ns() - last) / 1e9), max(ack, last)
        if alarms:
            self.complain(f"round {self.rounds}: etcd had an alarm, {alarms} times looked at")
        if load.returncode != 0:
            self.complain(f"coffer-load ended with {load.returncode}: see {self.load_log}")
        return (f"{self.load_s} s of load, exit status {load.returncode}, etcd's files at most "
                f"{most_bytes >> 20} MiB, {longest_s:.1f} s at most without a posting",
                self.customers.wait_for_ack(time.monotonic_ns(), timeout_s=BACK_S))

    def _behind(self):
        """A standby stands still beside a load, for so long that etcd has no more what it lacks."""
        leader = self.cluster.wait_for_roles()
        behind = self.random.choice([one for one in self.cluster.nodes if one is not leader])
        behind.pause()
        lacks = self.cluster.last_entry()
        what, back_s = self._load()
        try:
            parts.wait_until(lambda: self.cluster.first_entry() > lacks,
                             f"etcd has no more entry {lacks}, which {behind.name} lacks",
                             TRIMMED_S)
        except TimeoutError as why:
            self.complain(f"round {self.rounds}: {why}")
        behind.resume()
        return f"{behind.name} stood still beside {what}, {self._reaches(behind)}", back_s

    def _reaches(self, node):
        """Waits until it has what another one has now."""
        others = [one for one in self.cluster.nodes if one is not node]
        record, begun = 0, time.monotonic()
        try:
            record = parts.wait_until(lambda: max(one.as_of() for one in others),
                                      "another node shows what it has")
            parts.wait_until(lambda: node.as_of() >= record or self.cluster.leader() is node,
                             f"{node.name} catches up", SETTLE_S)
        except TimeoutError as why:
            self.complain(f"round {self.rounds}: {why}: it is at {node.as_of()} of {record}")
        return f"and reached record {record:,} {time.monotonic() - begun:.1f} s later"

    def _join(self):
        """The disk of a standby is lost, and the node begins again with a copy of the leader's, all
        beside a load."""
        leader = self.cluster.wait_for_roles()
        node = self.random.choice([one for one in self.cluster.nodes if one is not leader])
        node.kill()
        shutil.rmtree(node.data)
        load = self._begin_load()
        begun = time.monotonic()
        done = subprocess.run([parts.BINARY, "join", leader.url(), node.data, "--ledger",
                               parts.LEDGER], capture_output=True, text=True, check=False,
                              env=parts.environment())
        if done.returncode != 0:
            self.complain(f"round {self.rounds}: coffer join: {done.stdout}{done.stderr}")
        copied_s = time.monotonic() - begun
        node.start()
        how = self._reaches(node)
        what, back_s = self._watch(load)
        return f"{node.name} joined again, copied in {copied_s:.1f} s, {how}, beside {what}", back_s

    # What must hold in the end.

    def _wait_until_equal(self):
        """All is acknowledged, and every node has the same balances."""
        if not self.customers.settle(SETTLE_S):
            self.complain(f"{self.customers.unfinished} postings were not acknowledged in the end")
        self.complaints += self.customers.complaints
        shown = []

        def are_equal():
            shown[:] = [one.call("GET", "/accounts?limit=1000&stale=ok")
                        for one in self.cluster.nodes]
            return shown[0][0] == 200 and all(one == shown[0] for one in shown)
        try:
            self.cluster.wait_for_roles()
            parts.wait_until(are_equal, "all nodes have the same balances", SETTLE_S)
        except TimeoutError as why:
            self.complain(f"{why}: {[one[1][:200] for one in shown]}")
        for name, status in self.cluster.end().items():
            if status != 0:
                self.complain(f"{name} ended with {status}")

    def conclude(self):
        """By the files of the nodes, which have ended."""
        self.has_caught_up = any("catching up from " in one.log.read_text(errors="replace")
                                 for one in self.cluster.nodes)
        for one in self.cluster.nodes:
            done = one.command_on_data("audit")
            if done.returncode != 0:
                self.complain(f"the audit of {one.name}: {done.stdout}{done.stderr}")
        hashes = [self._export(one) for one in self.cluster.nodes]
        if len(set(hashes)) > 1:
            self.complain("the exports of the nodes differ")
        lines = lines_of(self._lines_file(self.cluster.nodes[0]))
        self.findings = check(self.customers.history, lines)
        for text in self.complaints:
            self.findings.add(WRONG, text)
        return not self.findings

    def _export(self, node):
        """Writes what a node has of the clients' accounts into a file, and returns a hash of its
        whole history."""
        found = hashlib.sha256()
        with self._lines_file(node).open("wb") as into, subprocess.Popen(
                [parts.BINARY, "export", node.data, "--format", "ndjson"], stdout=subprocess.PIPE,
                env=parts.environment()) as export:
            for line in export.stdout:
                found.update(line)
                if OURS in line:
                    into.write(line)
        if export.returncode != 0:
            self.complain(f"the export of {node.name} ended with {export.returncode}")
        return found.hexdigest()

    def _lines_file(self, node):
        return self.cluster.folder / f"{node.name}.ndjson"

    def logs(self):
        """The last lines of every program."""
        return [f"{one.name}: {line}" for one in [*self.cluster.nodes, *self.cluster.etcd.members]
                for line in one.last_lines(LOG_LINES).splitlines()]

    def summary(self):
        took = "; ".join(
            f"{kind}: {len(those)}, back after {statistics.median(those):.2f} s, "
            f"at most {max(those):.2f} s" for kind, those in self.back_s.items() if those)
        return (f"{self.rounds} rounds ({took}): {self.customers.history.acknowledged:,} postings "
                f"acknowledged, {len(self.customers.history.reads):,} reads; {self.findings}")


KINDS = sorted(name[1:] for name in (
    "_kill_leader", "_kill_any", "_kill_all", "_stop_leader", "_stop_any", "_proxies",
    "_partition", "_step_down", "_clock", "_load", "_behind", "_join"))


def lines_of(file):
    with file.open() as lines:
        for said in (json.loads(line, parse_float=str) for line in lines):
            yield Line(said["record"], int(said["account_number"]), said["sequence"],
                       SIGNS[said["operation"]] * signed_minor_of(said["amount"]),
                       minor_of(said["balance"]), said.get("key", ""))
