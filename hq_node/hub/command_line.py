"""What HQ relays, from its command line."""

from __future__ import annotations

from typing import Annotated

import typer

from common.cli.leg_display import Before, Limit, Origin, State, show_legs
from common.cli.session import Session, command


def add_relayed_command(requests: typer.Typer) -> None:
    """Adds the command to HQ's `requests`."""
    requests.command("relayed")(command(relayed))


def relayed(
    session: Session,
    origin: Origin = "",
    home: Annotated[str, typer.Option("--home", metavar="NODE", help="Only what is asked of this node.")] = "",
    state: State = "",
    limit: Limit = 50,
    before: Before = "",
) -> None:
    """List the legs that HQ relays, of all nodes' requests, the newest first.

    States: admitted (waits here for its node), forwarded (the node has it), completed, rejected, expired, cancelled.
    """
    with session.admin() as client:
        page = client.get("/legs", origin=origin, home=home, state=state.lower(), limit=limit, before=before)
    session.result(page, lambda: show_legs(session, page))
