"""Where the time of a request went, drawn: each step with its node, and a bar from the step before to this one.

The times of a leg come from several clocks. Between two steps by the same clock the time is known. Where the clock
changes it is not: there the other node's steps are put in the middle of what the asking clock saw, as if the way there
and the way back took equally long, and what follows from that is marked as an estimate (~). The JSON output holds
what was measured alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from common.cli import display
from common.cli.durations import format_duration
from common.cli.session import Session

if TYPE_CHECKING:
    from rich.text import Text

BAR_COLUMNS = 30
BAR_COLUMNS_NARROW = 12
NARROW_COLUMNS = 110

_EIGHTHS = " ▏▎▍▌▋▊▉█"


class Passed(NamedTuple):
    """From when to when a step took, in microseconds from the first step; whether that is estimated."""

    begin_us: int
    end_us: int
    estimated: bool


def show_trace(session: Session, trace: Mapping[str, Any]) -> None:
    """The trace as one table for each leg."""
    words = session.words
    role = trace.get("role")
    heading = words("trace.title", kind=trace.get("kind") or display.NOTHING, request_id=trace["request_id"])
    session.out.print(heading, style="bold", markup=False)
    if role:
        session.out.print(words("trace.seen_from", role=words.name("trace.role", str(role))), style="dim")
    legs: dict[str, list[Mapping[str, Any]]] = {}
    for step in trace["steps"]:
        legs.setdefault(str(step["leg"]), []).append(step)
    estimated = False
    for leg, steps in legs.items():
        estimated |= _show_leg(session, leg, steps)
    if not legs:
        session.out.print(words("trace.none"), style="dim")
    if estimated:
        session.note("trace.estimated")


def _show_leg(session: Session, leg: str, steps: Sequence[Mapping[str, Any]]) -> bool:
    """Prints one leg; whether any of its times is an estimate."""
    from rich.text import Text

    words = session.words
    passed = time_passed(steps)
    total = max((step.end_us for step in passed), default=0)
    session.out.print()
    nodes = " → ".join(display.node_name(session, node) for node in leg.split("/"))
    session.out.print(words("trace.leg", node=nodes, total=format_duration(total)), markup=False)
    rows = display.table(
        session, "step", "node", "time", "since_previous", "share", "detail", numbers=("since_previous",)
    )
    columns = BAR_COLUMNS if session.out.width >= NARROW_COLUMNS else BAR_COLUMNS_NARROW
    plain = not session.out.encoding.lower().startswith("utf")
    for number, (step, took) in enumerate(zip(steps, passed, strict=True)):
        drawn = bar(took.begin_us, took.end_us, total, columns, plain=plain)
        shown = ("~" if took.estimated else "") + format_duration(took.end_us - took.begin_us)
        rows.add_row(
            Text(words.name("step", step["step"])),
            display.node_name(session, step["node"]),
            Text(display.moment(step["at_us"], milliseconds=True).rpartition(" ")[2], style="dim"),
            Text(shown if number else "", style="dim" if took.estimated else ""),
            Text(drawn, style="blue" if took.estimated else "cyan"),
            _detail(session, str(step.get("detail") or "")),
        )
    session.out.print(rows)
    return any(took.estimated for took in passed)


def _detail(session: Session, detail: str) -> Text:
    """What there is to add to a step; where it begins with a state, that is said in the session's language."""
    state, space, rest = detail.partition(" ")
    named = session.words.name("state", state)
    return display.plain(named + space + rest) if detail else display.plain_lines(" ")


def time_passed(steps: Sequence[Mapping[str, Any]]) -> list[Passed]:
    """For each step of a leg what passed since the step before, all on the first step's clock."""
    aligned = _aligned(steps)
    result: list[Passed] = []
    end = 0
    for number, at in enumerate(aligned):
        other_clock = number > 0 and steps[number].get("clock") != steps[number - 1].get("clock")
        begin, end = end, max(end, at)
        result.append(Passed(begin, end, other_clock))
    return result


def _aligned(steps: Sequence[Mapping[str, Any]]) -> list[int]:
    """The steps' times on the first step's clock, from 0."""
    times: list[int | None] = [None] * len(steps)
    clocks = list(dict.fromkeys(step.get("clock") for step in steps))
    for clock in clocks:
        own = [number for number, step in enumerate(steps) if step.get("clock") == clock]
        first, last = own[0], own[-1]
        before = next((times[number] for number in range(first - 1, -1, -1) if times[number] is not None), 0) or 0
        after = next((times[number] for number in range(last + 1, len(steps)) if times[number] is not None), None)
        length = steps[last]["at_us"] - steps[first]["at_us"]
        # As much before as behind; where nothing is behind yet, or it does not fit, the way there is taken for nothing.
        way = max(0, (after - before - length) // 2) if after is not None else 0
        for number in own:
            times[number] = before + way + steps[number]["at_us"] - steps[first]["at_us"]
    return [time or 0 for time in times]


def bar(begin: int, end: int, size: int, columns: int, *, plain: bool = False) -> str:
    """A bar from `begin` to `end` on a scale of `size` over so many columns; what takes time at all shows something."""
    if size <= 0 or end <= begin:
        return ""
    first, last = begin * columns * 8 // size, -(-end * columns * 8 // size)
    # Blocks are filled from the left: the length is right to an eighth of a column, the start to a whole one.
    start = min(first // 8, columns - 1)
    if plain:
        return " " * start + "#" * max(1, round((last - first) / 8))
    whole, rest = divmod(max(1, last - first), 8)
    return " " * start + "█" * whole + (_EIGHTHS[rest] if rest else "")
