"""What headquarters lets provinces give their people at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import typer

from common.cli import display
from common.cli.listing import Listing
from common.cli.session import Session, command


def ceilings_app() -> typer.Typer:
    """The commands that every node has; headquarters adds its own."""
    app = typer.Typer(help="What headquarters lets provinces give their people at most.", no_args_is_help=True)
    app.command("list")(command(list_ceilings))
    return app


def list_ceilings(session: Session) -> None:
    """List the ceilings in force: at headquarters all, at a province those that concern it."""
    with session.admin() as client:
        found = client.get("/ceilings")
    session.result(found, lambda: _show(session, found["items"]))


def shown_most(session: Session, most: str, subject: str) -> str:
    """How far something may reach, in words. `subject`: what is limited, as customer:export or customer.address."""
    return session.words.name("scope" if ":" in subject else "field_right", most)


def _show(session: Session, items: Sequence[Mapping[str, Any]]) -> None:
    columns = ("ceiling_subject", "node", "ceiling", "since", "by", "reason")
    rows = Listing(session, *columns, stacked=("reason",), dropped=("by",))
    for each in items:
        node = display.node_name(session, each["node"]) if each["node"] else session.words("ceilings.all")
        rows.add_row(
            display.plain(each["subject"]),
            display.plain(node),
            display.plain(shown_most(session, each["most"], each["subject"])),
            display.when(session, each["since_us"]),
            display.plain(each["set_by"]),
            display.plain(each["reason"]),
        )
    rows.show("ceilings.none")
