"""Aligns the columns of a table for a terminal."""


def aligned(rows, left):
    """Aligns the columns whose indexes are in `left` to the left, all others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join(
        "  ".join(cell.ljust(width) if place in left else cell.rjust(width)
                  for place, (cell, width) in enumerate(zip(row, widths))).rstrip()
        for row in rows)
