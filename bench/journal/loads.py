"""Loads a server with the client of its kind, and reads what client and server report."""

import contextlib
import csv
import json
import math
import pathlib
import re
import subprocess
import tempfile

from bench.http.loads import LATE_S, SCRIPT
from bench.http.servers import FIRST_ACCOUNT, Failed, path_of
from bench.journal.disk import percentile
from bench.journal.servers import ACCOUNTS, COFFERS, program

WARM_S = 2  # of PostgreSQL's transactions that are not measured, at the begin
MOST_WARM_UP_S = 60
TAIL_S = 2  # and at the end, when pgbench begins no more of them
TRANSACTION = ("\\set id random(1, %d)\n"
               "UPDATE accounts SET balance = balance - 1 WHERE id = :id AND balance >= 1;\n")


def run(command, timeout_s):
    """Returns a command's output. Fails if its status is not 0."""
    try:
        done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise Failed(f"{command[0]} did not end") from None
    if done.returncode != 0:
        raise Failed(f"{command[0]} failed:\n{done.stdout}")
    return done.stdout


def wrk(server, connections, seconds, operation="withdraw"):
    """Withdrawals or transfers of a cent, one at a time on each connection."""
    said = run([path_of("wrk"), "-t1", f"-c{connections}", f"-d{math.ceil(seconds)}s", "-s", SCRIPT,
                f"http://127.0.0.1:{server.port}", "--", operation, 1, FIRST_ACCOUNT, ACCOUNTS,
                connections], seconds + LATE_S)
    return wrk_figures(said, f"{server.name} at {connections} connections")


def wrk_figures(said, what):
    """Parses the last line of wrk's script. Fails if any reply was not a success."""
    try:
        figures = json.loads(said.splitlines()[-1])
    except (IndexError, ValueError):
        raise Failed(f"{what}: wrk said\n{said}") from None
    if figures["requests"] == 0 or figures["status"] or figures["failed"]:
        raise Failed(f"{what}: not all went well: {figures}")
    return {"rate": figures["requests"] / figures["seconds"], "p50_us": figures["p50_us"],
            "p99_us": figures["p99_us"]}


def redis_benchmark(server, connections, requests):
    said = run([path_of("redis-benchmark"), "--csv", "-h", "127.0.0.1", "-p", server.port, "-c",
                connections, "-r", ACCOUNTS, "-n", requests, "INCRBY", "account:__rand_int__",
                "-1"], LATE_S * 3)
    # Warnings may come before the table.
    lines = said.splitlines()
    begin = next((place for place, line in enumerate(lines) if line.startswith('"test"')), None)
    if begin is None or begin + 1 >= len(lines):
        raise Failed(f"redis-benchmark said\n{said}")
    row = next(csv.DictReader(lines[begin:]))
    return {"rate": float(row["rps"]), "p50_us": float(row["p50_latency_ms"]) * 1000,
            "p99_us": float(row["p99_latency_ms"]) * 1000}


class Pgbench:
    """Updates of one row each, prepared, each a transaction. pgbench counts its time from before
    it connects, and new server processes are slow at first: both are excluded."""

    def __init__(self, server, connections):
        self.server, self.connections = server, connections
        self.warm_up_s = 3 + connections / 25

    def measure(self, seconds):
        """Repeats with a longer warm-up if the server was not warm in time."""
        while True:
            said, log = self._run(self.warm_up_s + seconds + TAIL_S)
            figures = pgbench_figures(said, log, seconds)
            if figures is not None:
                return figures
            self.warm_up_s *= 2
            if self.warm_up_s > MOST_WARM_UP_S:
                raise Failed(f"PostgreSQL does not get going: pgbench said\n{said}")

    def _run(self, seconds):
        with tempfile.TemporaryDirectory(prefix="pgbench-", dir=self.server.folder) as folder:
            pathlib.Path(folder).chmod(0o777)
            script = pathlib.Path(folder) / "script"
            script.write_text(TRANSACTION % ACCOUNTS)
            said = self.server.run(
                program("pgbench"), "--no-vacuum", "--protocol", "prepared", "--client",
                self.connections, "--jobs", min(self.connections, 2), "--time", math.ceil(seconds),
                "--file", script, "--log", "--log-prefix", f"{folder}/log")
            return said, [line for file in pathlib.Path(folder).glob("log.*")
                          for line in file.read_text().splitlines()]


def pgbench_figures(said, log, seconds):
    """Returns the figures of the transactions that ended in the `seconds` before the tail, or None
    if there was too little warm-up before them. A line of the log is client, number, latency in us,
    script, and the end in s and us."""
    failed = re.search(r"^number of failed transactions: (\d+)", said, re.MULTILINE)
    if failed and int(failed[1]):
        raise Failed(f"pgbench said\n{said}")
    rows = [tuple(map(int, line.split())) for line in log]
    ended = [row[4] * 1_000_000 + row[5] for row in rows]
    end = max(ended, default=0) - TAIL_S * 1_000_000
    begin = end - seconds * 1_000_000
    if not ended or min(ended) > begin - WARM_S * 1_000_000:
        return None
    took_us = [row[2] for row, when in zip(rows, ended) if begin < when <= end]
    return {"rate": len(took_us) / seconds, "p50_us": percentile(took_us, 50),
            "p99_us": percentile(took_us, 99)}


def open_loop(server, load, rate, connections, seconds):
    """Withdrawals that are due at a fixed rate; latency counts from when each is due."""
    with tempfile.TemporaryDirectory(prefix="coffer-load-") as folder:
        file = pathlib.Path(folder) / "results.json"
        run([load, "--quiet", "--url", f"http://127.0.0.1:{server.port}", "--rate", f"{rate:.0f}",
             "--connections", connections, "--pipeline", 1, "--mix", "withdraw=1", "--amounts",
             "0.01-0.01", "--accounts", f"{FIRST_ACCOUNT}-{FIRST_ACCOUNT + ACCOUNTS - 1}",
             "--duration", f"{seconds * 1000:.0f}ms", "--warmup", "200ms", "--json", file],
            seconds + LATE_S)
        said = json.loads(file.read_text())
    if said["outcomes"]["errors_by_status"] or not said["audit"]["exact"]:
        raise Failed(f"coffer-load: not all went well: {said}")
    return {"rate": said["achieved_per_second"], "asked": rate, "p50_us": said["latency_us"]["p50"],
            "p99_us": said["latency_us"]["p99"]}


class Load:
    """A number of connections to one server. The first measure() is the warm-up."""

    def __init__(self, server, connections):
        self.server, self.connections = server, connections
        self.pgbench = Pgbench(server, connections)
        # First guess: redis-benchmark takes a number of requests, not seconds.
        self.rate = 500 * min(connections, 32)

    def _figures(self, seconds):
        if self.server.name == "redis":
            return redis_benchmark(self.server, self.connections,
                                   max(int(self.rate * seconds), 10 * self.connections))
        if self.server.name == "postgres":
            return self.pgbench.measure(seconds)
        return wrk(self.server, self.connections, seconds)

    def measure(self, seconds):
        with grouped(self.server) as group:
            figures = self._figures(seconds)
        self.rate = figures["rate"]
        return {"server": self.server.name, "connections": self.connections, **figures, **group}


class Transfers:
    """Transfers between the accounts of a durable Coffer, instead of withdrawals."""

    def __init__(self, server, connections):
        self.server, self.connections = server, connections

    def measure(self, seconds):
        with grouped(self.server) as group:
            figures = wrk(self.server, self.connections, seconds, "transfer")
        return {"server": "transfers", "connections": self.connections, **figures, **group}


@contextlib.contextmanager
def grouped(server):
    """Adds to the figures how many records were synced together, if the server has a journal."""
    group = {}
    if server.name not in COFFERS or server.name == "memory":
        yield group
        return
    before = server.counters()
    yield group
    after = server.counters()
    grown = {name: after[name] - before[name] for name in after}
    group["group"] = grown["records"] / max(grown["batches"], 1)
