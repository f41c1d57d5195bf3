"""What screens read about messages that could not be processed: rows, on a reader's connection."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from common.gen.quanwang.federation.v1 import envelope_pb2
from common.gen.quanwang.federation.v1 import seal_pb2 as pb
from common.ids import ID_BYTES, format_leg
from common.messaging.envelope import Envelope, MalformedEnvelope, parse
from common.messaging.inbox import IS_OPEN, PARKED, WAITING, InboxRow, inbox
from common.messaging.links import journal_batch
from common.parked.model import ParkedMessageNotFound, format_message

MESSAGES_MAX = 500
ALL = "all"


def list_parked(connection: sa.Connection, state: str = PARKED, limit: int = 100) -> list[dict[str, Any]]:
    """What waits for an operator (`parked`), for its next try (`waiting`), or both (`all`); the latest first."""
    states = (PARKED, WAITING) if state == ALL else (state,)
    statement = (
        sa.select(inbox)
        .where(IS_OPEN, inbox.c.state.in_(states))
        .order_by(inbox.c.received_at_us.desc())
        .limit(min(limit, MESSAGES_MAX))
    )
    batches: dict[tuple[str, int], pb.SealedBatch | None] = {}
    return [_described(InboxRow._make(values), connection, batches) for values in connection.execute(statement).all()]


def show_parked(connection: sa.Connection, source: str, message_id: bytes) -> dict[str, Any]:
    """One received message, whatever its state. Raises ParkedMessageNotFound."""
    statement = sa.select(inbox).where(inbox.c.source == source, inbox.c.message_id == message_id)
    values = connection.execute(statement).one_or_none()
    if values is None:
        raise ParkedMessageNotFound(message=format_message(source, message_id))
    return _described(InboxRow._make(values), connection, {})


def _described(
    row: InboxRow, connection: sa.Connection, batches: dict[tuple[str, int], pb.SealedBatch | None]
) -> dict[str, Any]:
    envelope = _envelope(row, connection, batches)
    routing = envelope.routing if envelope is not None else envelope_pb2.Routing()
    phase = envelope_pb2.Phase.Name(routing.phase) if routing.phase in envelope_pb2.Phase.values() else ""
    return {
        "id": format_message(row.source, row.message_id),
        "source": row.source,
        "state": row.state,
        "problem": row.problem,
        "detail": row.detail,
        "leg": format_leg(row.leg_id) if len(row.leg_id) > ID_BYTES else "",
        "link": row.link,
        "seal_number": row.seal_number,
        "entry_index": row.entry_index,
        "attempts": row.attempts,
        "next_attempt_at_us": row.next_attempt_at_us,
        "received_at_us": row.received_at_us,
        "phase": phase.removeprefix("PHASE_").lower(),
        "message_type": routing.message_type,
    }


def _envelope(
    row: InboxRow, connection: sa.Connection, batches: dict[tuple[str, int], pb.SealedBatch | None]
) -> Envelope | None:
    """The message itself, from the journal; None where it is no envelope at all."""
    key = (row.link, row.seal_number)
    if key not in batches:
        batch_bytes = journal_batch(connection, *key)
        batches[key] = pb.SealedBatch.FromString(batch_bytes) if batch_bytes is not None else None
    batch = batches[key]
    if batch is None or row.entry_index >= len(batch.entries):
        return None
    entry = batch.entries[row.entry_index]
    try:
        return parse(entry.header, entry.body, entry.private_body)
    except MalformedEnvelope:
        return None
