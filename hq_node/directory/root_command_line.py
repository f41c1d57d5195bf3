"""The root key from the command line: taken away from HQ, and used where it is kept.

`sign` and `rotate` need neither a data directory nor a network.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.cli.noting import noted
from common.cli.passphrases import given_passphrase
from common.cli.session import Misused, Session, command
from hq_node.directory.draft_command_line import Out, show_changes, write_file

if TYPE_CHECKING:
    from hq_node.directory.root_key_file import RootKeyFile
    from hq_node.directory.root_signing import Judged

app = typer.Typer(help="The federation's root key: keep it away from HQ, and sign there.", no_args_is_help=True)

PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file", metavar="FILE", help="The file with the root key's passphrase; else it is asked."
    ),
]
KeyFile = Annotated[Path, typer.Option("--key", metavar="FILE", help="The root key's file.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask whether it shall be.")]


@app.command("export")
@command
def export(session: Session, out: Out, passphrase_file: PassphraseFile = None) -> None:
    """Write HQ's root key into a file of its own, encrypted under a passphrase. HQ keeps it until `root forget`."""
    session.require_node()
    bootstrap: Any = session.program.bootstrap()
    passphrase = given_passphrase(session, passphrase_file, "root.new_passphrase", new=True)
    with noted(session, "root-export") as deed:
        key_id = deed.record = bootstrap.export_root(session.data_dir, out, passphrase)
    document = {"key_id": key_id, "file": str(out)}
    words = session.words("root.exported", key=key_id, file=out)
    session.result(document, lambda: session.out.print(words, markup=False))
    session.note("root.next_forget", file=out)


@app.command("forget")
@command
def forget(
    session: Session,
    exported: Annotated[Path, typer.Option("--exported", metavar="FILE", help="The file that `root export` wrote.")],
    passphrase_file: PassphraseFile = None,
    yes: Yes = False,
) -> None:
    """Take the root key out of HQ, once the exported file has proved to hold it.

    From then on each change of the directory waits for `root sign`. On each replica of HQ with a copy of the keys
    separately.
    """
    from hq_node.directory.key_desk import forget_statement

    signer = _open(session, exported, passphrase_file).signer
    statement = {
        "public_key": signer.public_key.hex(),
        "signature": signer.sign(forget_statement(signer.public_key)).hex(),
    }
    if not yes:
        _confirm(session, "root.confirm_forget", key=signer.key_id, file=exported)
    with session.admin() as client:
        document = client.post("/directory/forget-root", statement)
    words = session.words("root.forgotten", key=signer.key_id)
    session.result(document | {"key_id": signer.key_id}, lambda: session.out.print(words, markup=False))


@app.command("import")
@command
def import_key(
    session: Session,
    exported: Annotated[Path, typer.Argument(metavar="FILE", help="The root key's file.")],
    passphrase_file: PassphraseFile = None,
) -> None:
    """Bring the root key back into HQ, which signs directories by itself again. HQ may be running.

    Refused are: a key that is not the one in force, and one that has signed a directory which HQ does not have yet.
    What waits for a signature is signed within a minute. Put the file away again, or destroy it.
    """
    session.require_node()
    bootstrap: Any = session.program.bootstrap()
    passphrase = given_passphrase(session, passphrase_file, "root.passphrase")
    with noted(session, "root-import") as deed:
        key_id = deed.record = bootstrap.import_root(session.data_dir, exported, passphrase)
    words = session.words("root.imported", key=key_id)
    session.result({"key_id": key_id}, lambda: session.out.print(words, markup=False))


@app.command("sign")
@command
def sign(
    session: Session,
    draft: Annotated[Path, typer.Argument(metavar="FILE", help="What hq-node directory export wrote.")],
    key: KeyFile,
    out: Out,
    passphrase_file: PassphraseFile = None,
    yes: Yes = False,
) -> None:
    """Sign the next directory, where the root key is kept. Shows what it changes, and asks.

    Refused are: another federation's draft, one that was altered, a fork, a way back, a version left out. Needs no data
    directory. Where nobody can be asked (no terminal, or --json), --yes must be given.
    """
    from common.directory.signing import sign_bytes
    from hq_node.directory.exchange import encode_signed, read_draft
    from hq_node.directory.root_signing import judge_draft

    file = read_draft(draft)
    root = _open(session, key, passphrase_file)
    judged = judge_draft(file, root)
    document = _described(judged)
    if not session.as_json:
        show_changes(session, document["changes"])
    if judged.signed_before:
        session.note("root.signed_before", version=judged.directory.version)
    elif not yes:
        _confirm(session, "root.confirm_sign", version=judged.directory.version)
    # What was signed is noted before the signature leaves: after a crash the same draft is signed again, no other.
    root.signed(judged.directory.version, judged.directory.hash).store(key)
    signed = sign_bytes(file.directory, root.signer).SerializeToString()
    summary = {language: [change[language] for change in document["changes"]] for language in ("en", "zh")}
    write_file(session, out, encode_signed(signed, summary))
    words = session.words("root.signed", version=judged.directory.version, file=out)
    session.result(document | {"file": str(out)}, lambda: session.out.print(words, markup=False))
    session.note("root.next_import", file=out)


@app.command("rotate")
@command
def rotate(
    session: Session,
    key: KeyFile,
    next_key: Annotated[Path, typer.Option("--next-key", metavar="FILE", help="The next root key's file, to be made.")],
    out: Out,
    passphrase_file: PassphraseFile = None,
    next_passphrase_file: Annotated[
        Path | None,
        typer.Option("--next-passphrase-file", metavar="FILE", help="The file with the next key's passphrase."),
    ] = None,
) -> None:
    """Make the next root key where the root is kept, signed by this one. Bring the file to HQ: directory import-root.

    The next key signs the directory that names it. Keep this one until that directory is published.
    """
    from hq_node.directory.exchange import encode_successor
    from hq_node.directory.root_key_file import make_successor

    root = _open(session, key, passphrase_file)
    passphrase = given_passphrase(session, next_passphrase_file, "root.new_passphrase", new=True)
    successor, statement = make_successor(root, passphrase)
    successor.create(next_key)
    write_file(session, out, encode_successor(statement))
    document = {"key_id": successor.signer.key_id, "next_key": str(next_key), "file": str(out)}
    words = session.words("root.rotated", key=successor.signer.key_id, file=next_key)
    session.result(document, lambda: session.out.print(words, markup=False))
    session.note("root.next_root", file=out)


def _open(session: Session, path: Path, passphrase_file: Path | None) -> RootKeyFile:
    from hq_node.directory.root_key_file import open_root_key

    return open_root_key(path, given_passphrase(session, passphrase_file, "root.passphrase"))


def _confirm(session: Session, words: str, **facts: Any) -> None:
    """Asks whether it shall be. Raises Misused where there is nobody to ask."""
    if session.as_json or not sys.stdin.isatty():
        raise Misused(session.words("usage.root_not_confirmed"))
    typer.confirm(session.words(words, **facts), abort=True)


def _described(judged: Judged) -> dict[str, Any]:
    return {
        "version": judged.directory.version,
        "hash": judged.directory.hash.hex(),
        "changes": [{"en": change.en, "zh": change.zh, "grave": change.grave} for change in judged.changes],
    }
