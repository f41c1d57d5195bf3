"""How things look on a terminal: tables, states, times. Calm: one accent, states as words, nothing that moves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from common.cli.durations import format_duration
from common.cli.session import Session

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

NOTHING = "–"

STYLES = {
    "acknowledged": "cyan",
    "active": "green",
    "admitted": "cyan",
    "alarm": "red",
    "cancelled": "magenta",
    "cleared": "green",
    "closed": "red",
    "completed": "green",
    "critical": "bold red",
    "done": "green",
    "ended": "magenta",
    "error": "red",
    "expired": "yellow",
    "forwarded": "cyan",
    "invitation-expired": "yellow",
    "invited": "cyan",
    "ok": "green",
    "open": "green",
    "overdue": "yellow",
    "parked": "red",
    "partly completed": "yellow",
    "raised": "red",
    "rejected": "red",
    "revoked": "red",
    "stopped": "red",
    "submitted": "cyan",
    "suspended": "yellow",
    "terminated": "magenta",
    "waiting": "yellow",
    "warning": "yellow",
}
"""Colours of states and severities. They repeat what the word says, and never stand for it."""

COPIED = frozenset({"request", "id"})
"""Columns of identities, which people copy: never broken over lines."""


def table(session: Session, *columns: str, numbers: Iterable[str] = ()) -> Table:
    """An empty table whose headings are the words under `column.<name>`; those in `numbers` are right-aligned.

    On a terminal the headings are underlined; elsewhere there are no lines at all, so that columns can be cut and
    counted.
    """
    from rich import box
    from rich.table import Table

    on_terminal = session.out.is_terminal
    result = Table(box=box.SIMPLE_HEAD if on_terminal else None, pad_edge=False, header_style="bold")
    right = set(numbers)
    for column in columns:
        result.add_column(
            session.words(f"column.{column}"),
            justify="right" if column in right else "left",
            overflow="fold",
            no_wrap=not on_terminal or column in COPIED,
        )
    return result


def facts_table() -> Table:
    """An empty table of names and values, for one thing in detail."""
    from rich.table import Table

    result = Table.grid(padding=(0, 2))
    result.add_column(style="dim", no_wrap=True)
    result.add_column(overflow="fold")
    return result


def plain(value: Any) -> Text:
    """A value as it is: what comes from outside is never taken for markup, and brings no control characters along."""
    from rich.text import Text

    shown = NOTHING if value is None or value == "" else str(value)
    return Text("".join(character if character.isprintable() else " " for character in shown))


def state(session: Session, value: str) -> Text:
    """A state as a word, in its colour."""
    from rich.text import Text

    return Text(session.words.name("state", value), style=STYLES.get(value, ""))


def node_name(session: Session, node: str) -> str:
    """A node's code with the name of its province: "31 Shanghai"."""
    from common.directory.regions import HQ_NAME_EN, HQ_NAME_ZH, PROVINCES
    from common.ids import HQ

    chinese = session.language == "zh"
    if node == HQ:
        return f"{node} {HQ_NAME_ZH if chinese else HQ_NAME_EN}"
    province = PROVINCES.get(node)
    if province is None:
        return node
    return f"{node} {province.name_zh if chinese else province.name_en}"


def moment(at_us: int | None, *, milliseconds: bool = False) -> str:
    """A wall-clock reading in the machine's time zone."""
    if not at_us:
        return NOTHING
    try:
        local = datetime.fromtimestamp(at_us / 1e6, UTC).astimezone()
    except (OverflowError, ValueError, OSError):
        return str(at_us)
    shown = local.strftime("%Y-%m-%d %H:%M:%S")
    return shown + (f".{local.microsecond // 1000:03d}" if milliseconds else "")


def span(microseconds: int | None) -> str:
    """A length of time, or a dash where it is not known."""
    return NOTHING if microseconds is None else format_duration(microseconds)


def show_table(session: Session, rows: Table, empty: str) -> None:
    """Prints a table; where it has no rows, says so instead."""
    if rows.row_count:
        session.out.print(rows)
    else:
        session.out.print(session.words(empty), style="dim")


def plain_lines(text: str) -> Text:
    """Several lines of a text that was made here, as they are."""
    from rich.text import Text

    return Text(text or NOTHING)
