"""Prints the figures of a run over HTTP as a table for a terminal."""

from bench.http.results import QUANTITIES, WANTED, Runs
from bench.http.servers import NAMES
from bench.lib.text_table import aligned

HEADINGS = ("request", "depth", "server", "requests/s", "±", "CPU µs", "±", "p99 µs",
            "rate/bare", "CPU/bare", "server busy", "client busy")

BUSY = 0.85


def rows(runs):
    for setting in runs.settings:
        for server in runs.servers:
            rate = runs.median(server, setting, "rate")
            if rate is None:
                continue
            ratios = [runs.ratio(setting, quantity, "bare", server)
                      for quantity in ("rate", "server_us")]
            yield (setting[0], str(setting[1]), NAMES[server],
                   f"{rate:,.0f}", f"{runs.spread(server, setting, 'rate'):.0%}",
                   f"{runs.median(server, setting, 'server_us'):.2f}",
                   f"{runs.spread(server, setting, 'server_us'):.0%}",
                   f"{runs.median(server, setting, 'p99_us'):,.0f}",
                   *("" if ratio is None else f"{ratio:.2f}" for ratio in ratios),
                   *(f"{runs.median(server, setting, who):.0%}"
                     for who in ("server_busy", "client_busy")))


def disturbed(figures):
    """Counts the runs during which other processes used the cores: without them, either the
    server or the client is always busy."""
    return sum(max(run["server_busy"], run["client_busy"]) < BUSY for run in figures["runs"])


def wanted_rows(runs):
    for one in WANTED:
        ratio = runs.ratio(one.setting, one.quantity, one.versus,
                           versus_setting=one.versus_setting)
        if ratio is None:
            continue
        own = runs.median("coffer", one.setting, one.quantity)
        versus = NAMES[one.versus] + (f", {one.versus_method}" if one.versus_method else "")
        sign = "<=" if one.at_most else ">="
        enough = f", or {one.enough:,.0f}/s" if one.enough < float("inf") else ""
        yield (f"{one.method} at depth {one.depth}", QUANTITIES[one.quantity],
               f"{ratio:.3f} x {versus}", f"{sign} {one.bound:.2f}{enough}",
               "met" if one.is_met(ratio, own) else "MISSED")


def text_of(figures):
    runs = Runs(figures)
    lines = [
        "Medians of {rounds} rounds of {seconds} s, {connections} connections, ± half the "
        "quartiles' distance.".format(**figures),
        "One core for the server, one for the client. Load average before: {load_before:.1f}, "
        "{when}.".format(**figures),
        "",
        aligned([HEADINGS, *rows(runs)], left=(0, 2)),
        "",
        "p99 is the latency of all requests that are sent together. A client that is always busy",
        "limits the rate: then only CPU distinguishes the servers. redis-benchmark loads Redis.",
    ]
    if count := disturbed(figures):
        lines += [f"Disturbed: in {count} of {len(figures['runs'])} runs neither server nor client "
                  "was busy, because other",
                  "processes used their cores. Rates and p99 mean little then."]
    if asked := list(wanted_rows(runs)):
        lines += ["", "Bounds on the medians of the rounds' ratios:",
                  aligned(asked, left=range(5))]
    lines += [f"Skipped: {NAMES[server]}: not installed: {' '.join(packages)}"
              for server, packages in figures["skipped"].items()]
    return "\n".join(lines)
