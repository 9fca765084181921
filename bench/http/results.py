"""The figures as tools/bench keeps them, how they are looked up, and what is asked of them."""

import dataclasses
import operator
import statistics

from bench.http.servers import NAMES
from bench.lib.statistic import spread

SETTINGS = (("GET", 1), ("POST", 1), ("GET", 16), ("POST", 16))
QUANTITIES = {"rate": "requests per second", "server_us": "server CPU a request, µs",
              "p99_us": "p99, µs"}


@dataclasses.dataclass(frozen=True)
class Wanted:
    """That Coffer's `quantity`, divided by another server's, is `at_most` or at least `bound`."""

    method: str
    depth: int
    quantity: str
    versus: str
    bound: float
    at_most: bool = False
    enough: float = float("inf")  # of the quantity itself, whatever the other server does

    def is_met(self, ratio, own):
        if own >= self.enough:
            return True
        return (operator.le if self.at_most else operator.ge)(ratio, self.bound)


WANTED = (
    Wanted("GET", 1, "server_us", "bare", 1.15, at_most=True),
    Wanted("POST", 1, "server_us", "bare", 1.20, at_most=True),
    Wanted("GET", 16, "server_us", "bare", 1.50, at_most=True),
    Wanted("POST", 16, "server_us", "bare", 1.80, at_most=True),
    Wanted("GET", 1, "rate", "nginx", 1.0),
    Wanted("POST", 1, "rate", "nginx", 1.0),
    Wanted("GET", 16, "rate", "bare", 0.85, enough=1e6),
    Wanted("POST", 16, "rate", "bare", 0.6),
)


class Runs:
    """What was measured, by server, method and depth, a run a round."""

    def __init__(self, figures):
        self.found = {}
        for run in figures["runs"]:
            self.found.setdefault((run["server"], run["method"], run["depth"]), []).append(run)
        self.servers = [name for name in NAMES if any(key[0] == name for key in self.found)]
        self.settings = [setting for setting in SETTINGS
                         if any(key[1:] == setting for key in self.found)]

    def each(self, server, setting, quantity):
        return [run[quantity] for run in self.found.get((server, *setting), ())]

    def median(self, server, setting, quantity):
        """None if it was not measured."""
        runs = self.each(server, setting, quantity)
        return statistics.median(runs) if runs else None

    def spread(self, server, setting, quantity):
        return spread(self.each(server, setting, quantity))

    def ratio(self, setting, quantity, versus, server="coffer"):
        """The median of the rounds' ratios, since what disturbs a round disturbs both. None if one
        of the two was not measured."""
        ratios = [own / other for own, other in zip(self.each(server, setting, quantity),
                                                    self.each(versus, setting, quantity))]
        return statistics.median(ratios) if ratios else None
