"""Rows as columns that line up in a terminal."""


def aligned(rows, left):
    """`left` holds the places of the columns that start at the left; others end at the right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join(
        "  ".join(cell.ljust(width) if place in left else cell.rjust(width)
                  for place, (cell, width) in enumerate(zip(row, widths))).rstrip()
        for row in rows)
