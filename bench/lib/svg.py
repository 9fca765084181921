"""Parts of the charts: a self-contained SVG for light and dark pages."""

from html import escape

COLOURS = ("#2a78d6", "#d9722b", "#2f9e6e", "#a05fc4", "#8a8f98")
MARGIN = 24

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


def bar(x, y, width, height, colour):
    return f'<rect x="{x}" y="{y}" width="{width:.1f}" height="{height}" fill="{colour}"/>'


def legend(left, top, colours, names):
    """A legend in one line: `names` and `colours` have the same keys."""
    for key, name in names.items():
        yield bar(left, top - 10, 12, 12, colours[key])
        yield text(left + 18, top, name)
        left += 44 + 7.2 * len(name)


def page(width, height, title, parts):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8" class="card"/>',
        *parts, "</svg>", ""])
