"""What has been received: once for good, whatever is repeated.

The key is (source, message_id) with the digest of the header: the same again changes nothing; other bytes under the
same key are parked and alarmed. A row also says how far its message has come: done, waiting for its next try, parked
for an operator, or ended by one. Parked work is not a place of its own, but a state of the row.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.ids import LEG_ID_BYTES, leg_id
from common.messaging.envelope import Envelope, is_withdraw
from common.messaging.incoming import Incoming
from common.security.encoding import tagged_digest

DONE, WAITING, PARKED, ENDED = "done", "waiting", "parked", "ended"

inbox = sa.Table(
    "inbox",
    METADATA,
    sa.Column("source", sa.String(2), primary_key=True),
    sa.Column("message_id", sa.LargeBinary(16), primary_key=True),
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
    sa.Column("link", sa.String(5), nullable=False),
    sa.Column("seal_number", sa.BigInteger, nullable=False),
    sa.Column("entry_index", sa.Integer, nullable=False),
    sa.Column("leg_id", sa.LargeBinary(LEG_ID_BYTES), nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_attempt_at_us", sa.BigInteger, nullable=False),
    sa.Column("received_at_us", sa.BigInteger, nullable=False),
    sa.Column("problem", sa.String(64), nullable=False),
    sa.Column("detail", sa.String(512), nullable=False),
    sa.Column("in_order", sa.Boolean, nullable=False, server_default=sa.true()),
    sqlite_with_rowid=False,
)

# Written into the statements, not bound to them, and in the very words of the index: SQLite takes a partial index only
# where it sees that it fits, and else reads all that was ever received.
_WAITING, _PARKED = (sa.literal_column(f"'{state}'", sa.String) for state in (WAITING, PARKED))
IS_OPEN = inbox.c.state.in_((_WAITING, _PARKED))
IS_WAITING = sa.and_(IS_OPEN, inbox.c.state == _WAITING)

sa.Index(
    "inbox_open",
    inbox.c.state,
    inbox.c.next_attempt_at_us,
    sqlite_where=IS_OPEN,
    postgresql_where=IS_OPEN,
)
sa.Index(
    "inbox_waiting_by_leg",
    inbox.c.leg_id,
    sqlite_where=inbox.c.state == _WAITING,
    postgresql_where=inbox.c.state == _WAITING,
)


class InboxRow(NamedTuple):
    source: str
    message_id: bytes
    digest: bytes
    link: str
    seal_number: int
    entry_index: int
    leg_id: bytes
    state: str
    attempts: int
    next_attempt_at_us: int
    received_at_us: int
    problem: str
    detail: str
    in_order: bool = True
    """Whether it must wait for earlier messages of its leg, should they wait."""

    @property
    def key(self) -> tuple[str, bytes]:
        return self.source, self.message_id


INBOX = RowSpec(inbox, InboxRow, key_width=2)


def row_of(incoming: Incoming, now_us: int) -> InboxRow:
    """The row of a message as it is received; taken for done unless its processing says otherwise."""
    envelope = incoming.envelope
    if envelope is None:
        return _row_without_envelope(incoming, now_us)
    routing = envelope.routing
    return InboxRow(
        routing.source,
        routing.message_id,
        envelope.digest,
        incoming.link,
        incoming.seal_number,
        incoming.index,
        leg_of(envelope),
        DONE,
        0,
        0,
        now_us,
        "",
        "",
        not incoming.fault and not overtakes(envelope),
    )


def row_beside(incoming: Incoming, now_us: int) -> InboxRow:
    """A row under a key of its own, for bytes whose key is taken by others."""
    return _row_without_envelope(incoming, now_us)


def _row_without_envelope(incoming: Incoming, now_us: int) -> InboxRow:
    """What cannot be read (or trusted to name itself) is known by its place on the link."""
    place = tagged_digest(b"quanwang/place/v1", incoming.link.encode(), incoming.sequence.to_bytes(8, "big"))
    digest = incoming.envelope.digest if incoming.envelope is not None else place
    leg = leg_of(incoming.envelope) if incoming.envelope is not None else b""
    return InboxRow(
        incoming.peer,
        place[:16],
        digest,
        incoming.link,
        incoming.seal_number,
        incoming.index,
        leg,
        DONE,
        0,
        0,
        now_us,
        "",
        "",
        False,
    )


def leg_of(envelope: Envelope) -> bytes:
    """The leg that a message is about."""
    if not envelope.leg:
        routing = envelope.routing
        envelope.leg = leg_id(routing.request_id, origin_of(routing), routing.leg_destination)
    return envelope.leg


def origin_of(routing: pb.Routing) -> str:
    """The origin of the leg that a message is about. Who asks speaks for itself; who is answered has asked; and of a
    Withdraw the hub says for whom it is."""
    if routing.phase in (pb.PHASE_INTERIM, pb.PHASE_FINAL):
        return routing.destination
    return routing.reply_to if is_withdraw(routing) else routing.source


def overtakes(envelope: Envelope) -> bool:
    """Whether a message may be processed before earlier ones of its leg: only the hub's Withdraw (state tables, G3)."""
    return is_withdraw(envelope.routing)


def next_try() -> sa.Select[tuple[int | None]]:
    """When the first of the waiting messages is due (µs); none where none waits."""
    return sa.select(sa.func.min(inbox.c.next_attempt_at_us)).where(IS_WAITING)


def waiting_of(leg_id: bytes) -> sa.Select[tuple[int]]:
    """How many messages of a leg wait."""
    return sa.select(sa.func.count()).select_from(inbox).where(IS_WAITING, inbox.c.leg_id == leg_id)
