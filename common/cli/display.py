"""How things look on a terminal: facts, states, times. Calm: one accent, states as words, nothing that moves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from common.cli.durations import format_duration
from common.cli.session import Session

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

NOTHING = "–"
KIBIBYTE, MEBIBYTE = 1 << 10, 1 << 20

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


def kind_name(session: Session, alias: str) -> str:
    """What a kind of request is called; its alias where it has no other name."""
    return session.words.name("kind", alias)


def field_name(session: Session, path: str) -> str:
    """What a field is called, part by part: "subscriptions[1].status"."""
    return ".".join(_part_name(session, part) for part in path.split("."))


def _part_name(session: Session, part: str) -> str:
    name, bracket, number = part.partition("[")
    return session.words.name("field", name) + bracket + number


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


def when(session: Session, at_us: int | None, *, milliseconds: bool = False) -> str:
    """A moment in a list: of today, the time alone, where people read it. In a pipe it is always the whole."""
    shown = moment(at_us, milliseconds=milliseconds)
    today = datetime.now().astimezone().strftime("%Y-%m-%d ")
    return shown.removeprefix(today) if session.out.is_terminal else shown


def span(microseconds: int | None) -> str:
    """A length of time, or a dash where it is not known."""
    return NOTHING if microseconds is None else format_duration(microseconds)


def plain_lines(text: str) -> Text:
    """Several lines of a text that was made here, as they are."""
    from rich.text import Text

    return Text(text or NOTHING)


def size(count: int) -> str:
    """A number of bytes, in KiB below one MiB."""
    if count < MEBIBYTE:
        return f"{count / KIBIBYTE:,.1f} KiB"
    return f"{count / MEBIBYTE:,.1f} MiB"
