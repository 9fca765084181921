"""One run: starts every server on the same disk, and loads each in turn, round by round."""

import contextlib
import datetime
import os
import threading

from bench.http.servers import Failed
from bench.journal import loads, results, servers
from bench.journal.disk import Disk

WARM_UP_S = 0.3
OPEN_LOOP_CONNECTIONS = 64


def chosen(only):
    """Returns the servers to measure, and the missing packages of those that are skipped."""
    skipped = {name: missing for name in only if (missing := servers.missing_packages(name))}
    return [name for name in servers.NAMES if name in only and name not in skipped], skipped


def started_at(name, binaries, within):
    if name == "postgres":
        return servers.Postgres(within)
    return servers.Keeper(name, binaries, within)


class Turns:
    """The loads of a round, in order. The disk alone is measured first and last."""

    def __init__(self, disk, running, connections, binaries):
        self.disk, self.load = disk, binaries["load"]
        self.loads = [loads.Load(server, count) for count in results.CONNECTIONS
                      for server in running
                      if count in connections and count in results.connections_of(server.name)]
        self.running = {server.name: server for server in running}
        if "coffer" in self.running and results.TRANSFERS[1] in connections:
            self.loads.append(loads.Transfers(self.running["coffer"], results.TRANSFERS[1]))

    def warm_up(self):
        for load in self.loads:
            if load.server.name != "postgres":  # which has a warm-up in each measurement
                load.measure(WARM_UP_S)

    def lone_writes(self, seconds):
        return {"server": "disk", "connections": 1, **self.disk.measure(seconds)}

    def measured(self, seconds):
        yield self.lone_writes(seconds / 2)
        top = 0
        for load in self.loads:
            figures = load.measure(seconds)
            if (figures["server"], load.connections) == ("coffer", OPEN_LOOP_CONNECTIONS):
                top = figures["rate"]
            yield figures
        if top:
            yield from self.open_loops(top / 2, seconds)

    def open_loops(self, rate, seconds):
        """Also in memory, while another thread writes to the disk: latency that appears there
        too is caused by the machine and not by the journal."""
        beside = self.lone_writes(seconds / 2)
        yield beside
        for name, server in results.OPEN_LOOPS.items():
            if server not in self.running:
                continue
            with self.writer(server == "memory"):
                figures = loads.open_loop(self.running[server], self.load, rate,
                                          OPEN_LOOP_CONNECTIONS, seconds)
            yield {"server": name, "connections": OPEN_LOOP_CONNECTIONS, **figures,
                   "disk_p99_us": beside["p99_us"]}

    @contextlib.contextmanager
    def writer(self, wanted):
        """Runs a thread that writes to the disk as fast as it can, if `wanted`."""
        over = threading.Event()
        thread = threading.Thread(target=self.disk.write_until, args=(over.is_set,))
        if wanted:
            thread.start()
        try:
            yield
        finally:
            over.set()
            if wanted:
                thread.join()


def measure(options, binaries, say):
    """Needs `options.only`, `connections`, `rounds`, `seconds` and `dir`."""
    load_before = os.getloadavg()[0]
    when = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    if load_before > 0.5:
        say(f"The machine is busy (load {load_before:.1f}): the figures will be noisy")
    names, skipped = chosen(options.only)
    for name, packages in skipped.items():
        say(f"Skipping {servers.NAMES[name]}: please install {' '.join(packages)}")
    runs = []
    with contextlib.ExitStack() as started:
        disk = started.enter_context(Disk(options.dir))
        running = [started.enter_context(started_at(name, binaries, options.dir))
                   for name in names]
        if not running:
            raise Failed("nothing of what was asked for is installed")
        turns = Turns(disk, running, options.connections, binaries)
        turns.warm_up()
        for number in range(1, options.rounds + 1):
            say(f"Round {number} of {options.rounds}")
            runs += [{"round": number, **one} for one in turns.measured(options.seconds)]
    return {"when": when, "processors": os.cpu_count(), "load_before": load_before,
            "rounds": options.rounds, "seconds": options.seconds, "skipped": skipped, "runs": runs}
