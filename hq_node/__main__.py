"""HQ's program: `hq-node`, or `python -m hq_node`. A node that serves loads no other command."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from common.cli import program
from common.cli.loading import loaded_for_good
from common.cli.session import Bootstrap, Program

if TYPE_CHECKING:
    import typer


def _app() -> typer.Typer:
    from hq_node.command_line import app

    return app


def _bootstrap() -> Bootstrap:
    with loaded_for_good():
        from hq_node import bootstrap

    return bootstrap


def _kinds() -> Iterable[Any]:
    from hq_node.core import KINDS

    return KINDS


PROGRAM = Program("hq-node", _app, _bootstrap, _kinds)


def main() -> None:
    """The console script's entry."""
    program.main(PROGRAM)


if __name__ == "__main__":
    main()
