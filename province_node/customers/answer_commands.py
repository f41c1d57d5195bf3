"""What other provinces answered about their customers, from the command line. Part of `requests`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from common.cli.connection import segment
from common.cli.request_commands import RequestId
from common.cli.request_display import show_answer
from common.cli.session import Session, command


def add_reveal_command(requests: typer.Typer) -> None:
    """Adds the command to a province's `requests`."""
    requests.command("reveal")(command(reveal))


def reveal(
    session: Session,
    request_id: RequestId,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why, without personal data; kept in the audit log.")
    ],
    to: Annotated[
        str, typer.Option("--to", metavar="NODE", help="Whose answer, where several provinces answered.")
    ] = "",
) -> None:
    """Show in full what another province answered about its customer. Each use is in the audit log, and there is a
    limit for an hour."""
    with session.admin() as client:
        found: dict[str, Any] = client.post(
            f"/requests/{segment(request_id)}/reveal", {"reason": reason, "destination": to}
        )
    session.result(found, lambda: show_answer(session, found))
