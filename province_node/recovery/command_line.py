"""Taking back, from the command line, what a restored node has forgotten."""

from __future__ import annotations

from typing import Any

import typer

from common.cli.progress import progress_bar
from common.cli.session import Session, command


def add_recovery_commands(app: typer.Typer) -> None:
    """Adds the command to the province's program."""
    app.command("recover")(command(recover))


def recover(session: Session) -> None:
    """Take back from HQ what this node has forgotten since the backup that it was restored from. It must not run.

    Do it before anything else. Recorded outcomes are taken as they are, never decided anew; every seal is checked. May
    be interrupted and repeated at any time.
    """
    session.require_node()
    bootstrap: Any = session.program.bootstrap()
    with progress_bar(session) as bar:
        taken: dict[str, int] = bootstrap.recover(session.data_dir, bar.show).to_dict()
    session.result(taken, lambda: _show(session, taken))


def _show(session: Session, taken: dict[str, int]) -> None:
    session.out.print(session.words("recover.done", **taken), markup=False)
    if taken["undecided"]:
        session.note("recover.undecided", count=taken["undecided"])
    session.note("recover.lost")
