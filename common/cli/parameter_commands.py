"""Parameters: what may be changed while the node runs, and the history of what was."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.connection import segment
from common.cli.listing import Listing
from common.cli.moments import parse_moment_us
from common.cli.session import Misused, Session, command

Parameter = Annotated[
    str, typer.Argument(metavar="PARAMETER", help="The parameter's name, as `parameters list` shows it.")
]
Reason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the parameter's history and in the audit log.")
]
From = Annotated[
    str,
    typer.Option("--from", metavar="MOMENT", help="From when on, such as 2026-12-01 or 2026-12-01T08:00; else now."),
]


@command
def list_parameters(session: Session) -> None:
    """List all parameters with what counts now."""
    with session.admin() as client:
        page = client.get("/parameters")
    session.result(page, lambda: _show_list(session, page))


@command
def show(
    session: Session,
    parameter: Parameter,
    before: Annotated[
        int, typer.Option("--before", metavar="VERSION", min=0, help="Only versions before this one.")
    ] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many versions at most.")] = 50,
) -> None:
    """Show a parameter: what it is for, what it may be, and every value that it ever had."""
    with session.admin() as client:
        found = client.get(f"/parameters/{segment(parameter)}", before=before, limit=limit)
    session.result(found, lambda: _show_one(session, found))


@command
def set_value(
    session: Session,
    parameter: Parameter,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The new value: true, false, a number, or a text.")],
    reason: Reason,
    since: From = "",
) -> None:
    """Give a parameter another value, at once or from a moment on. No restart is needed."""
    _set(session, parameter, read_value(value), reason, since)


@command
def reset(session: Session, parameter: Parameter, reason: Reason, since: From = "") -> None:
    """Let a parameter's default count again, at once or from a moment on."""
    _set(session, parameter, None, reason, since)


@command
def withdraw(
    session: Session,
    parameter: Parameter,
    version: Annotated[int, typer.Argument(metavar="VERSION", help="As `parameters show` lists it.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the audit log.")],
) -> None:
    """Take back a value that has not come into force yet."""
    with session.admin() as client:
        answer = client.post(f"/parameters/{segment(parameter)}/versions/{version}/withdrawal", {"reason": reason})
    words = session.words("parameters.withdrawn", parameter=parameter, version=version)
    session.result(answer, lambda: session.out.print(words, markup=False))


def parameters_app() -> typer.Typer:
    """The commands that every node has; headquarters adds its own."""
    app = typer.Typer(help="What may be changed while the node runs, with its history.", no_args_is_help=True)
    for name, function in (
        ("list", list_parameters),
        ("show", show),
        ("set", set_value),
        ("reset", reset),
        ("withdraw", withdraw),
    ):
        app.command(name)(function)
    return app


def _set(session: Session, parameter: str, value: bool | int | str | None, reason: str, since: str) -> None:
    from_us = parse_moment_us(since) if since else 0
    if from_us is None:
        raise Misused(session.words("usage.not_a_moment", given=since))
    wish = {"value": value, "effective_from_us": from_us, "reason": reason}
    with session.admin() as client:
        answer = client.post(f"/parameters/{segment(parameter)}/versions", wish)
    shown = session.words("parameters.default") if value is None else _shown(answer["value"])
    at_us = answer["effective_from_us"]
    said = "parameters.set" if at_us == answer["set_at_us"] else "parameters.scheduled"
    words = session.words(said, parameter=parameter, value=shown, at=display.when(session, at_us))
    session.result(answer, lambda: session.out.print(words, markup=False))


def read_value(text: str) -> bool | int | str:
    """What was written, as JSON has it; anything else is a text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | str) else text


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _show_list(session: Session, page: Mapping[str, Any]) -> None:
    columns = ("parameter", "value", "layer", "default", "since", "scheduled")
    rows = Listing(session, *columns, dropped=("scheduled", "since", "default"))
    for item in page["items"]:
        rows.add_row(
            display.plain(item["name"]),
            display.plain(_with_unit(session, item, item["value"])),
            display.plain(session.words.name("parameter_layer", item["layer"])),
            display.plain(_with_unit(session, item, item["default"])),
            display.when(session, item["since_us"] or None),
            str(item["scheduled"] or ""),
        )
    rows.show("parameters.none")


def _with_unit(session: Session, item: Mapping[str, Any], value: Any) -> str:
    unit = _unit(session, item["allowed"])
    return f"{_shown(value)} {unit}" if unit else _shown(value)


def _show_one(session: Session, found: Mapping[str, Any]) -> None:
    words = session.words
    facts = display.facts_table()
    facts.add_row(words("column.parameter"), display.plain(found["name"]))
    facts.add_row(words("column.meaning"), display.plain(found["zh" if session.language == "zh" else "en"]))
    facts.add_row(words("column.value"), display.plain(_with_unit(session, found, found["value"])))
    facts.add_row(words("column.layer"), display.plain(words.name("parameter_layer", found["layer"])))
    facts.add_row(words("column.default"), display.plain(_with_unit(session, found, found["default"])))
    facts.add_row(words("column.allowed"), display.plain(_allowed(session, found["allowed"])))
    if found["network_value"] is not None:
        facts.add_row(words("column.published"), display.plain(published_text(session, found)))
    if found["cut_from"] is not None:
        facts.add_row(words("column.cut_from"), display.plain(_with_unit(session, found, found["cut_from"])))
    session.out.print(facts)
    session.out.print()
    rows = Listing(
        session, "version", "value", "from", "state", "by", "reason", numbers=("version",), stacked=("reason",)
    )
    for version in found["versions"]:
        value = words("parameters.default") if version["value"] is None else _shown(version["value"])
        rows.add_row(
            str(version["version"]),
            display.plain(value),
            display.when(session, version["effective_from_us"]),
            display.state(session, _state(version)),
            display.plain(version["set_by"]),
            display.plain(version["reason"]),
        )
    rows.show("parameters.never_set")
    if found["next"]:
        session.note("parameters.more", parameter=found["name"], before=found["next"])
    if found["network"]:
        session.out.print()
        session.out.print(words("parameters.of_the_network"), style="bold", markup=False)
        _show_network(session, found["network"])


def published_text(session: Session, found: Mapping[str, Any]) -> str:
    """What headquarters publishes, with the bounds of what a province may have."""
    words = session.words
    value = found["network_value"] if "network_value" in found else found["value"]
    if value is None:
        return words("parameters.published_nothing")
    if found["fixed"]:
        return words("parameters.published_fixed", value=_shown(value))
    if found["least"] is None and found["most"] is None:
        return _shown(value)
    bounds = {side: "…" if found[side] is None else found[side] for side in ("least", "most")}
    return words("parameters.published_bounded", value=_shown(value), **bounds)


def _show_network(session: Session, values: Sequence[Mapping[str, Any]]) -> None:
    columns = ("version", "published", "from", "state", "by", "reason")
    rows = Listing(session, *columns, numbers=("version",), stacked=("reason",))
    for value in values:
        rows.add_row(
            str(value["version"]),
            display.plain(published_text(session, value)),
            display.when(session, value["effective_from_us"]),
            display.state(session, _state(value)),
            display.plain(value["set_by"]),
            display.plain(value["reason"]),
        )
    rows.show()


def _state(version: Mapping[str, Any]) -> str:
    if version["withdrawn_at_us"]:
        return "withdrawn"
    return "in-force" if version["in_force"] else "waits" if version["waits"] else "past"


def _allowed(session: Session, allowed: Mapping[str, Any]) -> str:
    kind = allowed["type"]
    options = ", ".join(allowed.get("options", ()))
    facts = {**allowed, "unit": _unit(session, allowed), "options": options}
    return session.words(f"parameters.allowed.{kind}", **facts).rstrip()


def _unit(session: Session, allowed: Mapping[str, Any]) -> str:
    """What the number counts, in words; empty where it has no unit."""
    return session.words.name("unit", allowed.get("unit", ""))
