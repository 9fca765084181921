#!/usr/bin/env python3
"""Measures POST /batch: deposits a second over one connection, beside Redis.

  bench/http/batch.py [--coffer build/coffer] [--rounds 3] [--seconds 2] [--data DIR]

A server with one thread on one core, in memory and durable, gets batches of 1000 deposits over one
connection, each after the reply to the one before, from wrk on another core. Redis gets pipelines
of 1000 INCRBY from redis-benchmark, with no journal and with appendfsync always. Printed are the
medians of the rounds, of which each runs all in turn, and the bounds. The deposits are counted by
the balances afterwards. Needs wrk; Redis is skipped where it is not installed.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT))

from bench.http import loads, measure, servers  # noqa: E402
from bench.lib.text_table import aligned  # noqa: E402

SCRIPT = pathlib.Path(__file__).parent / "wrk" / "batch.lua"
LINES = 1000  # a batch or a pipeline
OPENING = float(servers.BALANCE) * servers.ACCOUNTS
# The least postings a second, and the highest p99 of a batch.
BOUNDS = {"Coffer --in-memory": (1.0e6, 20_000), "Coffer": (0.5e6, 20_000)}


class Coffer(servers.Server):
    """In memory, or durable in a folder in `within`."""

    def __init__(self, binary, core, is_durable, within):
        self.is_durable = is_durable
        super().__init__("coffer", core, {"coffer": binary}, within)

    def _coffer(self, binaries):
        where = ["--data", self.folder / "data"] if self.is_durable else ["--in-memory"]
        return [binaries["coffer"], "serve", *where, "--threads", 1, "--snapshot-every", 0,
                "--listen", "127.0.0.1:0", "--accounts", self.write_accounts()]

    def deposited(self):
        """How many deposits of a cent there were."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/accounts?limit=1000") as page:
            accounts = json.load(page)["data"]["accounts"]
        return round((sum(one["balance"] for one in accounts) - OPENING) * 100)

    def load(self, seconds, core):
        said = loads.run([servers.path_of("wrk"), "-t1", "-c1", f"-d{seconds}s", "-s", SCRIPT,
                          f"http://127.0.0.1:{self.port}/batch", "--", LINES,
                          servers.FIRST_ACCOUNT, servers.ACCOUNTS], core)
        figures = json.loads(said.splitlines()[-1])
        made = self.deposited()
        # The last batch may have been made, or a part of it, and not be counted.
        if figures["failed"] or not 0 <= made - figures["batches"] * LINES <= LINES:
            raise servers.Failed(f"not all went well: {made} deposits, {figures}")
        return figures["batches"] * LINES / figures["seconds"], figures["p99_us"]


class Redis(servers.Server):
    """Without a journal, or with one that is synced before each reply."""

    def __init__(self, core, is_durable, within):
        self.is_durable = is_durable
        super().__init__("redis", core, {}, within)

    def _redis(self, binaries):
        command = super()._redis(binaries)
        if self.is_durable:
            command[command.index("no")] = "yes"
            command += ["--appendfsync", "always"]
        return command

    def load(self, seconds, core):
        at_least = 300_000 if self.is_durable else 1_000_000  # a second, about
        said = loads.run([servers.path_of("redis-benchmark"), "--csv", "-h", "127.0.0.1", "-p",
                          self.port, "-c", 1, "-P", LINES, "-r", servers.ACCOUNTS, "-n",
                          at_least * seconds, "INCRBY", "account:__rand_int__", "1"], core)
        figures = loads.redis_figures(said, at_least * seconds)
        return figures["rate"], figures["p99_us"]


def starters(coffer, core, data):
    """What starts each server, by its name."""
    found = {"Coffer --in-memory": lambda: Coffer(coffer, core, False, data),
             "Coffer": lambda: Coffer(coffer, core, True, data)}
    if missing := servers.missing_packages("redis"):
        print(f"Skipping Redis: please install {' '.join(missing)}")
    else:
        found |= {"Redis": lambda: Redis(core, False, data),
                  "Redis appendfsync always": lambda: Redis(core, True, data)}
    return found


def rows(found):
    yield "server", "postings/s", "p99 µs of a batch", "bounds"
    for name, runs in found.items():
        rate, p99_us = (statistics.median(column) for column in zip(*runs))
        bounds = ""
        if name in BOUNDS:
            least, most_us = BOUNDS[name]
            verdict = "met" if rate >= least and p99_us < most_us else "MISSED"
            bounds = f">= {least:,.0f}, < {most_us:,.0f} µs: {verdict}"
        yield name, f"{rate:,.0f}", f"{p99_us:,.0f}", bounds


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--coffer", default="build/coffer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--data", help="a folder on the disk for the durable servers")
    chosen = parser.parse_args()
    if missing := servers.missing_packages("coffer"):
        sys.exit(f"please install {' '.join(missing)}")
    server_core, client_core = measure.cores()
    found = {}
    with tempfile.TemporaryDirectory(dir=chosen.data) as folder:
        for _ in range(chosen.rounds):
            for name, begin in starters(chosen.coffer, server_core, folder).items():
                with begin() as server:
                    found.setdefault(name, []).append(server.load(chosen.seconds, client_core))
    print(f"Medians of {chosen.rounds} rounds of {chosen.seconds} s, one connection, "
          f"{LINES} operations at once. One core for the server, one for the client.\n")
    print(aligned(list(rows(found)), left=(0, 3)))


if __name__ == "__main__":
    main()
