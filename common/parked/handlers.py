"""Retrying and ending what could not be processed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import sqlalchemy as sa

from common.db.unit_of_work import UnitOfWork
from common.messaging.dispatcher import MessageProcessor
from common.messaging.inbox import ENDED, INBOX, IS_OPEN, PARKED, WAITING, InboxRow, inbox
from common.messaging.intake import JournalIncomplete, Reread
from common.messaging.links import journal_batch
from common.parked.commands import EndParked, JudgeParkedAgain, RetryParked
from common.parked.model import (
    MESSAGE_ID_REUSED,
    OPERATOR_ENDED,
    MessageCannotBeRetried,
    MessageNotParked,
    ParkedMessageNotFound,
    format_message,
)

JUDGED_AGAIN_MAX = 1_000
"""How many messages one change sets going again; the rest follow at the next."""


def handlers(processor: MessageProcessor, reread: Reread) -> dict[type, Callable[[Any, Any], Any]]:
    """The handlers by command, for the dispatcher."""
    return {
        RetryParked: retry_parked,
        EndParked: partial(end_parked, processor=processor, reread=reread),
        JudgeParkedAgain: judge_parked_again,
    }


def retry_parked(command: RetryParked, uow: UnitOfWork) -> str:
    """Has the message tried again at once. Its new state.

    Raises ParkedMessageNotFound, MessageNotParked, MessageCannotBeRetried.
    """
    row = _open_row(command.source, command.message_id, uow)
    if row.problem == MESSAGE_ID_REUSED:
        raise MessageCannotBeRetried(message=format_message(row.source, row.message_id))
    _set_waiting(row, uow)
    return WAITING


def judge_parked_again(command: JudgeParkedAgain, uow: UnitOfWork) -> int:
    """Has the parked messages with these problems tried again. How many there were."""
    statement = (
        sa.select(inbox)
        .where(IS_OPEN, inbox.c.state == PARKED, inbox.c.problem.in_(command.problems))
        .limit(JUDGED_AGAIN_MAX)
    )
    found = [InboxRow._make(values) for values in uow.query(statement)]
    uow.rows(INBOX).prefetch(row.key for row in found)
    # As they are now that they are ours: another process may have come first.
    known = [uow.rows(INBOX).get(row.key) for row in found]
    rows: list[InboxRow] = [row for row in known if row is not None and row.state == PARKED]
    for row in rows:
        _set_waiting(row, uow)
    return len(rows)


def end_parked(command: EndParked, uow: UnitOfWork, processor: MessageProcessor, reread: Reread) -> str:
    """Gives the message up; a request is refused, so that its sender is not left waiting. Its new state.

    Raises ParkedMessageNotFound, MessageNotParked; JournalIncomplete.
    """
    row = _open_row(command.source, command.message_id, uow)
    if row.problem != MESSAGE_ID_REUSED:
        batch = journal_batch(uow.connection, row.link, row.seal_number)
        if batch is None:
            raise JournalIncomplete(link=row.link, seal_number=row.seal_number)
        peer = row.link.partition(">")[0]
        incoming = reread(peer, row.link, row.seal_number, row.entry_index, batch)
        incoming.received_at_us = row.received_at_us
        processor.refuse(incoming, OPERATOR_ENDED, uow)
    uow.rows(INBOX).get(row.key)
    uow.rows(INBOX).update(row._replace(state=ENDED, next_attempt_at_us=0, detail=command.reason[:512]))
    uow.inbox_changed = True
    return ENDED


def _open_row(source: str, message_id: bytes, uow: UnitOfWork) -> InboxRow:
    row: InboxRow | None = uow.rows(INBOX).get((source, message_id))
    if row is None:
        raise ParkedMessageNotFound(message=format_message(source, message_id))
    if row.state not in (PARKED, WAITING):
        raise MessageNotParked(message=format_message(source, message_id), state=row.state)
    return row


def _set_waiting(row: InboxRow, uow: UnitOfWork) -> None:
    # A message that was tried before has at least one attempt: without one it would pass for newly received.
    again = row._replace(state=WAITING, attempts=max(1, row.attempts), next_attempt_at_us=uow.now_us)
    uow.rows(INBOX).update(again)
    uow.inbox_changed = True
