"""One run: starts every server, and loads each in turn, round by round."""

import contextlib
import datetime
import os

from bench.http import loads, results, servers

WARM_UP_S = 0.3


def cores():
    """Returns one core for the server and one for the client."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise servers.Failed("a server and its client need a core each, and here is one")
    return usable[0], usable[1]


def chosen(only):
    """Returns the servers to measure, and the missing packages of those that are skipped."""
    skipped = {name: missing for name in only if (missing := servers.missing_packages(name))}
    return [name for name in servers.NAMES if name in only and name not in skipped], skipped


def measure(only, depths, rounds, seconds, binaries, say):
    load_before = os.getloadavg()[0]
    when = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    if load_before > 0.5:
        say(f"The machine is busy (load {load_before:.1f}): the figures will be noisy")
    server_core, client_core = cores()
    names, skipped = chosen(only)
    for name, packages in skipped.items():
        say(f"Skipping {servers.NAMES[name]}: please install {' '.join(packages)}")
    runs = []
    with contextlib.ExitStack() as started:
        running = [started.enter_context(servers.Server(name, server_core, binaries))
                   for name in names]
        turns = [loads.Load(server, method, depth, client_core)
                 for method, depth in results.SETTINGS if depth in depths for server in running
                 if server.name in results.ONLY.get(method, servers.NAMES)]
        # Withdrawals first: they create the keys that Redis then reads.
        for load in sorted(turns, key=lambda each: each.method, reverse=True):
            load.measure(min(WARM_UP_S, seconds))
        for number in range(1, rounds + 1):
            say(f"Round {number} of {rounds}")
            runs += [{"round": number, **load.measure(seconds)} for load in turns]
    return {
        "when": when, "processors": os.cpu_count(), "load_before": load_before, "rounds": rounds,
        "seconds": seconds, "connections": loads.CONNECTIONS, "skipped": skipped, "runs": runs}
