"""Draws the figures as bars: a panel for each quantity, a group for each kind of request."""

from bench.http.results import QUANTITIES, Runs
from bench.http.servers import NAMES
from bench.lib import svg
from bench.lib.svg import MARGIN, text

COLOURS = dict(zip(NAMES, svg.COLOURS))
LABEL, BARS, VALUE = 110, 240, 70  # widths in a panel
BAR, GROUP_GAP, HEAD = 15, 12, 34
BETTER = {"rate": "longer is better", "server_us": "shorter is better",
          "p99_us": "shorter is better"}


def panel(runs, depth, quantity, left, top):
    """Returns a panel's parts and its lower end. Each depth has panels of its own scale."""
    settings = [setting for setting in runs.settings if setting[1] == depth]
    most = max(filter(None, (runs.median(server, setting, quantity)
                             for server in runs.servers for setting in settings)), default=1)
    start, y = left + LABEL, top + HEAD
    parts = [text(start, top + 16, f"{QUANTITIES[quantity]}: {BETTER[quantity]}", "head")]
    for setting in settings:
        measured = [server for server in runs.servers
                    if runs.median(server, setting, quantity) is not None]
        parts.append(text(start - 10, y + len(measured) * BAR / 2 + 4,
                          f"{setting[0]}, depth {depth}", anchor="end"))
        for server in measured:
            value = runs.median(server, setting, quantity)
            width = max(value / most * BARS, 1)
            parts.append(svg.bar(start, y, width, BAR - 2, COLOURS[server]))
            shown = f"{value:.2f}" if quantity == "server_us" else f"{value:,.0f}"
            parts.append(text(start + width + 5, y + BAR - 4, shown, "small"))
            y += BAR
        y += GROUP_GAP
    return parts, y


def draw(figures):
    runs = Runs(figures)
    across = LABEL + BARS + VALUE
    parts = [text(MARGIN, MARGIN + 14, "Coffer beside other servers, one core each", "title"),
             *svg.legend(MARGIN, MARGIN + 44, COLOURS,
                         {server: NAMES[server] for server in runs.servers})]
    top = MARGIN + 60
    for depth in sorted({setting[1] for setting in runs.settings}):
        for place, quantity in enumerate(QUANTITIES):
            drawn, end = panel(runs, depth, quantity, MARGIN + place * across, top)
            parts += drawn
        top = end + GROUP_GAP
    note = (f"Medians of {figures['rounds']} rounds of {figures['seconds']} s, "
            f"{figures['connections']} connections; at depth 16, p99 is that of 16 requests.")
    parts.append(text(MARGIN, top + GROUP_GAP, note, "small"))
    return svg.page(2 * MARGIN + across * len(QUANTITIES), top + GROUP_GAP + MARGIN,
                    "Coffer beside other servers", parts)
