"""Draws the figures of the core as grouped bars."""

from bench.core.results import COMPETITORS, OPERATIONS, Rates
from bench.lib import svg
from bench.lib.svg import MARGIN, text

COLOURS = dict(zip(COMPETITORS, svg.COLOURS))
LABEL, BARS, VALUE = 150, 330, 50  # widths in a panel
BAR, GROUP_GAP, HEAD = 15, 12, 46


def operations_of(rates, setting):
    return [one for one in OPERATIONS
            if any(rates.median(setting, threads, one, "ledger") for threads in (1, 2))]


def bars_of(rates, setting, operation):
    """Returns the competitors of an operation, on any number of threads, so that panels align."""
    return [one for one in COMPETITORS
            if any(rates.median(setting, threads, operation, one) for threads in (1, 2))]


def panel_height(rates, setting):
    return HEAD + sum(len(bars_of(rates, setting, one)) * BAR + GROUP_GAP
                      for one in operations_of(rates, setting))


def panel(rates, setting, threads, left, top, most):
    accounts, distribution = setting
    unit = "thread" if threads == 1 else "threads"
    start = left + LABEL
    yield text(start, top + 16, f"{threads} {unit}, {accounts:,} accounts, {distribution}", "head")
    y = top + HEAD - GROUP_GAP
    yield (f'<line x1="{start}" y1="{y - 4}" x2="{start}" '
           f'y2="{top + panel_height(rates, setting) - GROUP_GAP}" class="axis"/>')
    for operation in operations_of(rates, setting):
        competitors = bars_of(rates, setting, operation)
        yield text(start - 10, y + len(competitors) * BAR / 2 + 4, OPERATIONS[operation],
                   anchor="end")
        for competitor in competitors:
            rate = rates.median(setting, threads, operation, competitor)
            if rate:
                width = max(rate / most * BARS, 1)
                yield svg.bar(start, y, width, BAR - 2, COLOURS[competitor])
                yield text(start + width + 5, y + BAR - 4, f"{rate / 1e6:.1f}", "small")
            y += BAR
        y += GROUP_GAP


def draw(figures, clock):
    rates = Rates(figures, clock)
    across = LABEL + BARS + VALUE
    width = 2 * MARGIN + 2 * across
    parts = [text(MARGIN, MARGIN + 14, "Million operations a second: longer is better", "title"),
             *svg.legend(MARGIN, MARGIN + 44, COLOURS, COMPETITORS)]
    top = MARGIN + 72
    for setting in rates.settings:
        most = max(rates.median(setting, *key[2:]) for key in rates.found
                   if key[:2] == setting)
        for place, threads in enumerate((1, 2)):
            parts += panel(rates, setting, threads, MARGIN + place * across, top, most)
        top += panel_height(rates, setting) + MARGIN
    note = (f"Medians, {clock} clock, {figures['processors']} processors. Bare limit: a 16-byte "
            "compare-and-swap (or loads) at a random place in as much memory as the ledger's.")
    parts.append(text(MARGIN, top, note, "small"))
    return svg.page(width, top + MARGIN, "Coffer's core beside other maps", parts)
