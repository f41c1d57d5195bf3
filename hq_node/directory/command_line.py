"""The nodes of the federation from HQ's command line: invite, list, approve; suspend, resume, revoke."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.connection import AdminClient, segment
from common.cli.listing import Listing
from common.cli.session import Misused, Session, command

app = typer.Typer(help="Nodes of the federation: invite, list, approve, suspend, resume, revoke.", no_args_is_help=True)

WAITING = "waiting"
ACTIVE = "active"

NodeCode = Annotated[str, typer.Argument(metavar="NODE", help="The node's code (GB/T 2260), such as 44.")]


@app.command("invite")
@command
def invite(
    session: Session,
    node: NodeCode,
    valid_hours: Annotated[int, typer.Option("--valid-hours", min=1, help="How long the invitation can be used.")] = 72,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", dir_okay=False, help="Write it into a file that only you can read."),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask whether a node that takes part already shall be invited.")
    ] = False,
) -> None:
    """Invite a province. The invitation is shown once; an earlier one for the same node becomes invalid.

    It is a secret: hand it over by a way that nobody else reads. A node that takes part already is invited again only
    where its certificate has run out; where nobody can be asked (no terminal, or --json), --yes must then be given.
    """
    with session.admin() as client:
        if not yes and _state_of(client, node) == ACTIVE:
            _confirm_invitation(session, node)
        # Before it is asked for: an invitation makes earlier ones invalid, and is told once.
        with _secret_file(session, out) as write:
            answer = client.post("/nodes/invitations", {"node": node, "valid_hours": valid_hours})
            document = {"node": node, **answer}
            if out is not None:
                write(str(document.pop("invitation")))
                document["file"] = str(out)
    session.result(document, lambda: _show_invitation(session, document, valid_hours))


@contextmanager
def _secret_file(session: Session, path: Path | None) -> Iterator[Callable[[str], None]]:
    """A file that nobody else can read, not even for a moment, and what writes into it. A new one does not stay where
    there was nothing to write."""
    if path is None:
        yield lambda _text: None
        return
    was_there = path.exists()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        detail = session.words("usage.file_unwritable", file=path, detail=error.strerror)
        raise Misused(detail) from error
    with open(descriptor, "w", encoding="utf-8") as file:
        written = False

        def write(text: str) -> None:
            nonlocal written
            os.fchmod(descriptor, 0o600)
            file.truncate()
            file.write(text + "\n")
            written = True

        try:
            yield write
        finally:
            if not written and not was_there:
                path.unlink()


def _show_invitation(session: Session, document: Mapping[str, Any], valid_hours: int) -> None:
    if "invitation" in document:
        # As it is, in one line, so that it can be copied or sent through a pipe.
        sys.stdout.write(f"{document['invitation']}\n")
    else:
        session.out.print(session.words("nodes.invitation_written", file=document["file"]), markup=False)
    session.note("nodes.invited", node=display.node_name(session, document["node"]), hours=valid_hours)


@app.command("list")
@command
def list_nodes(session: Session) -> None:
    """List the nodes: those that take part, and those on their way in."""
    with session.admin() as client:
        page = client.get("/nodes")
    session.result(page, lambda: _show_nodes(session, page))


def _show_nodes(session: Session, page: Mapping[str, Any]) -> None:
    columns = ("node", "state", "signing_key_id", "software_version", "invited", "asked", "approved")
    rows = Listing(session, *columns, dropped=("software_version", "asked", "invited", "approved"))
    for node in page["items"]:
        rows.add_row(
            display.plain(display.node_name(session, node["node"])),
            display.state(session, node["state"]),
            display.plain(node.get("signing_key_id")),
            display.plain(node.get("software_version")),
            display.when(session, node.get("invited_at_us")),
            display.when(session, node.get("requested_at_us")),
            display.when(session, node.get("approved_at_us")),
        )
    rows.show("nodes.none")


@app.command("approve")
@command
def approve(
    session: Session,
    node: NodeCode,
    signing_key: Annotated[
        str, typer.Option("--key", metavar="ID", help="The key that the province reads out; approve no other.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether the keys are the same.")] = False,
) -> None:
    """Let a waiting province in.

    Compare the key that waits with the one that the province's `enrol` shows, over the telephone for instance: somebody
    else may have asked. Where nobody can be asked (no terminal, or --json), --key or --yes must be given.
    """
    with session.admin() as client:
        if not signing_key:
            signing_key = _waiting_key(client, node)
            if signing_key and not yes:
                _confirm_key(session, node, signing_key)
        # The key goes along in any case: between the question and the answer another one may have come to wait.
        answer = client.post(f"/nodes/{segment(node)}/approve", {"signing_key_id": signing_key})
    document = {"node": node, "signing_key_id": signing_key, **(answer if isinstance(answer, dict) else {})}
    session.result(document, lambda: _show_approved(session, document))
    _note_waiting(session, document)


Reason = Annotated[str, typer.Option("--reason", help="Why; it is recorded with your name, and every node sees it.")]
Operator = Annotated[str, typer.Option("--operator", help="Who decides.")]


@app.command("suspend")
@command
def suspend(session: Session, node: NodeCode, reason: Reason, operator: Operator = "admin") -> None:
    """Shut a province out until it is resumed. Its connection is cut at once; its keys stay valid."""
    _state(session, "suspend", node, reason, operator)


@app.command("resume")
@command
def resume(session: Session, node: NodeCode, reason: Reason, operator: Operator = "admin") -> None:
    """Let a suspended province in again, with the keys that it has."""
    _state(session, "resume", node, reason, operator)


@app.command("revoke")
@command
def revoke(
    session: Session,
    node: NodeCode,
    reason: Reason,
    operator: Operator = "admin",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it shall be.")] = False,
) -> None:
    """Shut a province out for good: its keys end now. It can come back only with new keys, by a new invitation.

    For keys that were lost or stolen. What was admitted before stays valid; nothing after. Where nobody can be asked
    (no terminal, or --json), --yes must be given.
    """
    if not yes:
        _confirm_revocation(session, node)
    _state(session, "revoke", node, reason, operator)


@app.command("end-legs")
@command
def end_legs(session: Session, node: NodeCode, reason: Reason, operator: Operator = "admin") -> None:
    """End what was forwarded to a revoked province and will never be answered, with the reason HOME_LOST.

    Only after its revocation: a node that may still answer ends its legs itself.
    """
    with session.admin() as client:
        document = client.post(f"/nodes/{segment(node)}/end-legs", {"reason": reason, "by": operator})
    name = display.node_name(session, node)
    session.result(
        document,
        lambda: session.out.print(
            session.words("nodes.legs_ended", node=name, count=document["ended_legs"]), markup=False
        ),
    )


def _state(session: Session, verb: str, node: str, reason: str, operator: str) -> None:
    with session.admin() as client:
        document = client.post(f"/nodes/{segment(node)}/{verb}", {"reason": reason, "by": operator})

    def show() -> None:
        state = display.state(session, document["state"])
        words = session.words(
            "nodes.stated", node=display.node_name(session, node), version=document["directory_version"]
        )
        session.out.print(state, words)

    session.result(document, show)
    _note_waiting(session, document)


def _note_waiting(session: Session, document: Mapping[str, Any]) -> None:
    """Where the root key is kept elsewhere, what was decided is not what the other nodes know yet."""
    if document.get("waits_for_root"):
        session.note("directory.waits", version=document["directory_version"])


def _confirm_key(session: Session, node: str, signing_key: str) -> None:
    """Asks whether the keys are the same. Raises Misused where there is nobody to ask: a key that no one compared must
    not be let in because a script forgot to say so."""
    if session.as_json or not sys.stdin.isatty():
        raise Misused(session.words("usage.key_not_compared", key=signing_key))
    name = display.node_name(session, node)
    typer.confirm(session.words("nodes.confirm_key", node=name, key=signing_key), abort=True)


def _confirm_revocation(session: Session, node: str) -> None:
    """Asks whether it shall be. Raises Misused where there is nobody to ask: nothing brings those keys back."""
    name = display.node_name(session, node)
    if session.as_json or not sys.stdin.isatty():
        raise Misused(session.words("usage.revocation_not_confirmed", node=name))
    typer.confirm(session.words("nodes.confirm_revoke", node=name), abort=True)


def _confirm_invitation(session: Session, node: str) -> None:
    """Asks whether a node that is in the federation shall be invited. Raises Misused where there is nobody to ask."""
    name = display.node_name(session, node)
    if session.as_json or not sys.stdin.isatty():
        raise Misused(session.words("usage.invitation_not_confirmed", node=name))
    typer.confirm(session.words("nodes.confirm_invite", node=name), abort=True)


def _state_of(client: AdminClient, node: str) -> str:
    return next((str(item["state"]) for item in client.get("/nodes")["items"] if item["node"] == node), "")


def _waiting_key(client: AdminClient, node: str) -> str:
    for item in client.get("/nodes")["items"]:
        if item["node"] == node and item["state"] == WAITING:
            return str(item.get("signing_key_id") or "")
    return ""


def _show_approved(session: Session, document: Mapping[str, Any]) -> None:
    name = display.node_name(session, document["node"])
    session.out.print(session.words("nodes.approved", node=name, key=document["signing_key_id"]), markup=False)
