"""The figures as grouped bars: an SVG that stands by itself, on a light page and on a dark one."""

from html import escape

from results import COMPETITORS, OPERATIONS, Rates

COLOURS = {"ledger": "#2a78d6", "tbb": "#d9722b", "sharded": "#2f9e6e", "shared": "#a05fc4",
           "limit": "#8a8f98"}
LABEL, BARS, VALUE = 150, 330, 50  # widths in a panel
BAR, GROUP_GAP, HEAD, MARGIN = 15, 12, 46, 24

STYLE = """
  .card { fill: #ffffff; stroke: #d5d9de }
  text { fill: #1d2329; font: 13px system-ui, "DejaVu Sans", Helvetica, Arial, sans-serif }
  .title { font-size: 17px; font-weight: 600 }
  .head { font-weight: 600 }
  .small { font-size: 11px; fill: #525a64 }
  .axis { stroke: #b4bac2 }
  @media (prefers-color-scheme: dark) {
    .card { fill: #14181d; stroke: #353c45 }
    text { fill: #e7eaee }
    .small { fill: #a8b0ba }
    .axis { stroke: #59616b }
  }
"""


def text(x, y, what, kind="", anchor="start"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}" text-anchor="{anchor}">'
            f"{escape(what)}</text>")


def operations_of(rates, setting):
    return [one for one in OPERATIONS
            if any(rates.median(setting, threads, one, "ledger") for threads in (1, 2))]


def bars_of(rates, setting, operation):
    """Those with a bar for this operation, on any number of threads, so that panels line up."""
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
                yield (f'<rect x="{start}" y="{y}" width="{width:.1f}" height="{BAR - 2}" '
                       f'fill="{COLOURS[competitor]}"/>')
                yield text(start + width + 5, y + BAR - 4, f"{rate / 1e6:.1f}", "small")
            y += BAR
        y += GROUP_GAP


def legend(left, top):
    for competitor, name in COMPETITORS.items():
        yield (f'<rect x="{left}" y="{top - 10}" width="12" height="12" '
               f'fill="{COLOURS[competitor]}"/>')
        yield text(left + 18, top, name)
        left += 44 + 7.2 * len(name)


def draw(figures, clock):
    rates = Rates(figures, clock)
    across = LABEL + BARS + VALUE
    width = 2 * MARGIN + 2 * across
    parts = [text(MARGIN, MARGIN + 14, "Million operations a second: longer is better", "title"),
             *legend(MARGIN, MARGIN + 44)]
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
    height = top + MARGIN
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img">',
        "<title>Coffer's core beside other maps</title>",
        f"<style>{STYLE}</style>",
        f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8" class="card"/>',
        *parts, "</svg>", ""])
