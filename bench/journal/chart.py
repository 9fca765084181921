"""Draws the figures as bars: a panel for each quantity, a group for each number of connections."""

from bench.journal.results import OPEN_LOOPS, TRANSFERS, Runs
from bench.journal.servers import NAMES
from bench.journal.table import name_of
from bench.lib import svg
from bench.lib.svg import MARGIN, text

SHADES = ("#8a8f98", "#2a78d6", "#88b4e8", "#1b4f8f", "#123457", "#d9722b", "#2f9e6e", "#a05fc4",
          "#c9a6dd", "#3aa6b9")
COLOURS = dict(zip([*NAMES, *OPEN_LOOPS, TRANSFERS[0]], SHADES))
PANELS = {"rate": "requests per second: longer is better",
          "p50_us": "p50, µs: shorter is better", "p99_us": "p99, µs: shorter is better",
          "group": "group size: records a sync"}
LABEL, BARS, VALUE = 110, 240, 70  # widths in a panel
BAR, GROUP_GAP, HEAD = 15, 12, 34
LEGEND_ROWS = 5


def legend(left, top, servers):
    """In columns, because the names are long."""
    for place, server in enumerate(servers):
        x = left + place // LEGEND_ROWS * 260
        y = top + place % LEGEND_ROWS * 18
        yield svg.bar(x, y - 10, 12, 12, COLOURS[server])
        yield text(x + 18, y, name_of(server))


def panel(runs, quantity, left, top):
    """Returns a panel's parts and its lower end. What was not measured has no bar."""
    measured = [setting for setting in runs.settings
                if runs.median(setting, quantity) is not None]
    most = max((runs.median(setting, quantity) for setting in measured), default=0)
    start, y = left + LABEL, top + HEAD
    parts = [text(start, top + 16, PANELS[quantity], "head")]
    for connections in sorted({setting[1] for setting in measured}):
        group = [setting for setting in measured if setting[1] == connections]
        label = "1 connection" if connections == 1 else f"{connections} connections"
        parts.append(text(start - 10, y + len(group) * BAR / 2 + 4, label, anchor="end"))
        for setting in group:
            value = runs.median(setting, quantity)
            width = max(value / most * BARS, 1)
            parts.append(svg.bar(start, y, width, BAR - 2, COLOURS[setting[0]]))
            shown = f"{value:,.1f}" if quantity == "group" else f"{value:,.0f}"
            parts.append(text(start + width + 5, y + BAR - 4, shown, "small"))
            y += BAR
        y += GROUP_GAP
    return parts, y


def draw(figures):
    runs = Runs(figures)
    across = LABEL + BARS + VALUE
    servers = [server for server in COLOURS if any(key[0] == server for key in runs.settings)]
    parts = [text(MARGIN, MARGIN + 14, "Durable postings, on one disk", "title"),
             *legend(MARGIN, MARGIN + 44, servers)]
    top = end = MARGIN + 44 + LEGEND_ROWS * 18
    for place, quantity in enumerate(PANELS):
        drawn, panel_end = panel(runs, quantity, MARGIN + place * across, top)
        parts += drawn
        end = max(end, panel_end)
    note = (f"Medians of {figures['rounds']} rounds of {figures['seconds']} s, on "
            f"{figures['processors']} processors for servers and clients.")
    parts.append(text(MARGIN, end + GROUP_GAP, note, "small"))
    return svg.page(2 * MARGIN + across * len(PANELS), end + GROUP_GAP + MARGIN,
                    "Durable postings, on one disk", parts)
