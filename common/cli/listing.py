"""Lists on a terminal: one line a row where there is room; where there is none, whole columns give way, never words.

What gives way, and in which order, is for each list to say. First go columns in which nothing stands; then what is
`stacked` moves to lines of its own below its row; then what is `dropped` is left out (`--json` has it all). Only when
all that is not enough are the widest cells wrapped. In a pipe there is always room: plain columns, one line a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from common.cli.session import Session

if TYPE_CHECKING:
    from rich.text import Text

GAP = 2
INDENT = 2
NARROWEST = 6
UNLIMITED = 1 << 20
NOTHING = "–"


class Listing:
    """A list under construction: columns are named by the words under `column.<name>`."""

    def __init__(
        self,
        session: Session,
        *columns: str,
        numbers: Iterable[str] = (),
        stacked: Iterable[str] | Mapping[str, str] = (),
        dropped: Sequence[str] = (),
    ) -> None:
        """`stacked`: columns that may stand below their row, in the order in which they move there; as a mapping, with
        what is to stand before each. `dropped`: columns that may be left out, the least needed first."""
        self._session = session
        self._columns = list(columns)
        self._numbers = frozenset(numbers)
        self._stacked = stacked if isinstance(stacked, Mapping) else dict.fromkeys(stacked, "")
        self._dropped = dropped
        self._rows: list[dict[str, Text]] = []

    def add_row(self, *cells: Text | str) -> None:
        """One row: a cell for each column."""
        from rich.text import Text

        texts = (cell if isinstance(cell, Text) else Text(cell) for cell in cells)
        self._rows.append(dict(zip(self._columns, texts, strict=True)))

    def show(self, empty: str = "") -> None:
        """Prints the list; where it has no rows, the words under `empty` instead."""
        out = self._session.out
        if not self._rows:
            if empty:
                out.print(self._session.words(empty), style="dim")
            return
        for line in self._lines(out.width if out.is_terminal else UNLIMITED):
            out.print(line, no_wrap=True, overflow="ignore", crop=False)

    def _lines(self, width: int) -> Iterator[Text]:
        from rich.text import Text

        shown, below = self._layout(width)
        widths = self._widths(shown, width)
        heading = [Text(self._heading(name), style="bold") for name in shown]
        yield from self._line(shown, heading, widths)
        if width < UNLIMITED:
            yield Text(("─" if self._draws_lines() else "-") * self._total(widths), style="dim")
        for row in self._rows:
            yield from self._line(shown, [row[name] for name in shown], widths)
            for name in below:
                yield from self._below(name, row[name], width)

    def _layout(self, width: int) -> tuple[list[str], list[str]]:
        """The columns side by side, and those below each row."""
        shown, below = list(self._columns), []
        steps = [("drop", name) for name in self._columns if self._is_empty(name)]
        steps += [("stack", name) for name in self._stacked] + [("drop", name) for name in self._dropped]
        for step, name in steps:
            if self._total([self._width(column) for column in shown]) <= width:
                break
            if name not in shown or len(shown) == 1:
                continue
            shown.remove(name)
            if step == "stack":
                below.append(name)
        return shown, [name for name in self._columns if name in below]

    def _widths(self, shown: Sequence[str], width: int) -> list[int]:
        """The width of each column; where they do not fit together, the widest give way."""
        widths = [self._width(name) for name in shown]
        while self._total(widths) > width and max(widths) > NARROWEST:
            widths[widths.index(max(widths))] -= 1
        return widths

    def _line(self, shown: Sequence[str], cells: Sequence[Text], widths: Sequence[int]) -> Iterator[Text]:
        from rich.text import Text

        wrapped = [self._wrapped(cell, size) for cell, size in zip(cells, widths, strict=True)]
        for number in range(max(len(lines) for lines in wrapped)):
            line = Text()
            for place, (name, lines, size) in enumerate(zip(shown, wrapped, widths, strict=True)):
                cell = lines[number] if number < len(lines) else Text()
                room = " " * (size - cell.cell_len)
                line.append(" " * GAP if place else "")
                line.append_text(Text(room).append_text(cell) if name in self._numbers else cell.copy().append(room))
            line.rstrip()
            yield line

    def _below(self, name: str, cell: Text, width: int) -> Iterator[Text]:
        from rich.text import Text

        if cell.plain.strip() in ("", NOTHING):
            return
        text = Text(self._stacked[name], style="dim").append_text(cell)
        for line in self._wrapped(text, max(NARROWEST, width - INDENT)):
            yield Text(" " * INDENT).append_text(line)

    def _wrapped(self, cell: Text, size: int) -> list[Text]:
        """The cell in lines of that size, broken between words as far as they fit."""
        if cell.cell_len <= size and "\n" not in cell.plain:
            return [cell]
        lines = list(cell.wrap(self._session.out, size, overflow="fold"))
        for line in lines:
            line.rstrip()
        return lines or [cell]

    def _is_empty(self, name: str) -> bool:
        return all(row[name].plain.strip() in ("", NOTHING) for row in self._rows)

    def _width(self, name: str) -> int:
        from rich.cells import cell_len

        cells = (cell_len(line) for row in self._rows for line in row[name].plain.split("\n"))
        return max([cell_len(self._heading(name)), *cells])

    def _heading(self, name: str) -> str:
        return self._session.words(f"column.{name}")

    def _draws_lines(self) -> bool:
        return self._session.out.encoding.lower().startswith("utf")

    @staticmethod
    def _total(widths: Sequence[int]) -> int:
        return sum(widths) + GAP * (len(widths) - 1)
