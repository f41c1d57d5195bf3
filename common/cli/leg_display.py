"""Legs of others' requests as people read them: those that HQ relays, those that a province carries out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.listing import Listing
from common.cli.session import Session
from common.reasons import leg_reason

Origin = Annotated[str, typer.Option("--origin", metavar="NODE", help="Only what this node asked.")]
State = Annotated[
    str, typer.Option("--state", metavar="STATE", help="Only those in this state; open: all that have not ended.")
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=500, help="At most so many.")]
Before = Annotated[str, typer.Option("--before", metavar="LEG", help="Only those older than this one.")]


def show_legs(session: Session, page: Mapping[str, Any]) -> None:
    """A page of legs, and how to see the next one."""
    columns = ("request", "kind", "source", "asked_node", "state", "begun", "took", "reason")
    rows = Listing(session, *columns, numbers=("took",), stacked=("reason", "request"), dropped=("took",))
    for leg in page["items"]:
        begun, ended = leg["begun_at_us"], leg["ended_at_us"] or page["now_us"]
        code = leg["reason_code"]
        rows.add_row(
            display.plain(leg["request_id"]),
            display.plain(display.kind_name(session, leg["kind"])),
            display.plain(leg["origin"]),
            display.plain(leg["home"]),
            display.state(session, leg["state"]),
            display.when(session, begun),
            display.span(ended - begun if begun else None),
            display.plain(f"{leg_reason(code).text(session.language)} ({code})" if code else ""),
        )
    rows.show("legs.none")
    if page.get("next"):
        session.note("requests.more", before=page["next"])
