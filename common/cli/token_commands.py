"""Who is let in: tokens of other systems, and open sessions."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.connection import segment
from common.cli.listing import Listing
from common.cli.session import Session, command

app = typer.Typer(help="Tokens by which other systems call the REST interface.", no_args_is_help=True)
sessions_app = typer.Typer(help="Open sessions of operators.", no_args_is_help=True)

Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the audit log.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=500, help="How many at most.")]


@app.command("list")
@command
def list_tokens(
    session: Session,
    client: Annotated[str, typer.Option("--client", metavar="NAME", help="Only this system's.")] = "",
    after: Annotated[str, typer.Option("--after", metavar="TOKEN", help="Go on behind this id.")] = "",
    limit: Limit = 50,
) -> None:
    """List tokens: whose they are, what they give, until when, and when they were last used."""
    with session.admin() as admin:
        page = admin.get("/tokens", client=client, after=after, limit=limit)
    session.result(page, lambda: _show_tokens(session, page))


@app.command("issue")
@command
def issue(
    session: Session,
    client: Annotated[str, typer.Argument(metavar="NAME", help="The system's name; it may have several tokens.")],
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="The role whose permissions it has.")],
    organisation: Annotated[
        str, typer.Option("--in", metavar="ORGANISATION", help="The id of the organisation in which it acts.")
    ],
    days: Annotated[int, typer.Option("--days", min=1, max=730, help="So long it is good.")] = 90,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="PERMISSION", help="No more of the role than this; repeat it.")
    ] = None,
) -> None:
    """Issue a token, which is shown once."""
    wish = {"client": client, "organisation_id": organisation, "role": role, "days": days, "only": only or []}
    with session.admin() as admin:
        issued = admin.post("/tokens", wish)
    facts = {"client": issued["client"], "token": issued["token"], "id": issued["token_id"]}
    words = session.words("tokens.issued", **facts, until=display.when(session, issued["expires_at_us"]))
    session.result(issued, lambda: session.out.print(words, markup=False, soft_wrap=True))


@app.command("revoke")
@command
def revoke(
    session: Session,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="The token's id, as `tokens list` shows it.")],
    reason: Reason = "",
) -> None:
    """Revoke a token: it is good no longer from the next call on."""
    with session.admin() as admin:
        done = admin.post(f"/tokens/{segment(token)}/revocation", {"reason": reason})
    words = session.words("tokens.revoked", id=done["token_id"], client=done["client"])
    session.result(done, lambda: session.out.print(words, markup=False))


@sessions_app.command("list")
@command
def list_sessions(
    session: Session,
    operator: Annotated[str, typer.Option("--operator", metavar="OPERATOR", help="Only this operator's.")] = "",
    after: Annotated[str, typer.Option("--after", metavar="SESSION", help="Go on behind this id.")] = "",
    limit: Limit = 50,
) -> None:
    """List open sessions: whose they are, from where, since when, and when they were last used."""
    with session.admin() as admin:
        page = admin.get("/sessions", operator=operator, after=after, limit=limit)
    session.result(page, lambda: _show_sessions(session, page))


@sessions_app.command("end")
@command
def end_session(
    session: Session,
    named: Annotated[str, typer.Argument(metavar="SESSION", help="The session's id, as `sessions list` shows it.")],
    reason: Reason = "",
) -> None:
    """End a session: its operator must sign in again."""
    with session.admin() as admin:
        done = admin.post(f"/sessions/{segment(named)}/end", {"reason": reason})
    words = session.words("sessions.ended", id=done["session_id"], operator=done["operator"])
    session.result(done, lambda: session.out.print(words, markup=False))


def _token_state(token: Mapping[str, Any]) -> str:
    if token["revoked_at_us"]:
        return "revoked"
    return "expired" if token["expires_at_us"] <= time.time_ns() // 1_000 else "active"


def _show_tokens(session: Session, page: Mapping[str, Any]) -> None:
    columns = ("token", "client", "role", "organisation", "permissions", "valid_until", "last", "state")
    rows = Listing(session, *columns, stacked=("permissions", "organisation"), dropped=("last",))
    for token in page["items"]:
        rows.add_row(
            display.plain(token["token_id"]),
            display.plain(token["client"]),
            display.plain(token["role"]),
            display.plain(token["organisation_id"]),
            display.plain(", ".join(token["permissions"])),
            display.when(session, token["expires_at_us"]),
            display.when(session, token["used_at_us"]),
            display.state(session, _token_state(token)),
        )
    rows.show("tokens.none")
    if page["next"]:
        session.note("tokens.more", after=page["next"])


def _show_sessions(session: Session, page: Mapping[str, Any]) -> None:
    rows = Listing(
        session, "session", "operator", "organisation", "address", "begun", "last", dropped=("organisation",)
    )
    for item in page["items"]:
        rows.add_row(
            display.plain(item["session_id"]),
            display.plain(item["operator"]),
            display.plain(item["organisation_id"]),
            display.plain(item["address"]),
            display.when(session, item["opened_at_us"]),
            display.when(session, item["used_at_us"]),
        )
    rows.show("sessions.none")
    if page["next"]:
        session.note("sessions.more", after=page["next"])
