"""Alarms: what an operator must see, what it means, and who takes care of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.connection import segment
from common.cli.listing import Listing
from common.cli.session import Session, command

app = typer.Typer(help="What an operator must see.", no_args_is_help=True)

AlarmName = Annotated[str, typer.Argument(metavar="ALARM", help="The alarm's name, as `alarms list` shows it.")]

COLUMNS = ("alarm", "grave", "state", "count", "since", "last", "by", "detail")


@app.command("list")
@command
def list_alarms(
    session: Session,
    all_alarms: Annotated[bool, typer.Option("--all", help="Also those that have cleared.")] = False,
) -> None:
    """List the alarms that stand, the latest first."""
    with session.admin() as client:
        page = client.get("/alarms", all=str(all_alarms).lower())
    session.result(page, lambda: _show_list(session, page))


@app.command("show")
@command
def show(session: Session, alarm: AlarmName) -> None:
    """Show an alarm: what it means, what to do, and its history."""
    with session.admin() as client:
        found = client.get(f"/alarms/{segment(alarm)}")
    session.result(found, lambda: _show_one(session, found))


@app.command("acknowledge")
@command
def acknowledge(
    session: Session,
    alarm: AlarmName,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who takes care of it; kept in its history.")],
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What is being done; kept in its history.")] = "",
) -> None:
    """Say who takes care of an alarm.

    A condition clears by itself when it ends; something that happened clears when it was acknowledged and is not
    repeated.
    """
    with session.admin() as client:
        answer = client.post(f"/alarms/{segment(alarm)}/acknowledgement", {"by": by, "note": note})
    said = session.words("alarms.acknowledged", name=alarm, by=by)
    session.result(answer, lambda: session.out.print(said, markup=False))


def _show_list(session: Session, page: Mapping[str, Any]) -> None:
    rows = Listing(
        session, *COLUMNS, numbers=("count",), stacked=("detail",), dropped=("by", "since", "count", "grave")
    )
    for alarm in page["items"]:
        rows.add_row(
            display.plain(alarm["name"]),
            display.state(session, alarm["severity"]),
            display.state(session, alarm["state"]),
            str(alarm["times"]),
            display.when(session, alarm["first_at_us"]),
            display.when(session, alarm["last_at_us"]),
            display.plain(alarm["acknowledged_by"]),
            display.plain(alarm["detail"]),
        )
    rows.show("alarms.none")


def _show_one(session: Session, alarm: Mapping[str, Any]) -> None:
    words = session.words
    facts = display.facts_table()
    facts.add_row(words("column.alarm"), display.plain(alarm["name"]))
    facts.add_row(words("column.grave"), display.state(session, alarm["severity"]))
    facts.add_row(words("column.state"), display.state(session, alarm["state"]))
    facts.add_row(words("column.meaning"), display.plain(alarm["meaning"]))
    facts.add_row(words("column.mend"), display.plain(alarm["remedy"]))
    facts.add_row(words("column.detail"), display.plain(alarm["detail"]))
    facts.add_row(words("column.count"), str(alarm["times"]))
    session.out.print(facts)
    session.out.print()
    rows = Listing(session, "time", "state", "grave", "by", "note", stacked=("note",), dropped=("grave",))
    for entry in alarm["history"]:
        rows.add_row(
            display.when(session, entry["at_us"]),
            display.state(session, entry["state"]),
            display.state(session, entry["severity"]),
            display.plain(entry["by"]),
            display.plain(entry["note"]),
        )
    rows.show("alarms.no_history")
