"""Who stands in for whom while they are away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.connection import segment
from common.cli.listing import Listing
from common.cli.moments import parse_moment_us
from common.cli.session import Misused, Session, command

app = typer.Typer(help="Who may approve what an operator could while they are away.", no_args_is_help=True)

Operator = Annotated[str, typer.Argument(metavar="OPERATOR", help="The operator's sign-in name.")]


@app.command("list")
@command
def list_substitutes(
    session: Session,
    operator: Annotated[str, typer.Option("--operator", metavar="OPERATOR", help="Only this operator's.")] = "",
    over: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
) -> None:
    """List who stands in for whom, now or later."""
    with session.admin() as client:
        page = client.get("/substitutions", operator=operator, over=str(over).lower())
    session.result(page, lambda: _show_list(session, page["items"]))


@app.command("name")
@command
def name(
    session: Session,
    operator: Operator,
    substitute: Annotated[str, typer.Argument(metavar="SUBSTITUTE", help="Who stands in for them.")],
    until: Annotated[
        str, typer.Option("--until", metavar="MOMENT", help="Until when, such as 2026-12-24 or 2026-12-24T18:00.")
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the audit log.")],
    since: Annotated[
        str, typer.Option("--from", metavar="MOMENT", help="From when on, such as 2026-12-01; else now.")
    ] = "",
) -> None:
    """Name who may approve what an operator could while that one is away."""
    wish = {
        "substitute": substitute,
        "from_us": _moment(session, since) if since else 0,
        "until_us": _moment(session, until),
        "reason": reason,
    }
    with session.admin() as client:
        named = client.post(f"/operators/{segment(operator)}/substitutes", wish)
    _say(session, named, "substitutes.named")


@app.command("end")
@command
def end(
    session: Session,
    substitution: Annotated[
        str, typer.Argument(metavar="SUBSTITUTION", help="Its id, as `operators substitutes list` shows it.")
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the audit log.")] = "",
) -> None:
    """Let a substitute stand in no longer."""
    with session.admin() as client:
        ended = client.post(f"/substitutions/{segment(substitution)}/end", {"reason": reason})
    _say(session, ended, "substitutes.ended")


def _moment(session: Session, given: str) -> int:
    moment_us = parse_moment_us(given)
    if moment_us is None or moment_us < 0:
        raise Misused(session.words("usage.not_a_moment", given=given))
    return moment_us


def _say(session: Session, row: Mapping[str, Any], said: str) -> None:
    facts = {"operator": row["operator"], "substitute": row["substitute"]}
    words = session.words(said, **facts, until=display.when(session, row["until_us"]))
    session.result(row, lambda: session.out.print(words, markup=False))


def _show_list(session: Session, items: Sequence[Mapping[str, Any]]) -> None:
    columns = ("substitution", "operator", "substitute", "state", "from", "until", "by", "reason")
    rows = Listing(session, *columns, dropped=("reason", "by"))
    for item in items:
        rows.add_row(
            display.plain(item["substitution_id"]),
            display.plain(item["operator"]),
            display.plain(item["substitute"]),
            display.state(session, item["state"]),
            display.when(session, item["from_us"]),
            display.when(session, item["until_us"]),
            display.plain(item["named_by"]),
            display.plain(item["reason"]),
        )
    rows.show("substitutes.none")
