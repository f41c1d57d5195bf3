"""Where the time of a request went, drawn: each step with its node, and a bar from the step before to this one.

The times of a leg come from several clocks. Between two steps by the same clock the time is known. Where the clock
changes it is estimated (~), or not known at all; `clock_alignment` says how. Rows stand in the order of time. The JSON
output holds what was measured alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from common.cli import display
from common.cli.clock_alignment import Passed, in_order_of_time
from common.cli.durations import format_duration
from common.cli.listing import GAP, Listing
from common.cli.session import Session
from common.reasons import leg_reason

if TYPE_CHECKING:
    from rich.text import Text

BAR_COLUMNS_MOST, BAR_COLUMNS_LEAST = 30, 8
TIME_COLUMNS = 12

STAGES = ("committing", "home is working", "received", "forwarded", "admitted", "submitted")
"""How far a leg can have come, the farthest first."""

_EIGHTHS = " ▏▎▍▌▋▊▉█"


def show_trace(session: Session, trace: Mapping[str, Any]) -> None:
    """The trace as one list for each leg."""
    words = session.words
    role = trace.get("role")
    heading = words(
        "trace.title",
        kind=display.kind_name(session, trace.get("kind") or display.NOTHING),
        request_id=trace["request_id"],
    )
    session.out.print(heading, style="bold", markup=False)
    if role:
        names = [words.name("trace.role", name) for name in str(role).split(", ")]
        session.out.print(words("trace.seen_from", role=words("list.and").join(names)), style="dim")
    legs: dict[str, list[Mapping[str, Any]]] = {}
    for step in trace["steps"]:
        legs.setdefault(str(step["leg"]), []).append(step)
    passed = [step for leg, steps in legs.items() for step in _show_leg(session, leg, steps, trace.get("now_us"))]
    if not legs:
        session.out.print(words("trace.none"), style="dim")
    if any(step.estimated for step in passed):
        session.note("trace.estimated")
    if any(step.took_us is None for step in passed[1:]):
        session.note("trace.not_known")


def _show_leg(session: Session, leg: str, steps: Sequence[Mapping[str, Any]], now_us: int | None) -> list[Passed]:
    """Prints one leg; what passed between its steps."""
    words = session.words
    steps = _each_once(steps)
    is_open = now_us is not None and all(step["step"] != "ended" for step in steps)
    if is_open:
        steps = [*steps, _still_open(steps, now_us or 0)]
    passed = in_order_of_time(steps)
    total = passed[-1].end_us - passed[0].begin_us
    session.out.print()
    nodes = " → ".join(display.node_name(session, node) for node in leg.split("/"))
    key = "trace.open_leg" if is_open else "trace.leg"
    session.out.print(words(key, node=nodes, total=format_duration(total)), markup=False)
    _show_steps(session, [(steps[step.number], step) for step in passed], total)
    return passed


def _each_once(steps: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The steps of a leg; where the node has two roles in it (HQ asks, and is the hub), what both tell stands once."""
    return list({(step["step"], step["node"], step["at_us"]): step for step in reversed(steps)}.values())[::-1]


def _still_open(steps: Sequence[Mapping[str, Any]], now_us: int) -> dict[str, Any]:
    """A row for the time since a leg that has not ended came as far as it is, by the clock of the node that tells."""
    reached = {str(step["step"]): step for step in steps}
    latest = next(reached[stage] for stage in (*STAGES, str(steps[0]["step"])) if stage in reached)
    seen_here = latest["clock"] == steps[0]["clock"]
    name = f"after {latest['step']}" + (" here" if latest["step"] == "admitted" and seen_here else "")
    return {"node": "", "step": name, "at_us": now_us, "clock": steps[0]["clock"], "facts": {}}


def _show_steps(session: Session, steps: Sequence[tuple[Mapping[str, Any], Passed]], total: int) -> None:
    from rich.cells import cell_len
    from rich.text import Text

    columns = ("step", "node", "time", "since_previous", "share", "detail")
    rows = Listing(session, *columns, numbers=("since_previous",), stacked=("detail",), dropped=("share", "node"))
    names = [session.words.name("step", str(step["step"])) for step, _ in steps]
    nodes = [display.node_name(session, step["node"]) if step["node"] else "" for step, _ in steps]
    taken = [_took(passed) for _, passed in steps]
    others = sum(max(cell_len(cell) for cell in cells) for cells in (names, nodes, taken)) + TIME_COLUMNS + 4 * GAP
    size = min(BAR_COLUMNS_MOST, max(BAR_COLUMNS_LEAST, session.out.width - others))
    plain = not session.out.encoding.lower().startswith("utf")
    for (step, passed), name, node, took in zip(steps, names, nodes, taken, strict=True):
        drawn = bar(passed.begin_us, passed.end_us, total, size, plain=plain) if passed.took_us is not None else ""
        rows.add_row(
            name,
            node,
            Text(display.moment(step["at_us"], milliseconds=True).rpartition(" ")[2], style="dim"),
            Text(took, style="dim" if passed.estimated else ""),
            Text(drawn, style="blue" if passed.estimated else "cyan"),
            _detail(session, step.get("facts") or {}),
        )
    rows.show()


def _took(passed: Passed) -> str:
    if passed.is_first:
        return ""
    if passed.took_us is None:
        return display.NOTHING
    return ("~" if passed.estimated else "") + format_duration(passed.took_us)


def _detail(session: Session, facts: Mapping[str, Any]) -> Text:
    """What there is to add to a step, in the session's language."""
    words, parts = session.words, []
    if facts.get("position"):
        parts.append(words("trace.order", position=facts["position"], date=facts.get("business_date", "")))
    if facts.get("cause"):
        parts.append(words.name("trace.cause", str(facts["cause"])))
    if facts.get("from"):
        parts.append(words("trace.from", node=display.node_name(session, str(facts["from"]))))
    if facts.get("state"):
        parts.append(words.name("state", str(facts["state"])))
    if facts.get("reason_code"):
        code = str(facts["reason_code"])
        parts.append(f"{leg_reason(code).text(session.language)} ({code})")
    return display.plain(words("list.and").join(parts)) if parts else display.plain_lines(" ")


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
    if start + whole >= columns:
        whole, rest = columns - start, 0
    return " " * start + "█" * whole + (_EIGHTHS[rest] if rest else "")
