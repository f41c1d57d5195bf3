"""Evidence: export what proves a request, and check such a file without any node."""

from __future__ import annotations

import binascii
import os
from base64 import b64decode
from pathlib import Path
from typing import Annotated, Any

import typer

from common.cli.connection import AnswerUnreadable, segment
from common.cli.exits import Exit
from common.cli.session import Misused, Session, command

app = typer.Typer(help="Evidence: export what proves a request, check such a file.", no_args_is_help=True)

SUFFIX = ".evidence"
EXPORT_TIMEOUT_S = 300.0
"""A request that lived for weeks has a long stretch of the journals searched."""


@app.command("export")
@command
def export(
    session: Session,
    request_id: Annotated[str, typer.Argument(metavar="ID", help="The request's id.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", dir_okay=False, help="Where to write it; else ID.evidence, here."),
    ] = None,
    private_bodies: Annotated[
        bool, typer.Option("--private-bodies", help="Take the ciphertexts of personal data along.")
    ] = False,
) -> None:
    """Write into one file all that this node holds to prove a request: signed statements, seals, stamps, keys.

    Works at the node that asked, at HQ, and at the nodes that were asked; HQ holds the most.
    """
    wish = {"private_bodies": "true"} if private_bodies else {}
    with session.admin() as client:
        answer = client.get(f"/evidence/{segment(request_id)}", EXPORT_TIMEOUT_S, **wish)
    try:
        content = b64decode(answer["file"], validate=True)
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise AnswerUnreadable(route="/evidence", detail="file") from error
    path = out or Path(f"{answer['request_id']}{SUFFIX}")
    _write(session, path, content)
    document = {"request_id": answer["request_id"], "file": str(path), "bytes": len(content)}
    said = session.words("evidence.exported", **document)
    undated = _undated(content)
    session.result({**document, "undated": undated}, lambda: session.out.print(said, markup=False))
    for node in undated:
        session.note("evidence.undated", node=node)


@app.command("verify")
@command
def verify(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The evidence file.", dir_okay=False)],
    root: Annotated[
        list[str],
        typer.Option("--root", metavar="KEY", help="The root key (hexadecimal or base64); may be repeated."),
    ],
) -> None:
    """Check an evidence file with the root key alone: no node, no database, no network.

    Says who asked, what HQ stamped, who answered, what was decided, and for each the signature that bears it. Ends with
    0 when everything is proved, with 1 when something is missing or wrong. `python -m common.evidence.verifier` does
    the same where nothing else of this software is installed.
    """
    # Signatures are not needed by any other command; their library takes a while to import.
    from common.evidence.story import story_text
    from common.evidence.verifier import PROVED, parse_root_key, read_file, verify_evidence

    try:
        roots = [parse_root_key(key) for key in root]
    except ValueError as error:
        raise Misused(session.words("usage.root_key")) from error
    try:
        content = read_file(str(file))
    except OSError as error:
        raise Misused(session.words("usage.file_unreadable", file=file, detail=error.strerror)) from error
    verdict = verify_evidence(content, roots)
    document = verdict.to_dict(session.language)
    _add_contents(session, document)
    session.result(document, lambda: _show(session, list(story_text(document, session.language))))
    if verdict.verdict != PROVED:
        session.end(Exit.REFUSED)


def _add_contents(session: Session, document: dict[str, Any]) -> None:
    """What was asked and answered, in the fields of its kind, where this program knows the kind: `content` beside the
    bytes of `body`, which are what was signed."""
    from common.requests.registry import MalformedRequest

    kinds = {kind.name: kind for kind in session.program.kinds()}
    for said in (each["said"] for leg in document["legs"] for each in leg["statements"] if each["said"]):
        kind, body = kinds.get(said["kind"]), bytes.fromhex(said["body"])
        if kind is None or said["what"] not in ("asked", "answered") or not body:
            continue
        try:
            said["content"] = (
                kind.describe_request(body) if said["what"] == "asked" else kind.describe_response(body, b"")
            )
        except MalformedRequest:
            # Signed all the same; the bytes stay as they are.
            continue


def _undated(content: bytes) -> list[str]:
    """The nodes whose answers in the file nothing of HQ dates yet."""
    from common.evidence.container import unpack
    from common.evidence.undated import undated_answers

    return undated_answers(unpack(content))


def _show(session: Session, lines: list[str]) -> None:
    for line in lines:
        session.out.print(line, markup=False)


def _write(session: Session, path: Path, content: bytes) -> None:
    """Evidence names people who acted and what they did: it is for whoever asked for it alone."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        detail: Any = session.words("usage.file_unwritable", file=path, detail=error.strerror)
        raise Misused(detail) from error
    with open(descriptor, "wb") as file:
        file.write(content)
