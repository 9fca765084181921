"""Looks up the figures of a run of the journal, and holds the bounds that they must meet."""

import dataclasses
import operator
import statistics

from bench.journal.servers import NAMES, WAITS
from bench.lib.statistic import spread

CONNECTIONS = (1, 8, 64, 256)
FEW = {"redis": (1, 256), "postgres": (1, 256), **{f"wait {wait}": (64, 256) for wait in WAITS}}
QUANTITIES = {"rate": "a second", "p50_us": "p50, µs", "p99_us": "p99, µs"}
OPEN_LOOPS = {"open loop": "coffer", "open loop in memory": "memory"}  # on which server
OPEN_LOOP = ("open loop", 64)
TRANSFERS = ("transfers", 256)  # on the durable Coffer
DISK = ("disk", 1)


def connections_of(server):
    """Returns the numbers of connections with which a server is measured."""
    return FEW.get(server, CONNECTIONS)


class Runs:
    """The measured runs by server and connections: one or two for each round."""

    def __init__(self, figures):
        self.found = {}
        for run in figures["runs"]:
            key = (run["server"], run["connections"])
            self.found.setdefault(key, {}).setdefault(run["round"], []).append(run)
        order = [*NAMES, *OPEN_LOOPS, TRANSFERS[0]]
        self.settings = sorted(self.found, key=lambda key: (key[1], order.index(key[0])))

    def by_round(self, setting, quantity):
        """Returns the value of each round, the median if it has several. Empty if not measured."""
        return {number: statistics.median(run[quantity] for run in runs)
                for number, runs in self.found.get(setting, {}).items()
                if all(quantity in run for run in runs)}

    def median(self, setting, quantity):
        """Returns None if it was not measured."""
        found = self.by_round(setting, quantity)
        return statistics.median(found.values()) if found else None

    def spread(self, setting, quantity):
        return spread(list(self.by_round(setting, quantity).values()))


@dataclasses.dataclass(frozen=True)
class Quantity:
    """A measured quantity, times `factor`."""

    setting: tuple
    name: str
    factor: float = 1

    def by_round(self, runs):
        return {number: self.factor * value
                for number, value in runs.by_round(self.setting, self.name).items()}


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A bound on the ratio of `own` to the sum of `versus`."""

    text: str
    own: Quantity
    versus: tuple
    bound: float
    at_most: bool = False

    def ratio(self, runs):
        """Returns the median of the rounds' ratios, because a disturbance in a round affects both
        sides. None if one of them was not measured."""
        own = self.own.by_round(runs)
        versus = [one.by_round(runs) for one in self.versus]
        ratios = [value / sum(one[number] for one in versus) for number, value in own.items()
                  if all(number in one for one in versus)]
        return statistics.median(ratios) if ratios else None

    def is_met(self, ratio):
        return (operator.le if self.at_most else operator.ge)(ratio, self.bound)


def of(server, connections, quantity, factor=1):
    return Quantity((server, connections), quantity, factor)


WANTED = (
    Wanted("256 connections: rate / that in memory",
           of("coffer", 256, "rate"), (of("memory", 256, "rate"),), 0.8),
    Wanted("256 connections: rate of transfers / that of withdrawals",
           of(*TRANSFERS, "rate"), (of("coffer", 256, "rate"),), 0.8),
    Wanted("open loop at half the top rate: p99 / that of a lone fdatasync beside it",
           of(*OPEN_LOOP, "p99_us"), (of(*OPEN_LOOP, "disk_p99_us"),), 3, at_most=True),
    Wanted("a lone client: p50 / (1.5 fdatasyncs + in memory)",
           of("coffer", 1, "p50_us"), (of(*DISK, "p50_us", 1.5), of("memory", 1, "p50_us")), 1,
           at_most=True),
    *(Wanted(f"256 connections: rate / that of {NAMES[other]}",
             of("coffer", 256, "rate"), (of(other, 256, "rate"),), 1)
      for other in ("redis", "postgres")),
    *(Wanted(f"a lone client: p50 / that of {NAMES[other]}",
             of("coffer", 1, "p50_us"), (of(other, 1, "p50_us"),), 1, at_most=True)
      for other in ("redis", "postgres")),
)
