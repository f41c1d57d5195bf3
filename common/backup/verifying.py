"""Proves that a backup could be restored, by restoring it into a scratch place and looking it over there: the
database's own soundness, its schema, the rows of each table, and every batch of the journals, archives included."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from common.backup.creating import Progress, silent
from common.backup.model import Facts, Manifest
from common.backup.restoring import Kind, Restored, unpack
from common.backup.secrets import Secret
from common.db.engine import reading, store_of
from common.db.schema import VERSION_TABLE, require_schema
from common.directory.model import Directory
from common.directory.repository import latest
from common.directory.wire import decode_directory
from common.journal.archive import JournalArchive
from common.journal.queries import list_journals, verify_slice
from common.program.data_directory import ARCHIVE_DIRECTORY

FINDINGS_MAX = 100

CODES: dict[str, tuple[str, str]] = {
    "DATABASE_UNSOUND": ("The database says of itself: {detail}.", "数据库自检报告：{detail}。"),
    "ROWS_DIFFER": (
        "Table {table} has {got} rows; the backup was made of {expected}.",
        "表 {table} 有 {got} 行，备份时为 {expected} 行。",
    ),
    "LINK_DIFFERS": (
        "The row of the link with {peer} is not the one that the head names.",
        "与 {peer} 的链路记录与备份头部所载不符。",
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with a backup."""

    code: str
    texts: tuple[str, str]

    def to_dict(self, language: str) -> dict[str, str]:
        return {"code": self.code, "text": self.texts[1 if language.startswith("zh") else 0]}


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at, and what is wrong."""

    facts: Facts
    manifest: Manifest
    batches: int
    findings: tuple[Finding, ...]

    def to_dict(self, language: str) -> dict[str, Any]:
        return {
            **self.facts.to_dict(),
            "files": len(self.manifest.files),
            "rows": sum(self.manifest.tables.values()),
            "archives_left_out": len(self.manifest.left_out),
            "batches": self.batches,
            "findings": [finding.to_dict(language) for finding in self.findings],
        }


def verify_backup(
    path: Path, secret: Secret, kind: Kind, scratch: Path, database_url: str = "", progress: Progress = silent
) -> Verified:
    """Restores a backup below `scratch` (a PostgreSQL one into the empty database `database_url`) and looks it over.
    What was put below `scratch` is removed again; the database is the caller's.

    Raises what restoring raises.
    """
    with tempfile.TemporaryDirectory(prefix=".verify-", dir=scratch) as name:
        restored = unpack(path, secret, kind, Path(name), database_url, progress)
        with reading(restored.url) as connection:
            findings, batches = _look(connection, restored, kind, progress)
    return Verified(restored.facts, restored.manifest, batches, tuple(findings))


def _look(connection: sa.Connection, restored: Restored, kind: Kind, progress: Progress) -> tuple[list[Finding], int]:
    require_schema(connection, kind.schema)
    findings = []
    verdict = store_of(connection).check_integrity(connection)
    if verdict:
        findings.append(_finding("DATABASE_UNSOUND", detail=verdict))
    findings += _rows(connection, restored.manifest)
    archive = JournalArchive(restored.data_dir / ARCHIVE_DIRECTORY)
    faults, batches = _journals(connection, archive, restored, progress)
    return [*findings, *_links(connection, archive, restored.facts), *faults], batches


def _rows(connection: sa.Connection, manifest: Manifest) -> Iterator[Finding]:
    """Migrations since may have added tables, never rows to those that were there."""
    for table, expected in manifest.tables.items():
        if table == VERSION_TABLE or not sa.inspect(connection).has_table(table):
            continue
        got = connection.execute(sa.select(sa.func.count()).select_from(sa.table(table))).scalar_one()
        if got != expected:
            yield _finding("ROWS_DIFFER", table=table, got=got, expected=expected)


def _links(connection: sa.Connection, archive: JournalArchive, facts: Facts) -> Iterator[Finding]:
    goes_to = {item["link"]: item["last_seal"] for item in list_journals(connection, archive, facts.node)}
    for cover in facts.links:
        own, other = f"{facts.node}>{cover.peer}", f"{cover.peer}>{facts.node}"
        if (goes_to.get(own), goes_to.get(other)) != (cover.sealed_seal_number, cover.received_seal_number):
            yield _finding("LINK_DIFFERS", peer=cover.peer)


def _journals(
    connection: sa.Connection, archive: JournalArchive, restored: Restored, progress: Progress
) -> tuple[list[Finding], int]:
    """Every batch of every link. Where archives were left out, the journal begins where the database's does."""
    signed = latest(connection)
    if signed is None:
        return [], 0
    whose = _Whose(restored.facts.node, decode_directory(signed.directory))
    findings: list[Finding] = []
    batches = 0
    for item in list_journals(connection, archive, whose.node):
        place: int | None = 0
        while place is not None and len(findings) < FINDINGS_MAX:
            english = verify_slice(connection, archive, whose, item["link"], place, "en")
            chinese = verify_slice(connection, archive, whose, item["link"], place, "zh") if english["faults"] else None
            for number, fault in enumerate(english["faults"]):
                if fault["code"] == "JOURNAL_GAP" and place == 0 and number == 0 and restored.manifest.left_out:
                    continue
                head = f"{fault['link']} {fault['seal_number']}: "
                texts = head + fault["text"], head + (chinese["faults"][number]["text"] if chinese else "")
                findings.append(Finding(fault["code"], texts))
            batches += english["batches"]
            place = english["next"]
            progress(f"journal {item['link']}", place or item["last_seal"], max(item["last_seal"], 1))
    return findings, batches


@dataclass(frozen=True, slots=True)
class _Whose:
    node: str
    directory: Directory


def _finding(code: str, **facts: Any) -> Finding:
    en, zh = CODES[code]
    return Finding(code, (en.format(**facts), zh.format(**facts)))
