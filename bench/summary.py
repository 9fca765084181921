"""The results for the first page, of the figures over HTTP and of the journal: a table in Markdown
and a picture."""

import bench.http.results
import bench.journal.results
from bench.lib import svg
from bench.lib.machine import line_of
from bench.lib.svg import MARGIN, text

NAMES = {
    "coffer": "Coffer",
    "bare": "bare epoll server, canned reply",
    "nginx": "nginx, `return 200`",
    "h2o": "h2o, mruby handler",
    "redis": "Redis, GET and INCRBY",
    "postgres": "PostgreSQL, UPDATE",
}
COLOURS = dict(zip(NAMES, (*svg.COLOURS, "#3aa6b9")))
SETTINGS = (("GET", 1), ("POST", 1), ("GET", 16), ("POST", 16))
CONNECTIONS = (1, 256)
HEADINGS = ("", "GET", "POST", "GET, 16 in flight", "POST, 16 in flight",
            "durable POST, 1 client", "durable POST, 256 clients")


def shown(rate):
    """A rate with three significant digits: 98,300 or 1.08 M."""
    if rate >= 1e6:
        return f"{rate / 1e6:.2f} M"
    digits = max(len(str(int(rate))) - 3, 0)
    return f"{round(rate, -digits):,.0f}"


class Summary:
    """The medians of both runs, by server."""

    def __init__(self, http, journal):
        self.http_figures, self.journal_figures = http, journal
        self.http = bench.http.results.Runs(http)
        self.journal = bench.journal.results.Runs(journal)

    def in_memory(self, server, setting):
        """Requests a second and server CPU for one in us; None if it was not measured."""
        rate = self.http.median(server, setting, "rate")
        return rate and (rate, self.http.median(server, setting, "server_us"))

    def durable(self, server, connections):
        """Postings a second and the median latency in us; None if it was not measured."""
        rate = self.journal.median((server, connections), "rate")
        return rate and (rate, self.journal.median((server, connections), "p50_us"))

    def cells(self, server):
        for setting in SETTINGS:
            found = self.in_memory(server, setting)
            yield f"{shown(found[0])}/s, {found[1]:.2f} µs" if found else ""
        for connections in CONNECTIONS:
            found = self.durable(server, connections)
            yield f"{shown(found[0])}/s, {found[1]:,.0f} µs" if found else ""

    def servers(self):
        return [server for server in NAMES if any(self.cells(server))]


def table_rows(summary):
    yield HEADINGS
    yield ("---", *["--:"] * (len(HEADINGS) - 1))
    for server in summary.servers():
        name = f"**{NAMES[server]}**" if server == "coffer" else NAMES[server]
        yield (name, *summary.cells(server))


def table(summary):
    return "\n".join("|" + "".join(f" {cell} |" if cell else " |" for cell in row)
                     for row in table_rows(summary))


def explanation(summary):
    """What the columns are, in Markdown."""
    http = summary.http_figures
    disk = summary.journal.median(bench.journal.results.DISK, "p50_us")
    return (
        f"In memory: requests a second and the server's CPU time for one, with one core for the "
        f"server, one for the client, and {http['connections']}\nconnections. Durable: postings a "
        f"second and the median latency, where a lone `fdatasync` of 4 KiB takes {disk:,.0f} µs.")


def origin(summary):
    """How often, where and when it was measured."""
    http, journal = summary.http_figures, summary.journal_figures
    text = f"Medians of {http['rounds']} rounds of {http['seconds']} s: {line_of(http)}"
    same = all(http[key] == journal[key] for key in ("commit", "machine", "rounds", "seconds"))
    if not same:
        text += (f".\nDurable: medians of {journal['rounds']} rounds of {journal['seconds']} s: "
                 f"{line_of(journal)}")
    return f"{text}."


def markdown(summary, picture):
    return (f"{explanation(summary)}\n\n{table(summary)}\n\n"
            f"![Requests a second as bars, Coffer beside other servers]({picture})\n\n"
            f"{origin(summary)}\n")


LABEL, BARS, VALUE = 84, 150, 64  # widths in a panel
BAR, GROUP_GAP, HEAD = 15, 12, 34


def panel(title, groups, left, top):
    """Its parts, and where it ends. `groups` are (label, [(server, rate), ...])."""
    most = max((rate for _, bars in groups for _, rate in bars), default=1)
    start, y = left + LABEL, top + HEAD
    parts = [text(left, top + 16, title, "head")]
    for label, bars in groups:
        parts.append(text(start - 8, y + len(bars) * BAR / 2 + 4, label, anchor="end"))
        for server, rate in bars:
            width = max(rate / most * BARS, 1)
            parts.append(svg.bar(start, y, width, BAR - 2, COLOURS[server]))
            parts.append(text(start + width + 5, y + BAR - 4, shown(rate), "small"))
            y += BAR
        y += GROUP_GAP
    return parts, y


def panels(summary):
    def group(label, found):
        return label, [(server, one[0]) for server, one in found if one]

    for depth, title in ((1, "In memory, one request in flight"),
                         (16, "In memory, 16 in flight")):
        yield title, [group(method, [(server, summary.in_memory(server, (method, depth)))
                                     for server in NAMES]) for method in ("GET", "POST")]
    yield "Durable postings", [
        group("1 client" if connections == 1 else f"{connections} clients",
              [(server, summary.durable(server, connections)) for server in NAMES])
        for connections in CONNECTIONS]


def draw(summary):
    across = LABEL + BARS + VALUE
    servers = summary.servers()
    parts = [text(MARGIN, MARGIN + 14, "Requests a second: longer is better", "title"),
             *svg.legend(MARGIN, MARGIN + 44, COLOURS,
                         {server: NAMES[server].split(",")[0] for server in servers})]
    top = end = MARGIN + 60
    for place, (title, groups) in enumerate(panels(summary)):
        drawn, panel_end = panel(title, groups, MARGIN + place * across, top)
        parts += drawn
        end = max(end, panel_end)
    parts.append(text(MARGIN, end + GROUP_GAP, line_of(summary.http_figures), "small"))
    return svg.page(2 * MARGIN + across * 3, end + GROUP_GAP + MARGIN,
                    "Requests a second, Coffer beside other servers", parts)
