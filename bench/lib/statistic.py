"""The spread of repeated runs."""

import statistics


def spread(runs):
    """Half the distance between the quartiles, relative to the median."""
    if len(runs) < 3:
        return 0
    low, middle, high = statistics.quantiles(runs, n=4)
    return (high - low) / 2 / middle
