"""Prints the figures of the core as a table for a terminal."""

import statistics

from bench.core.results import COMPETITORS, OPERATIONS, Rates
from bench.lib.text_table import aligned

HEADINGS = ("operation", "accounts", "chosen", "threads", *COMPETITORS,
            "ledger/tbb", "/withdraw", "/limit")


def ratio(above, below):
    return f"{above / below:.2f}" if above and below else ""


def rate_rows(rates):
    for setting in rates.settings:
        for operation in OPERATIONS:
            for threads in (1, 2):
                def median(competitor, what=operation, at=(setting, threads)):
                    return rates.median(*at, what, competitor)

                if median("ledger") is None:
                    continue
                cells = []
                for competitor in COMPETITORS:
                    spread = (median(competitor) and
                              rates.spread(setting, threads, operation, competitor))
                    cells.append("-" if spread is None else
                                 f"{median(competitor) / 1e6:.2f} ±{spread:3.0%}")
                ledger = median("ledger")
                yield (operation, f"{setting[0]:,}", setting[1], str(threads), *cells,
                       ratio(ledger, median("tbb")),
                       "" if operation == "withdraw" else ratio(ledger,
                                                                median("ledger", "withdraw")),
                       ratio(ledger, median("limit", "withdraw"))
                       if operation in ("withdraw", "batch") else "")


def memory_lines(figures):
    for one in figures["memory"]:
        how = "expected_accounts given" if one["how"] == "expected" else "grown from nothing"
        yield (f"  {how:24}{one['filled_bytes']:7.1f} as filled"
               f"{one['used_bytes']:9.1f} after cuts beside two busy writers")


def cut_lines(figures, clock):
    unit = "per_s" if clock == "wall" else "per_processor_s"
    for one in figures["cuts"]:
        seconds = [cut["seconds"] for cut in one["cuts"]]
        kept = [cut[f"during_{unit}"] / cut[f"before_{unit}"] for cut in one["cuts"]]
        running = statistics.median(cut["processor_seconds"] for cut in one["cuts"])
        yield (f"  rests of {one['rest_us']} us: {statistics.median(seconds):.2f} s "
               f"(first {seconds[0]:.2f}, longest {max(seconds):.2f}; {running:.2f} s of a "
               f"processor); writers keep {statistics.median(kept):.2f} of their rate "
               f"(first {kept[0]:.2f}, least {min(kept):.2f})")


def text_of(figures, clock):
    rates = Rates(figures, clock)
    accounts = f"{figures['memory'][0]['accounts']:,}"
    return "\n".join([
        f"Million operations a second ({clock} clock): medians, ± half the quartiles' distance.",
        "Load average before: {load_before:.1f}, {processors} processors, {when}.".format(
            **figures),
        "",
        aligned([HEADINGS, *rate_rows(rates)], left=(0, 2)),
        "",
        "ledger/tbb, /withdraw and /limit are ratios: of the ledger to tbb, to its own",
        "withdrawals, and to the bare limit's withdrawals one by one. In batches, the limit",
        "prefetches memory too.",
        "",
        f"Bytes an account, {accounts} accounts, by resident set size:",
        *memory_lines(figures),
        "",
        f"A cut of {accounts} accounts beside two busy writers, by how long it rests:",
        *cut_lines(figures, clock),
    ])
