"""What a province carries out for others, from its command line."""

from __future__ import annotations

import typer

from common.cli.leg_display import Before, Limit, Origin, State, show_legs
from common.cli.session import Session, command


def add_served_command(requests: typer.Typer) -> None:
    """Adds the command to a province's `requests`."""
    requests.command("served")(command(served))


def served(session: Session, origin: Origin = "", state: State = "", limit: Limit = 50, before: Before = "") -> None:
    """List the legs that this province carries out for others, the newest first.

    States: working, committing (an effect outside has begun), completed, rejected, expired, cancelled.
    """
    with session.admin() as client:
        page = client.get("/legs", origin=origin, state=state.lower(), limit=limit, before=before)
    session.result(page, lambda: show_legs(session, page))
