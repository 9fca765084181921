"""Prints the figures of a run of the journal as a table for a terminal."""

from bench.journal.results import WANTED, Runs
from bench.journal.servers import NAMES
from bench.lib.text_table import aligned

HEADINGS = ("connections", "", "a second", "±", "p50 µs", "±", "p99 µs", "±", "records a sync")


def name_of(server):
    return {"open loop": "Coffer, open loop",
            "open loop in memory": "Coffer --in-memory, open loop beside the writer",
            "transfers": "Coffer, transfers",
            **NAMES}[server]


def rows(runs):
    for setting in runs.settings:
        group = runs.median(setting, "group")
        shown = [cell for quantity in ("rate", "p50_us", "p99_us")
                 for cell in (f"{runs.median(setting, quantity):,.0f}",
                              f"{runs.spread(setting, quantity):.0%}")]
        yield (str(setting[1]), name_of(setting[0]), *shown,
               "" if group is None else f"{group:.1f}")


def wanted_rows(runs):
    for one in WANTED:
        ratio = one.ratio(runs)
        if ratio is not None:
            yield (one.text, f"{ratio:.3f}", f"{'<=' if one.at_most else '>='} {one.bound:.1f}",
                   "met" if one.is_met(ratio) else "MISSED")


def text_of(figures):
    runs = Runs(figures)
    lines = [
        "Medians of {rounds} rounds of {seconds} s, ± half the quartiles' distance. {processors} "
        "processors for all,".format(**figures),
        "clients too; one disk. Load average before: {load_before:.1f}, {when}.".format(**figures),
        "",
        aligned([HEADINGS, *rows(runs)], left=(1,)),
        "",
        "Each request is one posting that is durable before its reply. wrk, redis-benchmark and "
        "pgbench send",
        "the next request after each reply. The open loop has half of Coffer's rate with as many "
        "connections;",
        "its latency counts from when a request was due. Beside the writer: a thread syncs 4 KiB "
        "after 4 KiB",
        "during the run."]
    if asked := list(wanted_rows(runs)):
        lines += ["", "Bounds on the medians of the rounds' ratios:",
                  aligned(asked, left=(0, 1, 2, 3))]
    lines += [f"Skipped: {NAMES[server]}: not installed: {' '.join(packages)}"
              for server, packages in figures["skipped"].items()]
    return "\n".join(lines)
