"""The loads on a server: a client of its kind, and what it and the server then say."""

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

WARM_S = 2  # of transactions before they are measured, of PostgreSQL
MOST_WARM_UP_S = 60
TAIL_S = 2  # in which its last transactions end, when no more are begun
TRANSACTION = ("\\set id random(1, %d)\n"
               "UPDATE accounts SET balance = balance - 1 WHERE id = :id AND balance >= 1;\n")


def run(command, timeout_s):
    """What it prints. It must end by itself, and well."""
    try:
        done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise Failed(f"{command[0]} did not end") from None
    if done.returncode != 0:
        raise Failed(f"{command[0]} failed:\n{done.stdout}")
    return done.stdout


def wrk(server, connections, seconds):
    """Withdrawals of a cent, one at a time on each connection."""
    said = run([path_of("wrk"), "-t1", f"-c{connections}", f"-d{math.ceil(seconds)}s", "-s", SCRIPT,
                f"http://127.0.0.1:{server.port}", "--", "withdraw", 1, FIRST_ACCOUNT, ACCOUNTS,
                connections], seconds + LATE_S)
    return wrk_figures(said, f"{server.name} at {connections} connections")


def wrk_figures(said, what):
    """What the script's last line says, if every request was answered with success."""
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
    # It may warn of what it cannot ask the server before it begins its table.
    lines = said.splitlines()
    begin = next((place for place, line in enumerate(lines) if line.startswith('"test"')), None)
    if begin is None or begin + 1 >= len(lines):
        raise Failed(f"redis-benchmark said\n{said}")
    row = next(csv.DictReader(lines[begin:]))
    return {"rate": float(row["rps"]), "p50_us": float(row["p50_latency_ms"]) * 1000,
            "p99_us": float(row["p99_latency_ms"]) * 1000}


class Pgbench:
    """Updates of one row each, prepared once, and each a transaction. pgbench begins its time
    before the connections are made, and each has a process that is slow at first: all that is left
    out."""

    def __init__(self, server, connections):
        self.server, self.connections = server, connections
        self.warm_up_s = 3 + connections / 25

    def measure(self, seconds):
        """Takes longer where that was not long enough to be warm."""
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
    """Of what ended in so many seconds, the tail left out; None if the first ended hardly before
    them. A line of the log is client, number, latency in us, script, and its end: s and us."""
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
    """Withdrawals that are due at this rate, whatever the server does: latencies from then on."""
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
    """So many connections to one server. The first measure() warms up what follows."""

    def __init__(self, server, connections):
        self.server, self.connections = server, connections
        self.pgbench = Pgbench(server, connections)
        # A guess, for a client that wants a number of requests.
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


@contextlib.contextmanager
def grouped(server):
    """Finds out how many records were written and synced together meanwhile, where there is a
    journal."""
    group = {}
    if server.name not in COFFERS or server.name == "memory":
        yield group
        return
    before = server.counters()
    yield group
    after = server.counters()
    grown = {name: after[name] - before[name] for name in after}
    group["group"] = grown["records"] / max(grown["batches"], 1)
