"""The command that runs a node. It comes alone where it is what was asked for: a node serves for months, and the other
commands, with all that they print and ask, would lie in its memory for as long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from common.cli.session import Session, command

ROLES = ("link", "worker", "web")


def _role_names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _known_roles(text: str) -> str:
    """Each role once, and no others."""
    names = _role_names(text)
    if len(set(names)) != len(names) or not set(names) <= set(ROLES):
        raise typer.BadParameter(f"{text!r}: name some of {', '.join(ROLES)}, each once, with commas between")
    return text


def serve(
    session: Session,
    roles: Annotated[
        str,
        typer.Option(
            "--roles",
            metavar="ROLE,...",
            help="What this process does, in place of [replica] roles: link, worker, web. Needs PostgreSQL.",
            callback=_known_roles,
        ),
    ] = "",
) -> None:
    """Run the node until it is told to stop (Ctrl-C or SIGTERM). It logs to standard error."""
    session.require_node()
    session.program.bootstrap().serve(session.data_dir, _role_names(roles))


def is_serving(arguments: Sequence[str]) -> bool:
    """Whether these arguments ask to serve, and for nothing that needs to know the other commands."""
    return arguments[:1] == ["serve"] and "--help" not in arguments


def serving_app() -> typer.Typer:
    """A command line that can serve, and nothing else."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command("serve")(command(serve))
    # With a callback Typer takes the one command for one of several, which has its name on the command line.
    app.callback()(lambda: None)
    return app
