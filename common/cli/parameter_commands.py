"""Parameters: what may be changed while the node runs, and the history of what was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.connection import segment
from common.cli.listing import Listing
from common.cli.moments import parse_moment_us
from common.cli.session import Misused, Session, command

app = typer.Typer(help="What may be changed while the node runs, with its history.", no_args_is_help=True)

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


@app.command("list")
@command
def list_parameters(session: Session) -> None:
    """List all parameters with what counts now."""
    with session.admin() as client:
        page = client.get("/parameters")
    session.result(page, lambda: _show_list(session, page))


@app.command("show")
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


@app.command("set")
@command
def set_value(
    session: Session,
    parameter: Parameter,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The new value: true, false, a number, or a text.")],
    reason: Reason,
    since: From = "",
) -> None:
    """Give a parameter another value, at once or from a moment on. No restart is needed."""
    _set(session, parameter, _value(value), reason, since)


@app.command("reset")
@command
def reset(session: Session, parameter: Parameter, reason: Reason, since: From = "") -> None:
    """Let a parameter's default count again, at once or from a moment on."""
    _set(session, parameter, None, reason, since)


@app.command("withdraw")
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


def _value(text: str) -> bool | int | str:
    """What was written, as JSON has it; anything else is a text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | str) else text


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _show_list(session: Session, page: Mapping[str, Any]) -> None:
    rows = Listing(session, "parameter", "value", "default", "since", "scheduled", dropped=("scheduled", "since"))
    for item in page["items"]:
        rows.add_row(
            display.plain(item["name"]),
            display.plain(_with_unit(session, item, item["value"])),
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
    facts.add_row(words("column.default"), display.plain(_with_unit(session, found, found["default"])))
    facts.add_row(words("column.allowed"), display.plain(_allowed(session, found["allowed"])))
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
