"""Looks up the figures of a run over HTTP, and holds the bounds that they must meet."""

import dataclasses
import operator
import statistics

from bench.http.servers import NAMES
from bench.lib.statistic import spread

TRANSFER = "POST transfer"  # the others are GET for a balance and POST for a withdrawal
SETTINGS = (("GET", 1), ("POST", 1), (TRANSFER, 1), ("GET", 16), ("POST", 16))
ONLY = {TRANSFER: ("coffer",)}  # the servers that know such requests, if not all do
QUANTITIES = {"rate": "requests per second", "server_us": "server CPU a request, µs",
              "p99_us": "p99, µs"}


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A bound on the ratio of Coffer's `quantity` to that of the server `versus`, for the same
    requests or for those of `versus_method`."""

    method: str
    depth: int
    quantity: str
    versus: str
    bound: float
    at_most: bool = False
    enough: float = float("inf")  # a value that meets the bound whatever the ratio is
    versus_method: str = ""

    @property
    def setting(self):
        return self.method, self.depth

    @property
    def versus_setting(self):
        return self.versus_method or self.method, self.depth

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
    Wanted(TRANSFER, 1, "server_us", "coffer", 1.15, at_most=True, versus_method="POST"),
)


class Runs:
    """The measured runs by server, method and depth: one for each round."""

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
        """Returns None if it was not measured."""
        runs = self.each(server, setting, quantity)
        return statistics.median(runs) if runs else None

    def spread(self, server, setting, quantity):
        return spread(self.each(server, setting, quantity))

    def ratio(self, setting, quantity, versus, server="coffer", versus_setting=None):
        """Returns the median of the rounds' ratios, because a disturbance in a round affects both
        servers. None if one of them was not measured."""
        ratios = [own / other
                  for own, other in zip(self.each(server, setting, quantity),
                                        self.each(versus, versus_setting or setting, quantity))]
        return statistics.median(ratios) if ratios else None
