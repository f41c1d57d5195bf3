"""The directory at HQ from the command line: what is published, what waits for the root's signature, and the files that
go to the root and come back."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.session import Misused, Session, command

app = typer.Typer(
    help="The directory: show it, and have it signed by a root key that is kept elsewhere.", no_args_is_help=True
)

Out = Annotated[Path, typer.Option("--out", metavar="FILE", dir_okay=False, help="The file to write.")]


@app.command("show")
@command
def show(session: Session) -> None:
    """Show the directory's version and validity, and what waits for the root's signature."""
    with session.admin() as client:
        document = client.get("/directory")
    session.result(document, lambda: _show(session, document))


@app.command("export")
@command
def export(
    session: Session,
    out: Out,
    form: Annotated[
        str, typer.Option("--hash", metavar="HASH", help="A form that was exported before, by the hash's beginning.")
    ] = "",
) -> None:
    """Write the next directory, unsigned, into a file for the machine where the root key is kept.

    There: hq-node root sign. The same file again as long as nothing else is decided.
    """
    from hq_node.directory.exchange import DraftFile, encode_draft

    with session.admin() as client:
        answer = client.post("/directory/export", {"hash": form})
    directory, previous, signature = (
        base64.b64decode(answer.pop(name)) for name in ("directory", "previous", "hq_signature")
    )
    draft = DraftFile(directory, previous, answer.pop("hq_key_id"), signature)
    summary = {language: [change[language] for change in answer["changes"]] for language in ("en", "zh")}
    write_file(session, out, encode_draft(draft, summary))
    document = answer | {"file": str(out)}
    session.result(document, lambda: _show_exported(session, document))


@app.command("import-signed")
@command
def import_signed(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What hq-node root sign wrote.")],
) -> None:
    """Publish the directory that the root signed. What was decided since it was exported remains to be signed."""
    from hq_node.directory.exchange import read_signed

    signed = base64.b64encode(read_signed(file)).decode("ascii")
    with session.admin() as client:
        document = client.post("/directory/import-signed", {"signed": signed})
    words = session.words("directory.published", version=document["directory_version"])
    session.result(document, lambda: session.out.print(words, markup=False))
    if document["draft_version"]:
        session.note("directory.waits", version=document["draft_version"])


@app.command("import-root")
@command
def import_root(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What hq-node root rotate wrote.")],
) -> None:
    """Name the next root key, which was made where the root is kept, in the next directory."""
    from hq_node.directory.exchange import read_successor

    successor = read_successor(file)
    statement = {"public_key": successor.public_key.hex(), "signature": successor.signature.hex()}
    with session.admin() as client:
        document = client.post("/directory/next-root", statement)
    words = session.words("directory.next_root", version=document["directory_version"])
    session.result(document, lambda: session.out.print(words, markup=False))
    session.note("directory.waits", version=document["directory_version"])


def write_file(session: Session, path: Path, content: bytes) -> None:
    """Writes a file that an operator named. Raises Misused."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Misused(session.words("usage.file_unwritable", file=path, detail=error.strerror)) from error


def show_changes(session: Session, changes: list[Mapping[str, Any]]) -> None:
    """What a draft changes, line by line; what is grave stands out."""
    for change in changes:
        text = change["zh" if session.language.startswith("zh") else "en"]
        session.out.print(f"  - {text}", style="bold" if change["grave"] else None, markup=False)


def _show(session: Session, document: Mapping[str, Any]) -> None:
    facts = display.facts_table()
    for name in ("version", "hash"):
        facts.add_row(session.words.name("column", name), display.plain(document[name]))
    for name in ("issued_at", "valid_until"):
        facts.add_row(session.words.name("column", name), display.moment(document[f"{name}_us"]))
    session.out.print(facts)
    draft = document["draft"]
    if draft is None:
        session.note("directory.nothing_waits")
        return
    session.out.print(session.words("directory.waiting", version=draft["version"], hash=draft["hash"][:16]))
    show_changes(session, draft["changes"])
    for exported in draft["exports"]:
        at = display.moment(exported["exported_at_us"])
        session.note("directory.exported_before", hash=exported["hash"][:16], at=at)
    session.note("directory.next")


def _show_exported(session: Session, document: Mapping[str, Any]) -> None:
    words = session.words("directory.exported", version=document["version"], file=document["file"])
    session.out.print(words, markup=False)
    show_changes(session, document["changes"])
    session.note("directory.next_sign", file=document["file"])
