"""What needs a second person: who asked for it, what it would change, and how it was decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.connection import segment
from common.cli.exits import Exit
from common.cli.listing import Listing
from common.cli.session import Session, command

app = typer.Typer(help="What needs a second person: look at it, approve or refuse it.", no_args_is_help=True)

Approval = Annotated[
    str, typer.Argument(metavar="APPROVAL", help="The id of the request, as `approvals list` shows it.")
]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept with the request and in the audit log.")]


@app.command("list")
@command
def list_approvals(
    session: Session,
    state: Annotated[
        str,
        typer.Option(
            "--state",
            metavar="STATE",
            help="Only these: pending, carried-out, failed, refused, withdrawn or expired.",
        ),
    ] = "",
    asker: Annotated[str, typer.Option("--asker", metavar="NAME", help="Only what this one has asked for.")] = "",
    before: Annotated[str, typer.Option("--before", metavar="APPROVAL", help="Only requests before this one.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many at most.")] = 50,
) -> None:
    """List requests for approval, the latest first."""
    with session.admin() as client:
        page = client.get("/approvals", state=state, asker=asker, before=before, limit=limit)
    session.result(page, lambda: _show_list(session, page))


@app.command("show")
@command
def show(session: Session, approval: Approval) -> None:
    """Show a request: what it would change, who asked for it and why, and how it was decided, by whom, and for whom."""
    with session.admin() as client:
        found = client.get(f"/approvals/{segment(approval)}")
    session.result(found, lambda: _show_one(session, found))


@app.command("approve")
@command
def approve(session: Session, approval: Approval, reason: Why = "") -> None:
    """Agree to what somebody else has asked for: it is carried out at once, as theirs.

    Ends with 1 where it was agreed to, but a rule says no by now.
    """
    _decide(session, approval, "approve", reason)


@app.command("refuse")
@command
def refuse(session: Session, approval: Approval, reason: Why) -> None:
    """Do not agree to what somebody else has asked for; it is never carried out."""
    _decide(session, approval, "refuse", reason)


@app.command("withdraw")
@command
def withdraw(session: Session, approval: Approval, reason: Why = "") -> None:
    """Take back what was asked for from this machine."""
    _decide(session, approval, "withdraw", reason)


@app.command("break-glass")
@command
def break_glass(session: Session, approval: Approval, reason: Why) -> None:
    """Carry it out though nobody has agreed, in an emergency. An alarm tells of it.

    Ends with 1 where a rule says no.
    """
    _decide(session, approval, "break-glass", reason)


def _decide(session: Session, approval: str, event: str, reason: str) -> None:
    with session.admin() as client:
        found = client.post(f"/approvals/{segment(approval)}/{event}", {"reason": reason})
    facts = {"approval": found["approval_id"], "action": found["action"], "record": found["record"] or display.NOTHING}
    words = session.words(f"approvals.{found['state']}", **facts, asker=found["asker"], code=found["failure"])
    session.result(found, lambda: session.out.print(words, markup=False, soft_wrap=True))
    if found["failure"]:
        session.end(Exit.REFUSED)


def _show_list(session: Session, page: Mapping[str, Any]) -> None:
    columns = ("approval", "state", "action", "record", "asker", "asked", "expires", "decider")
    rows = Listing(session, *columns, dropped=("expires", "decider"))
    for item in page["items"]:
        rows.add_row(
            display.plain(item["approval_id"]),
            display.state(session, item["state"]),
            display.plain(item["action"]),
            display.plain(item["record"]),
            display.plain(item["asker"]),
            display.when(session, item["asked_at_us"]),
            display.when(session, item["expires_at_us"]),
            display.plain(_decider(session, item)),
        )
    rows.show("approvals.none")
    if page["next"]:
        session.note("approvals.more", before=page["next"])


def _decider(session: Session, item: Mapping[str, Any]) -> str:
    if not item["decided_for"]:
        return str(item["decider"])
    return session.words("approvals.decided_for", decider=item["decider"], absent=item["decided_for"])


def _show_one(session: Session, found: Mapping[str, Any]) -> None:
    words, facts = session.words, display.facts_table()
    facts.add_row(words("column.approval"), display.plain(found["approval_id"]))
    facts.add_row(words("column.state"), display.state(session, found["state"]))
    facts.add_row(words("column.action"), display.plain(found["action"]))
    facts.add_row(words("column.record"), display.plain(found["record"]))
    facts.add_row(words("column.asker"), display.plain(found["asker"]))
    facts.add_row(words("column.organisation"), display.plain(found["organisation_id"]))
    facts.add_row(words("column.reason"), display.plain(found["reason"]))
    facts.add_row(words("column.asked"), display.when(session, found["asked_at_us"]))
    facts.add_row(words("column.expires"), display.when(session, found["expires_at_us"]))
    if found["decided_at_us"]:
        facts.add_row(words("column.decider"), display.plain(_decider(session, found)))
        facts.add_row(words("column.decided"), display.when(session, found["decided_at_us"]))
        facts.add_row(words("column.decision_reason"), display.plain(found["decision_reason"]))
    if found["failure"]:
        facts.add_row(words("column.failure"), display.plain(found["failure"]))
    session.out.print(facts)
    change = found["change"]
    before, after = change.get("before") or {}, change.get("after") or {}
    if not (before or after):
        return
    session.out.print()
    rows = Listing(session, "field", "before", "after", stacked=("before", "after"))
    for name in sorted({*before, *after}):
        rows.add_row(display.plain(name), _value(before.get(name)), _value(after.get(name)))
    rows.show()


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return display.plain(", ".join(map(str, value)))
    return display.plain("" if value is None else str(value))
