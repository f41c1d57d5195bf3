"""Little charts in a line of text."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
PLAIN = "_.-=+*%#"
"""For terminals that show no blocks."""


def sparkline(values: Sequence[int], columns: int, *, plain: bool = False) -> str:
    """The latest values, one a column, the highest as high as can be. Nothing at all is empty; where there are more
    values than columns, several share one, and it shows the highest of them."""
    if not values or not any(values):
        return ""
    shares = -(-len(values) // columns)
    start = len(values) % shares if len(values) > columns else 0
    shown = [max(values[place : place + shares]) for place in range(start, len(values), shares)][-columns:]
    levels, highest = PLAIN if plain else BLOCKS, max(shown) or 1
    return "".join(levels[-(-value * (len(levels) - 1) // highest)] if value else " " for value in shown)
