"""Backups over the public REST interface: seen, made, proved. A backup is named by its file's name: where that lies on
the machine is nobody's business outside it, and its content is never given out."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from pydantic import Field
from starlette.responses import Response

from common.access_control.desk import Desk
from common.backup.commands import CreateBackup, VerifyBackup
from common.backup.creating import Made, create_backup, directory_of
from common.backup.naming import Found, find_named, found_in
from common.backup.permissions import CREATE, READ, VERIFY
from common.backup.restoring import Kind
from common.backup.secrets import Secret, secret_from
from common.backup.verifying import Verified, verify_backup
from common.program.node import Node
from common.rest.attributes import write_moment
from common.rest.bodies import Body, Told
from common.rest.calls import Call, telling
from common.rest.resource import Task
from common.web import language_of

NAME_CHARACTERS_MAX = 255


class BackupNamed(Body):
    """Which backup, by its file's name."""

    id: str = Field(min_length=1, max_length=NAME_CHARACTERS_MAX)


class BackupDocument(Told):
    """A backup. Of one that cannot be read only name and size are known."""

    id: str
    bytes: int
    complete: bool
    node: str | None
    created_date: str | None = Field(json_schema_extra={"format": "date-time"})
    software_version: str | None
    archives: bool | None
    """Whether the journals' archives are in it."""


class BackupList(Told):
    """The backups in the node's directory, the newest first; `everyHours`: how often it makes one by itself (0:
    never), and how many of those it keeps."""

    every_hours: int
    keep: int
    backup: list[BackupDocument]


class BackupMade(Told):
    """The backup that was made."""

    id: str
    bytes: int
    rows: int
    created_date: str = Field(json_schema_extra={"format": "date-time"})


class BackupFinding(Told):
    """Something that is wrong with a backup."""

    code: str
    text: str


class BackupVerified(Told):
    """What was looked at in a scratch place, and what is wrong; nothing: it could be restored."""

    id: str
    files: int
    rows: int
    batches: int
    finding: list[BackupFinding]


def backup_tasks(node: Node, kind: Kind) -> tuple[Task, ...]:
    """What is done about backups at one node. They take their time: the answer comes when it is done."""
    settings = node.settings.backup

    def place() -> Path:
        return directory_of(node.data, settings)

    def secret() -> Secret:
        return secret_from(settings.passphrase_file, settings.key_file)

    async def backups(_call: Call, _given: None) -> Response:
        found = await asyncio.to_thread(lambda: found_in(place()) if place().is_dir() else [])
        documents = [_document(each) for each in found]
        return telling(BackupList(every_hours=settings.every_hours, keep=settings.keep, backup=documents))

    async def create(call: Call, _given: None) -> Response:
        async def work() -> Made:
            return await asyncio.to_thread(
                lambda: create_backup(node.data, kind.schema, node.core.node, settings, secret(), node.clock)
            )

        desk = Desk(node.writer, call.actor)
        made = await desk.perform(CreateBackup(), CREATE, work, lambda made: CreateBackup(made.path.name))
        created_date = write_moment(made.facts.created_at_us)
        return telling(BackupMade(id=made.path.name, bytes=made.bytes_, rows=made.rows, created_date=created_date))

    async def verify(call: Call, given: BackupNamed) -> Response:
        async def work() -> Verified:
            return await asyncio.to_thread(
                lambda: verify_backup(find_named(place(), given.id), secret(), kind, place().absolute())
            )

        verified = await Desk(node.writer, call.actor).perform(VerifyBackup(given.id), VERIFY, work)
        told = verified.to_dict(language_of(call.header("accept-language")))
        counts: dict[str, Any] = {name: told[name] for name in ("files", "rows", "batches")}
        findings = [BackupFinding(**finding) for finding in told["findings"]]
        return telling(BackupVerified(id=given.id, finding=findings, **counts))

    return (
        Task("backup", "GET", READ, backups, None, BackupList, "The backups in the node's directory."),
        Task("createBackup", "POST", CREATE, create, None, BackupMade, "Make a backup of this node now."),
        Task(
            "verifyBackup",
            "POST",
            VERIFY,
            verify,
            BackupNamed,
            BackupVerified,
            "Restore a backup into a scratch place and look it over; of SQLite nodes.",
        ),
    )


def _document(found: Found) -> BackupDocument:
    facts = found.facts
    return BackupDocument(
        id=found.path.name,
        bytes=found.bytes_,
        complete=found.complete,
        node=facts.node if facts else None,
        created_date=write_moment(facts.created_at_us) if facts else None,
        software_version=facts.release if facts else None,
        archives=facts.archives if facts else None,
    )
