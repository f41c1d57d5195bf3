"""Parked messages: what waits for an operator."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.connection import segment
from common.cli.listing import Listing
from common.cli.session import Session, command

app = typer.Typer(help="Messages that could not be processed: look, try again, end.", no_args_is_help=True)


class ParkedState(StrEnum):
    """Which messages to list."""

    PARKED = "parked"
    WAITING = "waiting"
    ALL = "all"


ParkedId = Annotated[str, typer.Argument(metavar="ID", help="The message's id, as `parked list` shows it.")]


@app.command("list")
@command
def list_parked(
    session: Session,
    state: Annotated[
        ParkedState, typer.Option("--state", help="Parked for an operator, waiting for their next try, or both.")
    ] = ParkedState.PARKED,
) -> None:
    """List messages that were received but could not be processed."""
    with session.admin() as client:
        page = client.get("/parked", state=state.value)
    session.result(page, lambda: _show_list(session, page))


@app.command("show")
@command
def show(session: Session, parked_id: ParkedId) -> None:
    """Show a parked message: where it came from, and why it could not be processed."""
    with session.admin() as client:
        found = client.get(f"/parked/{segment(parked_id)}")
    session.result(found, lambda: _show_one(session, found))


@app.command("retry")
@command
def retry(session: Session, parked_id: ParkedId) -> None:
    """Process a parked message again, after the cause was mended."""
    with session.admin() as client:
        answer = client.post(f"/parked/{segment(parked_id)}/retry")
    document = {"id": parked_id, **(answer if isinstance(answer, dict) else {})}
    session.result(document, lambda: _say(session, "parked.retried", parked_id))


@app.command("end")
@command
def end(
    session: Session,
    parked_id: ParkedId,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it is given up; kept with the message.")],
) -> None:
    """Give up a parked message for good. Its sender, where it waits for an answer, is told."""
    with session.admin() as client:
        answer = client.post(f"/parked/{segment(parked_id)}/end", {"reason": reason})
    document = {"id": parked_id, **(answer if isinstance(answer, dict) else {})}
    session.result(document, lambda: _say(session, "parked.ended", parked_id))


def _say(session: Session, key: str, parked_id: str) -> None:
    session.out.print(session.words(key, id=parked_id), markup=False)


def _show_list(session: Session, page: Mapping[str, Any]) -> None:
    columns = ("id", "state", "problem", "message_type", "attempts", "received")
    rows = Listing(session, *columns, numbers=("attempts",), stacked=("id",), dropped=("attempts", "message_type"))
    for item in page["items"]:
        rows.add_row(
            display.plain(item["id"]),
            display.state(session, item["state"]),
            display.plain(item.get("problem")),
            display.plain(str(item.get("message_type") or "").rpartition(".")[2]),
            str(item.get("attempts", 0)),
            display.when(session, item.get("received_at_us")),
        )
    rows.show("parked.none")


def _show_one(session: Session, item: Mapping[str, Any]) -> None:
    facts = display.facts_table()
    for name, value in item.items():
        label = session.words.name("column", name.removesuffix("_us").removesuffix("_at"))
        if name == "state":
            facts.add_row(label, display.state(session, value))
        elif name == "source":
            facts.add_row(label, display.node_name(session, str(value)))
        elif name.endswith("_at_us"):
            facts.add_row(label, display.moment(value, milliseconds=True))
        else:
            facts.add_row(label, display.plain(value))
    session.out.print(facts)
