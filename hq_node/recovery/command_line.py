"""Taking back, from the command line, what a restored HQ has forgotten."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from common.cli.progress import progress_bar
from common.cli.session import Session, command


def add_recovery_commands(app: typer.Typer) -> None:
    """Adds the command to HQ's program."""
    app.command("recover")(command(recover))


def recover(
    session: Session,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="PP", help="A province that is lost for good, with its database."),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why HQ goes on without it.")] = "",
) -> None:
    """Take back from its provinces what HQ has forgotten since the backup that it was restored from. It must not run.

    Waits for every active province; these need no command. Recorded outcomes are taken as they are, never decided anew;
    every seal is checked. May be interrupted and repeated at any time. On PostgreSQL all processes of HQ must be
    stopped.
    """
    session.require_node()
    bootstrap: Any = session.program.bootstrap()
    with progress_bar(session) as bar:
        taken: dict[str, Any] = bootstrap.recover(session.data_dir, bar.show, without or [], reason).to_dict()
    session.result(taken, lambda: _show(session, taken))


def _show(session: Session, taken: dict[str, Any]) -> None:
    named = {**taken, "provinces": ", ".join(taken["provinces"]) or "-"}
    session.out.print(session.words("recover.hq_done", **named), markup=False)
    if taken["undecided"]:
        session.note("recover.hq_undecided", count=taken["undecided"])
    if taken["without"]:
        session.note("recover.hq_without", nodes=", ".join(taken["without"]))
    session.note("recover.hq_lost", positions=taken["lost_positions"], entries=taken["lost_audit_entries"])
