"""Backups that the node makes by itself, and how many of them stay."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import sqlalchemy as sa

from common.alarms.commands import RaiseAlarm
from common.backup.creating import Made, create_backup, directory_of
from common.backup.naming import drop_old, found_in
from common.backup.secrets import secret_from
from common.backup.settings import BackupSettings
from common.db.schema import Schema
from common.errors import QuanwangError, TemporaryFault
from common.log import get_logger

log = get_logger()

BACKUP_FAILED = "BACKUP_FAILED"
HOUR_US = 3_600_000_000
LOOK_S = 60.0


class NodeStops(TemporaryFault):
    """The node was told to stop while a backup was under way."""

    en = "The node stops; the backup that was under way was given up."
    zh = "节点正在停止，已放弃进行中的备份。"


class BackedUp(Protocol):
    """What a scheduled backup needs of a node."""

    @property
    def context(self) -> Any: ...
    @property
    def clock(self) -> Any: ...
    @property
    def data(self) -> Any: ...
    @property
    def reads(self) -> Any: ...
    @property
    def writer(self) -> Any: ...


async def back_up_by_schedule(node: BackedUp, schema: Schema, settings: BackupSettings) -> None:
    """Makes a backup whenever the newest one is old enough, for as long as the node serves. Of several processes of a
    node, only those whose settings say so make any."""
    if not settings.every_hours:
        return
    loop, stopped = asyncio.get_running_loop(), threading.Event()
    try:
        await _back_up_forever(node, partial(back_up_if_due, node, schema, settings, stopped), loop)
    finally:
        # One that is under way ends at its next piece, and leaves nothing behind.
        stopped.set()


async def _back_up_forever(node: BackedUp, if_due: Callable[[], Made | None], loop: asyncio.AbstractEventLoop) -> None:
    while True:
        try:
            made = await loop.run_in_executor(node.reads.executor, if_due)
        except (QuanwangError, OSError, sa.exc.SQLAlchemyError) as error:
            log.error("backup failed", error=str(error))
            await _alarm(node, str(error))
        else:
            if made is not None:
                log.info("backup made", file=made.path.name, bytes=made.bytes_)
        await asyncio.sleep(LOOK_S)


def back_up_if_due(node: BackedUp, schema: Schema, settings: BackupSettings, stopped: threading.Event) -> Made | None:
    """The backup that was due; None where none was. Raises what `create_backup` and `secret_from` raise; NodeStops
    where `stopped` was set meanwhile."""

    def go_on(_what: str, _done: int, _total: int) -> None:
        if stopped.is_set():
            raise NodeStops

    directory = directory_of(node.data, settings)
    if _newest_us(directory, node.context.node) + settings.every_hours * HOUR_US > node.clock.now_us():
        return None
    secret = secret_from(settings.passphrase_file, settings.key_file)
    made = create_backup(node.data, schema, node.context.node, settings, secret, node.clock, progress=go_on)
    for dropped in drop_old(directory, node.context.node, settings.keep):
        log.info("backup dropped", file=dropped.name)
    return made


def _newest_us(directory: Any, node: str) -> int:
    """When the newest complete backup of the node was made; 0: never."""
    if not directory.is_dir():
        return 0
    made = [each.facts.created_at_us for each in found_in(directory) if each.complete and each.facts]
    return max(made, default=0)


async def _alarm(node: BackedUp, detail: str) -> None:
    """An operator must see it; where not even that can be stored, the log has it."""
    try:
        await node.writer.execute(RaiseAlarm(BACKUP_FAILED, node.context.node, detail))
    except (QuanwangError, OSError, sa.exc.SQLAlchemyError) as error:
        log.error("alarm not stored", kind=BACKUP_FAILED, error=str(error))
