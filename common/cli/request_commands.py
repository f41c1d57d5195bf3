"""Service requests from the command line: ask, look, follow, cancel."""

from __future__ import annotations

import json
import sys
import time
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.connection import AdminClient, segment
from common.cli.durations import parse_duration_ms
from common.cli.exits import Exit
from common.cli.request_display import show_kinds, show_request, show_requests
from common.cli.session import Misused, Session, command
from common.cli.trace import show_trace

WAIT_MS_MAX = 30_000
"""The longest that the node lets one question wait; longer waits are several questions."""

CONTENT_BYTES_MAX = 1 << 20

OPEN_STATES = ("submitted", "overdue")


class RequestState(StrEnum):
    """States of a request; on the command line without a space in it."""

    SUBMITTED = "submitted"
    OVERDUE = "overdue"
    COMPLETED = "completed"
    PARTLY_COMPLETED = "partly-completed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


app = typer.Typer(help="Service requests to other nodes: submit, follow, cancel.", no_args_is_help=True)


def request_app() -> typer.Typer:
    """The commands, for a program that adds its own to them."""
    own = typer.Typer(help=app.info.help, no_args_is_help=True)
    own.registered_commands.extend(app.registered_commands)
    return own


RequestId = Annotated[str, typer.Argument(metavar="ID", help="The request's id.", show_default=False)]
Wait = Annotated[
    str | None,
    typer.Option("--wait", metavar="TIME", help="Wait until all legs have ended, at most so long (10s, 2m)."),
]


@app.command("submit")
@command
def submit(
    session: Session,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="What is asked for; `requests kinds` lists all.")],
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="NODE", help="A node to ask, by its code; may be repeated.")
    ] = None,
    region: Annotated[
        str,
        typer.Option(
            "--region",
            metavar="REGION",
            help="Ask all nodes of a region, such as north-china; not together with --to.",
        ),
    ] = "",
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="A field of the content; may be repeated."),
    ] = None,
    json_content: Annotated[
        str,
        typer.Option("--json-content", metavar="FILE", help="The content as a JSON object; - is standard input."),
    ] = "",
    authentication: Annotated[
        str,
        typer.Option(
            "--authentication",
            metavar="HOW",
            help="How the customer was authenticated: NONE, SERVICE_PASSWORD, ONE_TIME_CODE or DOCUMENT_CHECK.",
        ),
    ] = "NONE",
    interaction: Annotated[
        str,
        typer.Option(
            "--interaction",
            metavar="UUID",
            help="The interaction with the customer; what the home province verifies counts within it alone.",
        ),
    ] = "",
    operator: Annotated[str, typer.Option("--operator", metavar="NAME", help="Who acts.")] = "",
    organisation: Annotated[str, typer.Option("--organisation", metavar="NAME", help="For which organisation.")] = "",
    channel: Annotated[str, typer.Option("--channel", metavar="NAME", help="Over which channel.")] = "",
    ttl: Annotated[
        str,
        typer.Option("--ttl", metavar="TIME", help="How long the request stays valid (30m, 2h); else the node's own."),
    ] = "",
    key: Annotated[
        str,
        typer.Option("--key", metavar="TEXT", help="Idempotency key: the same key again gives the first answer again."),
    ] = "",
    wait: Wait = None,
) -> None:
    """Ask other nodes for something.

    With --wait the exit code says how it ended: 0 completed, 6 ended otherwise, 7 not ended yet.
    """
    document = {
        "kind": kind,
        "destinations": to or [],
        "region": region,
        "content": read_content(session, json_content, assignments or []),
        "acting": {
            "operator": operator,
            "organisation": organisation,
            "channel": channel,
            "customer_authentication": authentication.upper().replace("-", "_"),
            "interaction": interaction,
        },
        "time_to_live_ms": duration_option(session, ttl, "--ttl"),
        "idempotency_key": key,
    }
    wait_ms = None if wait is None else duration_option(session, wait, "--wait")
    with session.admin() as client:
        submitted = client.post("/requests", document)
        if not client.online:
            session.note("requests.not_sent_yet")
        if wait_ms is None:
            session.result(submitted, lambda: _show_submitted(session, submitted))
            return
        _show_when_ended(session, client, submitted["request_id"], wait_ms)


def _show_submitted(session: Session, submitted: Any) -> None:
    key = "requests.submitted_before" if submitted.get("repeated") else "requests.submitted"
    nodes = ", ".join(display.node_name(session, node) for node in submitted["destinations"])
    session.out.print(session.words(key, nodes=nodes), markup=False)
    session.out.print(submitted["request_id"], style="bold")


@app.command("list")
@command
def list_requests(
    session: Session,
    state: Annotated[
        RequestState | None, typer.Option("--state", case_sensitive=False, help="Only those in this state.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="At most so many.")] = 50,
    before: Annotated[
        str | None, typer.Option("--before", metavar="ID", help="Only those older than this one.")
    ] = None,
) -> None:
    """List this node's requests, the newest first."""
    with session.admin() as client:
        page = client.get("/requests", state=state and state.replace("-", " "), limit=limit, before=before)
    session.result(page, lambda: show_requests(session, page))


@app.command("show")
@command
def show(session: Session, request_id: RequestId, wait: Wait = None) -> None:
    """Show a request with its legs and their answers.

    With --wait the exit code says how it ended: 0 completed, 6 ended otherwise, 7 not ended yet.
    """
    wait_ms = None if wait is None else duration_option(session, wait, "--wait")
    with session.admin() as client:
        if wait_ms is not None:
            _show_when_ended(session, client, request_id, wait_ms)
            return
        found = client.get(f"/requests/{segment(request_id)}")
    session.result(found, lambda: show_request(session, found))


@app.command("trace")
@command
def trace(session: Session, request_id: RequestId) -> None:
    """Show where a request's time went: each step, its node, and what passed since the step before.

    Works at the node that asked, at HQ, and at the nodes that were asked.
    """
    with session.admin() as client:
        found = client.get(f"/requests/{segment(request_id)}/trace")
    session.result(found, lambda: show_trace(session, found))


@app.command("cancel")
@command
def cancel(
    session: Session,
    request_id: RequestId,
    to: Annotated[str, typer.Option("--to", metavar="NODE", help="Only the leg at this node.")] = "",
) -> None:
    """Ask HQ to cancel a request's open legs. What arrives there first counts."""
    with session.admin() as client:
        asked = client.post(f"/requests/{segment(request_id)}/cancel", {"destination": to})
    document = {"request_id": request_id, **(asked if isinstance(asked, dict) else {})}
    session.result(document, lambda: _show_cancelled(session, document))


def _show_cancelled(session: Session, document: dict[str, Any]) -> None:
    waiting = [display.node_name(session, node) for node in document.get("waiting_here") or ()]
    key = "requests.cancel_waits" if waiting else "requests.cancel_asked"
    said = session.words(key, request_id=document["request_id"], nodes=", ".join(waiting))
    session.out.print(said, markup=False)


@app.command("kinds")
@command
def kinds(session: Session) -> None:
    """List what can be asked of other nodes: what it does, what it needs, and the fields of each.

    It says, too, for which kinds the customer must be authenticated.
    """
    described = [describe_kind(session, kind) for kind in session.program.kinds() if not kind.by_node_alone]
    session.result({"items": described}, lambda: show_kinds(session, described))


def describe_kind(session: Session, kind: Any) -> dict[str, Any]:
    """A kind of request as plain data."""
    return {
        "kind": kind.alias,
        "name": kind.name,
        "served_here": kind.serve is not None,
        "does": session.words.name("does", kind.alias),
        "needs": list(kind.needs),
        "needs_authentication": kind.needs_authentication,
        "fields": _fields(kind.request, private=False) + _fields(kind.private_request, private=True),
        "answer": _fields(kind.response, private=False) + _fields(kind.private_response, private=True),
    }


def _fields(message_type: Any, *, private: bool) -> list[dict[str, Any]]:
    if message_type is None:
        return []
    # Imported here: protobuf costs more time than most commands.
    from common.requests.content import type_name

    return [
        {"name": field.name, "type": type_name(field), "private": private} for field in message_type.DESCRIPTOR.fields
    ]


def read_content(session: Session, json_content: str, assignments: list[str]) -> dict[str, Any]:
    """The content of a request: the JSON object, with the assignments put over it."""
    content: dict[str, Any] = {}
    if json_content:
        try:
            if json_content == "-":
                text = sys.stdin.read(CONTENT_BYTES_MAX)
            else:
                with Path(json_content).open(encoding="utf-8-sig") as file:
                    text = file.read(CONTENT_BYTES_MAX)
            read = json.loads(text)
        except (OSError, ValueError) as error:
            detail = error.strerror if isinstance(error, OSError) else str(error)
            raise Misused(session.words("usage.content_unreadable", file=json_content, detail=detail)) from error
        if not isinstance(read, dict):
            raise Misused(session.words("usage.content_no_object"))
        content = read
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not name.strip() or not equals:
            raise Misused(session.words("usage.not_an_assignment", given=assignment))
        content[name.strip()] = value
    return content


def duration_option(session: Session, text: str, option: str) -> int:
    """An option's length of time in milliseconds; 0 where it was not given."""
    if not text:
        return 0
    try:
        return parse_duration_ms(text)
    except ValueError as error:
        raise Misused(session.words("usage.not_a_duration", given=text)) from error


def _show_when_ended(session: Session, client: AdminClient, request_id: str, wait_ms: int) -> None:
    """Waits for the end of a request, shows what it has come to, and ends with the exit code that says so."""
    # Without a running node nothing moves: there is nothing to wait for.
    found = _wait(session, client, request_id, wait_ms if client.online else 0)
    session.result(found, lambda: show_request(session, found))
    if found["state"] in OPEN_STATES:
        session.note("requests.not_ended", request_id=request_id)
        session.end(Exit.NOT_ENDED)
    session.end(Exit.OK if found["state"] == "completed" else Exit.ENDED_OTHERWISE)


def _wait(session: Session, client: AdminClient, request_id: str, wait_ms: int) -> Any:
    give_up = time.monotonic() + wait_ms / 1000
    try:
        with session.err.status(session.words("requests.waiting")) if session.err.is_terminal else nullcontext():
            while True:
                left_ms = max(0, round((give_up - time.monotonic()) * 1000))
                step_ms = min(left_ms, WAIT_MS_MAX)
                found = client.get(f"/requests/{segment(request_id)}", timeout_s=step_ms / 1000 + 30, wait_ms=step_ms)
                if found["state"] not in OPEN_STATES or step_ms == left_ms:
                    return found
    except KeyboardInterrupt:
        session.note("requests.wait_interrupted", request_id=request_id)
        raise
