#!/usr/bin/env python3
"""Measures a replicated ledger: three nodes and three members of etcd on this machine.

  bench/replication/measure.py rate [--connections 64,256,512] [--seconds 5]
  bench/replication/measure.py lone [--rounds 5] [--seconds 2]
  bench/replication/measure.py takeover [--accounts 10000000] [--rounds 3]
  bench/replication/measure.py join [--accounts 1000000] [--rounds 3]

rate      durable withdrawals a second, each connection sending the next after the reply, and how
          much of the processors each process takes
lone      a lone client's withdrawal, in turn with a bare transaction by etcd's JSON gateway, by the
          same client: at most 1.3 times as long
takeover  from the kill of the leader of so many accounts to the first posting, less than 10 s, and
          the memory of a standby, at most 1.1 times the leader's
join      withdrawals of 256 connections while a node makes its directory anew with coffer join,
          starts and catches up, beside those just before: at least 0.8 times as many

Needs wrk, etcd and coffer-load. Not a test: it depends on the machine.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "cluster")]

import cluster as parts  # noqa: E402
from bench.lib.text_table import aligned  # noqa: E402

COFFER_SCRIPT = ROOT / "bench" / "http" / "wrk" / "coffer.lua"
TRANSACTION_SCRIPT = pathlib.Path(__file__).parent / "transaction.lua"
FIRST_ACCOUNT, ACCOUNTS = 10_001, 1000
ENTRY_BYTES = 230  # of the log, with one posting in it: header, batch and record
LATE_S = 30
START_S = 900  # of many accounts
LOG_LINES = 12  # of each node, about a takeover that took too long
MOST_TAKEOVER_S, MOST_MEMORY, MOST_LONE, LEAST_JOIN = 10, 1.1, 1.3, 0.8
JOIN_CONNECTIONS = 256
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def run(*command, timeout_s=600):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True,
                          timeout=timeout_s).stdout


def wrk(url, connections, seconds, script, *words):
    said = run("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script, url, "--", *words,
               timeout_s=seconds + LATE_S)
    figures = json.loads(said.splitlines()[-1])
    if figures["failed"] or figures.get("status"):
        sys.exit(f"not all went well: {figures}")
    return figures


def withdrawals(node, connections, seconds):
    return wrk(node.url(), connections, seconds, COFFER_SCRIPT, "withdraw", 1, FIRST_ACCOUNT,
               ACCOUNTS, connections)


def cpu_s(program):
    fields = pathlib.Path(f"/proc/{program.process.pid}/stat").read_text().rpartition(")")[2]
    return sum(map(int, fields.split()[11:13])) / TICKS_A_SECOND


def resident_bytes(program):
    status = pathlib.Path(f"/proc/{program.process.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) * 1024


def accounts_file(options, folder, count):
    file = pathlib.Path(folder) / "accounts.json"
    run(options.load, "--write-accounts", file, "--accounts",
        f"{FIRST_ACCOUNT}-{FIRST_ACCOUNT + count - 1}", "--opening", "1000000.0")
    return file


def started(options, folder, accounts):
    parts.BINARY = options.coffer
    return parts.Cluster(folder, ["--accounts", accounts_file(options, folder, accounts),
                                  *options.flag], start_s=START_S)


def rate(options):
    rows = [("connections", "postings/s", "p50 ms", "p99 ms", "of two processors: leader",
             "standbys", "etcd")]
    with tempfile.TemporaryDirectory(dir=options.dir) as folder, \
            started(options, folder, ACCOUNTS) as cluster:
        leader = cluster.wait_for_roles()
        programs = {"leader": [leader], "standbys": cluster.standbys(),
                    "etcd": cluster.etcd.members}
        for connections in map(int, options.connections.split(",")):
            withdrawals(leader, connections, 1)
            before = {name: sum(map(cpu_s, those)) for name, those in programs.items()}
            found = withdrawals(leader, connections, options.seconds)
            shares = [(sum(map(cpu_s, those)) - before[name]) / options.seconds / 2
                      for name, those in programs.items()]
            rows.append((str(connections), f"{found['requests'] / found['seconds']:,.0f}",
                         f"{found['p50_us'] / 1000:.1f}", f"{found['p99_us'] / 1000:.1f}",
                         *(f"{share:.0%}" for share in shares)))
    print(aligned(rows, left=()))


def lone(options):
    bare, ours = [], []
    with tempfile.TemporaryDirectory(dir=options.dir) as folder, \
            started(options, folder, ACCOUNTS) as cluster:
        leader = cluster.wait_for_roles()
        for number in range(options.rounds):
            prefix = f"bare/{number}-{time.monotonic_ns()}"
            bare.append(wrk(cluster.etcd.urls[0], 1, options.seconds, TRANSACTION_SCRIPT, prefix,
                            ENTRY_BYTES)["p50_us"] / 1000)
            ours.append(withdrawals(leader, 1, options.seconds)["p50_us"] / 1000)
    ratio = statistics.median(one / other for one, other in zip(ours, bare))
    print(f"a bare transaction {statistics.median(bare):.2f} ms, "
          f"a posting {statistics.median(ours):.2f} ms (medians of {options.rounds} rounds): "
          f"{ratio:.2f} times, {verdict(ratio <= MOST_LONE)}")


def deposit(node, account):
    """Whether a posting at this node succeeds."""
    body = subprocess.run(
        ["curl", "-s", "--max-time", "1", node.url(f"/accounts/{account}/deposit"), "-H",
         "Content-Type: application/json", "-d", '{"amount":1}'], capture_output=True, text=True,
        check=False).stdout
    return '"success":true' in body


def takeover(options):
    with tempfile.TemporaryDirectory(dir=options.dir) as folder, \
            started(options, folder, options.accounts) as cluster:
        leader = cluster.wait_for_roles(START_S)
        ratios, took = [], []
        for _ in range(options.rounds):
            time.sleep(3)
            others = [one for one in cluster.nodes if one is not leader]
            ratios += [resident_bytes(one) / resident_bytes(leader) for one in others]
            begun = time.monotonic()
            leader.kill()
            parts.wait_until(lambda others=others: any(deposit(one, FIRST_ACCOUNT)
                                                       for one in others), "a posting", 60)
            took.append(time.monotonic() - begun)
            print(f"{time.strftime('%H:%M:%S')}: {leader.name} killed {took[-1]:.2f} s ago, "
                  f"load average {os.getloadavg()[0]:.1f}", flush=True)
            if took[-1] >= MOST_TAKEOVER_S:
                print("\n".join(f"{one.name}: {line}" for one in others
                                for line in one.last_lines(LOG_LINES).splitlines()), flush=True)
            leader.start()
            leader = cluster.wait_for_roles(START_S)
    print(f"{options.accounts:,} accounts: a posting {statistics.median(took):.2f} s after a kill, "
          f"at most {max(took):.2f} s: {verdict(max(took) < MOST_TAKEOVER_S)}")
    print(f"memory of standbys / the leader's: {max(ratios):.2f} at most: "
          f"{verdict(max(ratios) <= MOST_MEMORY)}")


class Load(threading.Thread):
    """Withdrawals until it is stopped, in runs of so many seconds."""

    def __init__(self, node, seconds):
        super().__init__()
        self.node, self.seconds, self.runs, self.is_over = node, seconds, [], threading.Event()
        self.start()

    def run(self):
        while not self.is_over.is_set():
            self.runs.append(withdrawals(self.node, JOIN_CONNECTIONS, self.seconds))

    def stop(self):
        """Postings a second."""
        self.is_over.set()
        self.join()
        return sum(one["requests"] for one in self.runs) / sum(one["seconds"] for one in self.runs)


def join(options):
    ratios = []
    with tempfile.TemporaryDirectory(dir=options.dir) as folder, \
            started(options, folder, options.accounts) as cluster:
        for _ in range(options.rounds):
            leader = cluster.wait_for_roles(START_S)
            node, other = cluster.standbys()
            node.kill()
            shutil.rmtree(node.data)
            load = Load(leader, options.seconds)
            time.sleep(options.seconds)
            before = load.stop()
            load, begun = Load(leader, options.seconds), time.monotonic()
            try:
                # Gives way to the others: it stands for a process on a machine of its own.
                run("nice", "-n", 19, parts.BINARY, "join", leader.url(), node.data,
                    "--ledger", parts.LEDGER)
                copied_s = time.monotonic() - begun
                node.start()
                reached = parts.wait_until(other.as_of, "the other standby shows what it has")
                parts.wait_until(lambda node=node, reached=reached: node.as_of() >= reached,
                                 "the node has caught up", START_S)
                equal_s = time.monotonic() - begun
            finally:
                beside = load.stop()
            ratios.append(beside / before)
            print(f"copied in {copied_s:.1f} s, had caught up after {equal_s:.1f} s; "
                  f"{beside:,.0f} postings/s beside it, {before:,.0f} before", flush=True)
    ratio = statistics.median(ratios)
    print(f"{options.accounts:,} accounts: {ratio:.2f} times the postings (median of "
          f"{options.rounds} rounds): {verdict(ratio >= LEAST_JOIN)}")


def verdict(is_met):
    return "met" if is_met else "MISSED"


def main():
    words = argparse.ArgumentParser(description=__doc__,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)
    what = words.add_subparsers(dest="what", required=True)
    one = what.add_parser("rate")
    one.set_defaults(run=rate)
    one.add_argument("--connections", default="64,256,512")
    two = what.add_parser("lone")
    two.set_defaults(run=lone)
    three = what.add_parser("takeover")
    three.set_defaults(run=takeover)
    three.add_argument("--accounts", type=int, default=10_000_000)
    four = what.add_parser("join")
    four.set_defaults(run=join)
    four.add_argument("--accounts", type=int, default=1_000_000)
    for each, rounds, seconds in ((one, 1, 5), (two, 5, 2), (three, 3, 0), (four, 3, 3)):
        each.add_argument("--rounds", type=int, default=rounds)
        each.add_argument("--seconds", type=int, default=seconds)
        each.add_argument("--coffer", default=str(ROOT / "build" / "coffer"))
        each.add_argument("--load", default=str(ROOT / "build" / "coffer-load"))
        each.add_argument("--dir", help="where the folder of all data is made")
        each.add_argument("--flag", action="append", default=[], help="of coffer serve")
    options = words.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
