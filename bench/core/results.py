"""Reads the report of Google Benchmark, and looks up the figures of the core."""

import statistics

from bench.lib.statistic import spread

COMPETITORS = {
    "ledger": "Coffer's ledger",
    "tbb": "tbb::concurrent_hash_map",
    "sharded": "256 maps, a mutex each",
    "shared": "shared_mutex, a mutex an account",
    "limit": "bare limit",
}
OPERATIONS = {
    "withdraw": "withdraw",
    "balance": "balance",
    "transfer": "transfer",
    "transaction": "transaction of three legs",
    "hold": "hold, placed and captured",
    "batch": "withdraw, in batches",
    "beside_cuts": "withdraw, beside cuts",
}


def rates_of(report):
    """Returns operations a second of each repetition, one entry for each benchmark."""
    found = {}
    for run in report["benchmarks"]:
        if run.get("error_occurred"):
            raise SystemExit(f"tools/bench: {run['name']}: {run['error_message']}")
        if run.get("run_type") != "iteration":
            continue
        operation, competitor, accounts, distribution = run["run_name"].split("/")[:4]
        one = found.setdefault(run["run_name"], {
            "operation": operation, "competitor": competitor, "accounts": int(accounts),
            "distribution": distribution, "threads": run["threads"],
            "wall": [], "processor": []})
        a_second = run["items_per_second"]
        one["wall"].append(a_second)
        # real_time is for an operation of all threads, cpu_time for one of a single thread.
        one["processor"].append(a_second * run["real_time"] / run["cpu_time"] * run["threads"])
    return list(found.values())


class Rates:
    """Medians of operations a second."""

    def __init__(self, figures, clock):
        self.found = {
            (one["accounts"], one["distribution"], one["threads"], one["operation"],
             one["competitor"]): one[clock] for one in figures["rates"]}
        self.settings = sorted(
            {key[:2] for key in self.found},
            key=lambda each: (each[0], ["uniform", "zipf", "hot"].index(each[1])))

    def median(self, setting, threads, operation, competitor):
        """Returns None if it was not measured."""
        runs = self.found.get((*setting, threads, operation, competitor))
        return statistics.median(runs) if runs else None

    def spread(self, setting, threads, operation, competitor):
        """Half the distance between the quartiles, relative to the median."""
        return spread(self.found[(*setting, threads, operation, competitor)])
