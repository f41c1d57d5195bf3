"""Service requests as people read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from common.cli import display
from common.cli.listing import Listing
from common.cli.session import Session
from common.cli.whereabouts import show_whereabouts
from common.reasons import leg_reason

if TYPE_CHECKING:
    from rich.text import Text

EARLIEST_MOMENT_US = 10**15
"""Numbers of microseconds above this (the year 2001) are moments, those below are lengths of time."""


def show_requests(session: Session, page: Mapping[str, Any]) -> None:
    """A page of requests as a list, and how to see the next one."""
    columns = ("request", "kind", "state", "legs", "created", "operator")
    rows = Listing(session, *columns, stacked=("request",), dropped=("operator",))
    for request in page["items"]:
        rows.add_row(
            display.plain(request["request_id"]),
            display.plain(display.kind_name(session, request["kind"])),
            display.state(session, request["state"]),
            legs_in_short(session, request.get("legs", [])),
            display.when(session, request.get("created_at_us")),
            display.plain(request.get("operator")),
        )
    rows.show("requests.none")
    if page.get("next"):
        session.note("requests.more", before=page["next"])


def legs_in_short(session: Session, legs: list[Mapping[str, Any]], most: int = 6) -> Text:
    """The destinations, each in the colour of its state; of many legs, how many are in each state."""
    from rich.text import Text

    if len(legs) <= most:
        parts = [Text(leg["destination"], style=display.STYLES.get(leg["state"], "")) for leg in legs]
        return Text(" ").join(parts)
    counts: dict[str, int] = {}
    for leg in legs:
        counts[leg["state"]] = counts.get(leg["state"], 0) + 1
    parts = [
        Text(f"{count} ") + display.state(session, state)
        for state, count in sorted(counts.items(), key=lambda c: -c[1])
    ]
    return Text(", ").join(parts)


def show_request(session: Session, request: Mapping[str, Any]) -> None:
    """One request in full: what it is, its legs, and what came back."""
    facts = display.facts_table()
    words = session.words
    facts.add_row(words("column.request"), display.plain(request["request_id"]))
    facts.add_row(words("column.kind"), display.plain(_kind_in_full(session, request["kind"])))
    facts.add_row(words("column.state"), display.state(session, request["state"]))
    facts.add_row(words("column.created"), display.moment(request.get("created_at_us"), milliseconds=True))
    for name in ("region", "operator", "organisation", "channel", "customer_authentication", "idempotency_key"):
        if request.get(name) not in (None, "", "NONE"):
            facts.add_row(words(f"column.{name}"), display.plain(request[name]))
    session.out.print(facts)
    session.out.print()
    rows = Listing(session, "node", "state", "ended", "took", numbers=("took",), dropped=("took",))
    for leg in request["legs"]:
        ended, began = leg.get("ended_at_us"), leg.get("submitted_at_us") or request.get("created_at_us")
        rows.add_row(
            display.node_name(session, leg["destination"]),
            display.state(session, leg["state"]),
            display.when(session, ended, milliseconds=True),
            display.span(ended - began if ended and began else None),
        )
    rows.show()
    _show_reasons(session, request["legs"])
    show_whereabouts(session, request)
    for leg in request["legs"]:
        if leg.get("answer"):
            show_answer(session, leg)
            if leg.get("answer_masked"):
                session.note("requests.answer_masked", request=request["request_id"])


def _kind_in_full(session: Session, alias: str) -> str:
    """What it is called, and what is typed for it."""
    name = display.kind_name(session, alias)
    return name if name == alias else f"{name} ({alias})"


def _show_reasons(session: Session, legs: Sequence[Mapping[str, Any]]) -> None:
    """Why legs ended otherwise, and what to do about it: each reason once, with the nodes that gave it."""
    by_reason: dict[str, list[str]] = {}
    for leg in legs:
        if leg.get("reason_code"):
            by_reason.setdefault(str(leg["reason_code"]), []).append(display.node_name(session, leg["destination"]))
    for code, nodes in by_reason.items():
        reason = leg_reason(code)
        session.out.print()
        said = session.words("requests.reason", nodes=", ".join(nodes), text=reason.text(session.language), code=code)
        session.out.print(said, markup=False)
        remedy = reason.remedy(session.language)
        if remedy:
            session.out.print(session.words("error.mend") + remedy, style="dim", markup=False)


def show_answer(session: Session, leg: Mapping[str, Any]) -> None:
    """What a node answered: its `destination`, and the `answer`."""
    session.out.print()
    title = session.words("requests.answer_of", node=display.node_name(session, leg["destination"]))
    session.out.print(title, style="bold", markup=False)
    facts = display.facts_table()
    _add_facts(session, facts, "", leg["answer"])
    session.out.print(facts)


def _add_facts(session: Session, facts: Any, prefix: str, value: Any) -> None:
    """Nested data as one line for each value: subscriptions[1].status."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _add_facts(session, facts, f"{prefix}.{name}" if prefix else str(name), inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            _add_facts(session, facts, f"{prefix}[{number}]", inner)
    else:
        shown = display.moment(int(value)) if _is_moment(prefix, value) else value
        facts.add_row(display.plain(display.field_name(session, prefix)), display.plain(shown))


def _is_moment(name: str, value: Any) -> bool:
    # Protobuf's JSON form writes 64-bit integers as text.
    return name.endswith("_us") and str(value).isdecimal() and int(value) > EARLIEST_MOMENT_US


def show_kinds(session: Session, kinds: list[dict[str, Any]]) -> None:
    """The kinds of requests: what goes in, what comes back."""
    below = {name: f"{session.words(f'column.{name}')}: " for name in ("answer", "fields", "does")}
    rows = Listing(session, "kind", "does", "needs", "authentication", "fields", "answer", stacked=below)
    for kind in kinds:
        needs = display.plain(", ".join(need.replace("|", " / ") for need in kind["needs"]))
        fields, answer = (_field_list(session, kind[side]) for side in ("fields", "answer"))
        asked = session.words.name("yes_no", "yes" if kind["needs_authentication"] else "no")
        rows.add_row(display.plain(_kind_in_full(session, kind["kind"])), kind["does"], needs, asked, fields, answer)
    rows.show("requests.no_kinds")
    if any(field["private"] for kind in kinds for field in kind["fields"] + kind["answer"]):
        session.note("requests.private_fields")


def _field_list(session: Session, fields: list[dict[str, Any]]) -> Text:
    return display.plain_lines(", ".join(_field_in_full(session, field) for field in fields))


def _field_in_full(session: Session, field: Mapping[str, Any]) -> str:
    name, called = field["name"], display.field_name(session, field["name"])
    mark = "*" if field["private"] else ""
    shown = f"{name}{mark}" if name == called else f"{name}{mark} {called}"
    return f"{shown}: {session.words.name('type', field['type'])}"
