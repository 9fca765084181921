"""Loads a server with one client on a core of its own, and reads what the client reports."""

import csv
import json
import math
import pathlib
import resource
import signal
import subprocess
import time

from bench.http.results import TRANSFER
from bench.http.servers import ACCOUNTS, FIRST_ACCOUNT, Failed, path_of

SCRIPT = pathlib.Path(__file__).parent / "wrk" / "coffer.lua"
CONNECTIONS = 64
LATE_S = 20  # how long a client may run beyond the time it was given


def client_seconds():
    """Returns the CPU time of all clients so far. Servers are counted only after they ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(command, core, seconds=None):
    """Returns a command's output. Interrupts it after `seconds`, if given."""
    with subprocess.Popen(["taskset", "-c", str(core), *map(str, command)], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as client:
        try:
            if seconds is not None:
                time.sleep(seconds)
                client.send_signal(signal.SIGINT)
            said, _ = client.communicate(timeout=LATE_S)
        except BaseException:
            client.kill()
            raise
    if client.returncode != 0:
        raise Failed(f"{command[0]} failed:\n{said}")
    return said


def wrk(server, method, depth, seconds, core):
    operation = {"GET": "balance", "POST": "withdraw", TRANSFER: "transfer"}[method]
    # wrk takes whole seconds only, but reports its results when it is interrupted.
    said = run([path_of("wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{math.ceil(seconds) + LATE_S}s",
                "-s", SCRIPT, f"http://127.0.0.1:{server.port}", "--", operation, depth,
                FIRST_ACCOUNT, ACCOUNTS, CONNECTIONS], core, seconds)
    return wrk_figures(said, f"{server.name}, {method} at depth {depth}")


def wrk_figures(said, what):
    """Parses the last line of wrk's script. Fails if any reply was not a success."""
    try:
        figures = json.loads(said.splitlines()[-1])
    except (IndexError, ValueError):
        raise Failed(f"{what}: wrk said\n{said}") from None
    if figures["requests"] == 0 or figures["status"] or figures["failed"]:
        raise Failed(f"{what}: not all went well: {figures}")
    return {"requests": figures["requests"], "rate": figures["requests"] / figures["seconds"],
            "p99_us": figures["p99_us"]}


def redis_benchmark(server, method, depth, requests, core):
    words = {"GET": ["GET", "account:__rand_int__"],
             "POST": ["INCRBY", "account:__rand_int__", "-1"]}[method]
    said = run([path_of("redis-benchmark"), "--csv", "-h", "127.0.0.1", "-p", server.port, "-c",
                CONNECTIONS, "-P", depth, "-r", ACCOUNTS, "-n", requests, *words], core)
    return redis_figures(said, requests)


def redis_figures(said, requests):
    # Warnings may come before the table.
    lines = said.splitlines()
    begin = next((place for place, line in enumerate(lines) if line.startswith('"test"')), None)
    if begin is None or begin + 1 >= len(lines):
        raise Failed(f"redis-benchmark said\n{said}")
    row = next(csv.DictReader(lines[begin:]))
    return {"requests": requests, "rate": float(row["rps"]),
            "p99_us": float(row["p99_latency_ms"]) * 1000}


class Load:
    """One kind of request to one server. The first measure() is the warm-up."""

    def __init__(self, server, method, depth, core):
        self.server, self.method, self.depth, self.core = server, method, depth, core
        self.rate = 50_000  # first guess: redis-benchmark takes a number of requests, not seconds

    def _figures(self, seconds):
        at = (self.server, self.method, self.depth)
        if self.server.name == "redis":
            return redis_benchmark(*at, max(int(self.rate * seconds), 1000), self.core)
        return wrk(*at, seconds, self.core)

    def measure(self, seconds):
        client, busy, begin = client_seconds(), self.server.processor_seconds(), time.monotonic()
        figures = self._figures(seconds)
        busy = self.server.processor_seconds() - busy
        took = time.monotonic() - begin
        self.rate = figures["rate"]
        return {
            "server": self.server.name, "method": self.method, "depth": self.depth,
            "rate": figures["rate"], "p99_us": figures["p99_us"],
            "server_us": busy / figures["requests"] * 1e6,
            "server_busy": busy / took, "client_busy": (client_seconds() - client) / took}
