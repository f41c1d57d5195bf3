"""Pruning and erasing, carried out: short transactions, safe to repeat. Archives are written before, by the program."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from common.ids import format_id
from common.journal.commands import ErasePrivateBodies, PruneInbox, PruneJournal
from common.journal.model import BatchNotDelivered, RequestStillOpen
from common.journal.private_bodies import without_private_bodies, without_private_body
from common.journal.repository import (
    acked_seal,
    delete_batches,
    delete_inbox,
    erase_answers,
    is_open,
    replace_batch,
)


def handlers() -> dict[type, Callable[[Any, Any], Any]]:
    """The handlers by command, for the dispatcher."""
    return {PruneJournal: prune_journal, PruneInbox: prune_inbox, ErasePrivateBodies: erase_private_bodies}


def prune_journal(command: PruneJournal, uow: Any) -> int:
    """Deletes what is archived and old. How many batches."""
    return delete_batches(uow, uow.node.node, command.link, command.through_seal, command.before_us)


def prune_inbox(command: PruneInbox, uow: Any) -> int:
    """Deletes what is through and old. How many messages."""
    return delete_inbox(uow, command.before_us, command.keys)


def erase_private_bodies(command: ErasePrivateBodies, uow: Any) -> int:
    """Erases a request's personal data. How many batches and answers held any.

    Raises RequestStillOpen; BatchNotDelivered where the peer has not got it yet.
    """
    if any(is_open(uow, table, command.request_id) for table in uow.leg_tables):
        raise RequestStillOpen(request_id=format_id(command.request_id))
    erased = sum(
        erase_answers(uow, table, command.request_id, without_private_body)
        for table in uow.leg_tables
        if "answer" in table.c
    )
    for link, seal_number in command.batches:
        sealer, receiver = link.split(">")
        if sealer == uow.node.node and seal_number > acked_seal(uow.connection, receiver):
            raise BatchNotDelivered(link=link, seal_number=seal_number)
        change = partial(without_private_bodies, request_id=command.request_id)
        erased += replace_batch(uow, link, seal_number, change)
    return erased
