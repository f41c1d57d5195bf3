"""Backups of this node: make one, list them, prove that one could be restored, restore it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.cli import display
from common.cli.exits import Exit
from common.cli.listing import Listing
from common.cli.noting import noted
from common.cli.progress import Bar, progress_bar
from common.cli.session import Session, command

if TYPE_CHECKING:
    from common.backup.creating import Progress
    from common.backup.secrets import Secret
    from common.backup.settings import BackupSettings
    from common.program.data_directory import DataDirectory

app = typer.Typer(help="Backups: create, list, verify, restore.", no_args_is_help=True)

MEBIBYTE = 1_048_576

File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.", dir_okay=False)]
Directory = Annotated[
    Path | None,
    typer.Option(
        "--directory", metavar="DIR", help="Where backups lie, in place of backup.directory.", file_okay=False
    ),
]
PassphraseFile = Annotated[
    Path | None, typer.Option("--passphrase-file", metavar="FILE", help="The file with the backup's passphrase.")
]
KeyFile = Annotated[
    Path | None, typer.Option("--key-file", metavar="FILE", help="The key file, in place of a passphrase.")
]
DatabaseUrl = Annotated[
    str,
    typer.Option("--database-url", metavar="URL", help="An empty PostgreSQL database, for a backup of such a one."),
]


@app.command("create")
@command
def create(
    session: Session,
    directory: Directory = None,
    passphrase_file: PassphraseFile = None,
    key_file: KeyFile = None,
) -> None:
    """Make a backup of this node, encrypted: database, keys, settings, archives. The node may be running.

    It shows one moment of the database, however long it takes. Interrupted, it leaves nothing behind.
    """
    from common.backup.creating import create_backup
    from common.clock import SystemClock

    data, code, settings = _node_of(session)
    kind = session.program.bootstrap().KIND
    with noted(session, "backup-create") as deed:
        secret = _secret(settings, passphrase_file, key_file)
        with progress_bar(session) as bar:
            made = create_backup(
                data, kind.schema, code, settings, secret, SystemClock(), directory, _shown(session, bar)
            ).to_dict()
        deed.record = Path(made["file"]).name
    session.result(made, lambda: _show_made(session, made))


@app.command("list")
@command
def list_backups(session: Session, directory: Directory = None) -> None:
    """List the backups that lie in the directory, the newest first, and how far each goes. Needs no secret."""
    from common.backup.creating import directory_of
    from common.backup.naming import found_in

    data, _, settings = _node_of(session)
    place = directory_of(data, settings, directory)
    found = [each.to_dict() for each in found_in(place)] if place.is_dir() else []
    session.result({"directory": str(place), "items": found}, lambda: _show_list(session, found))


@app.command("verify")
@command
def verify(
    session: Session,
    file: File,
    database_url: DatabaseUrl = "",
    passphrase_file: PassphraseFile = None,
    key_file: KeyFile = None,
) -> None:
    """Restore a backup into a scratch place and check it there: database, schema, rows, every batch of the journals.

    Ends with 0 when all is well, with 1 when something is wrong. The scratch place is below the directory of the backup
    and is removed again; a PostgreSQL backup needs an empty database, which is yours to drop.
    """
    from common.backup.verifying import verify_backup

    secret = _secret(_settings_if_any(session), passphrase_file, key_file)
    kind = session.program.bootstrap().KIND
    with progress_bar(session) as bar:
        verified = verify_backup(file, secret, kind, file.absolute().parent, database_url, _shown(session, bar))
    document = {"file": str(file), **verified.to_dict(session.language)}
    session.result(document, lambda: _show_verified(session, document))
    if document["findings"]:
        session.end(Exit.REFUSED)


@app.command("restore")
@command
def restore(
    session: Session,
    file: File,
    database_url: DatabaseUrl = "",
    passphrase_file: PassphraseFile = None,
    key_file: KeyFile = None,
) -> None:
    """Restore a backup into the data directory, which must be absent or empty. Overwrites nothing.

    A PostgreSQL backup goes into an empty database. Interrupted, it can be repeated. The node that the backup was made
    of must not run any more.
    """
    from common.backup.restoring import restore_backup

    secret = _secret(_settings_if_any(session), passphrase_file, key_file)
    kind = session.program.bootstrap().KIND
    with progress_bar(session) as bar:
        restored = restore_backup(file, secret, kind, session.data_dir, database_url, _shown(session, bar))
    document = {
        "data": str(restored.data_dir),
        "migrated": restored.migrated,
        "rows": sum(restored.manifest.tables.values()),
        "archives_left_out": restored.manifest.left_out,
        **restored.facts.to_dict(),
    }
    session.result(document, lambda: _show_restored(session, document))


def _node_of(session: Session) -> tuple[DataDirectory, str, BackupSettings]:
    """The node in the data directory, by its settings."""
    from common.program.data_directory import DataDirectory

    session.require_node()
    data = DataDirectory(session.data_dir)
    settings = data.load_settings(session.program.bootstrap().KIND.settings)
    return data, settings.code, settings.backup


def _settings_if_any(session: Session) -> BackupSettings:
    """The settings of the node that is there; those of none, on a machine that has none yet."""
    from common.backup.settings import BackupSettings
    from common.cli.session import Misused
    from common.errors import QuanwangError

    try:
        return _node_of(session)[2]
    except (Misused, QuanwangError):
        return BackupSettings()


def _secret(settings: BackupSettings, passphrase_file: Path | None, key_file: Path | None) -> Secret:
    """The secret that the options name, else the settings, else the environment."""
    from common.backup.secrets import secret_from

    if passphrase_file is not None or key_file is not None:
        return secret_from(str(passphrase_file or ""), str(key_file or ""))
    return secret_from(settings.passphrase_file, settings.key_file)


def _shown(session: Session, bar: Bar) -> Progress:
    """Progress in mebibytes (and seals, for a journal)."""

    def show(what: str, done: int, total: int) -> None:
        name, _, rest = what.partition(" ")
        unit = 1 if name == "journal" else MEBIBYTE
        bar.show(" ".join(filter(None, (session.words(f"backup.step.{name}"), rest))), done // unit, -(-total // unit))

    return show


def _show_made(session: Session, made: dict[str, Any]) -> None:
    said = session.words("backup.made", file=made["file"], size=display.size(made["bytes"]), rows=made["rows"])
    session.out.print(said, markup=False)
    if made["archives_left_out"]:
        session.note("backup.left_out", count=made["archives_left_out"])


def _show_list(session: Session, found: list[dict[str, Any]]) -> None:
    rows = Listing(session, "file", "node", "created", "size", "state", "cover", numbers=("size",), dropped=("node",))
    for each in found:
        state = "complete" if each["complete"] else "cut_off"
        rows.add_row(
            display.plain(Path(each["file"]).name),
            display.plain(each.get("node", display.NOTHING)),
            display.when(session, each.get("created_at_us")),
            display.size(each["bytes"]),
            session.words(f"backup.state.{state}"),
            display.plain(_cover(each.get("links", ()))),
        )
    rows.show("backup.none")


def _show_verified(session: Session, document: dict[str, Any]) -> None:
    for finding in document["findings"]:
        session.out.print(f"{finding['code']}: {finding['text']}", markup=False)
    key = "backup.bad" if document["findings"] else "backup.good"
    counts = {name: document[name] for name in ("file", "files", "rows", "batches")}
    session.out.print(session.words(key, **counts), markup=False)
    if document["archives_left_out"]:
        session.note("backup.left_out", count=document["archives_left_out"])


def _show_restored(session: Session, document: dict[str, Any]) -> None:
    at = display.moment(document["created_at_us"])
    said = session.words("backup.restored", node=document["node"], path=document["data"], at=at, rows=document["rows"])
    session.out.print(said, markup=False)
    if document["migrated"]:
        session.note("backup.migrated", revisions=", ".join(document["migrated"]))
    if document["archives_left_out"]:
        session.note("backup.bring_archives", names=", ".join(each["name"] for each in document["archives_left_out"]))


def _cover(links: Any) -> str:
    """How far a backup goes: for each peer the seals sealed and received."""
    return ", ".join(f"{link['peer']}: {link['sealed_seal_number']}/{link['received_seal_number']}" for link in links)
