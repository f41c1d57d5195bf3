"""What a node says, on its way to being sealed.

Most of it never touches the outbox table: it is sealed as the last step of the group that said it. Only requests (and
what must stay behind them) wait here while their peer is away or has no credit left; answers, withdrawals and stamps
never do. Where a node has several replicas, the table is also how one of them has the owner of a link seal what it has
to say: then everything waits here, if only for a moment, in the order of the numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.gen.quanwang.federation.v1 import seal_pb2 as pb
from common.ids import LEG_ID_BYTES
from common.messaging.envelope import Envelope
from common.messaging.seal import NO_HASH

outbox = sa.Table(
    "outbox",
    METADATA,
    sa.Column("outbox_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("peer", sa.String(2), nullable=False),
    sa.Column("leg_id", sa.LargeBinary(LEG_ID_BYTES), nullable=False),
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
    sa.Column("gated", sa.Boolean, nullable=False),
    sa.Column("size_bytes", sa.Integer, nullable=False),
    sa.Column("queued_at_us", sa.BigInteger, nullable=False),
    sa.Column("entry", sa.LargeBinary, nullable=False),
    sa.Column("origin_seal", sa.LargeBinary, nullable=False),
    sa.Column("waits_for_credit", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("rides", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("outbox_by_peer", "peer", "outbox_id"),
)
sa.Index(
    "outbox_at_once",
    outbox.c.peer,
    outbox.c.outbox_id,
    sqlite_where=sa.text("NOT waits_for_credit"),
    postgresql_where=sa.text("NOT waits_for_credit"),
)


# Where several processes write, the database gives the order; with one writer the table says how far it has come.
OUTBOX_ORDER = sa.Sequence("outbox_order", metadata=METADATA)


class OutboxRow(NamedTuple):
    outbox_id: int
    peer: str
    leg_id: bytes
    digest: bytes
    gated: bool
    size_bytes: int
    queued_at_us: int
    entry: bytes
    origin_seal: bytes
    waits_for_credit: bool = True
    rides: bool = False


OUTBOX = RowSpec(outbox, OutboxRow)

ENTRY_OVERHEAD_BYTES = 64
"""What an entry costs on the link beyond its own bytes; for counting against the window."""

STAMP_BYTES_ABOUT = 128 + ENTRY_OVERHEAD_BYTES


@dataclass(slots=True)
class Outgoing:
    """One entry to be sealed for `peer`.

    `waits_for_credit`: it may wait for the peer's window (requests, and what must not overtake them). `gated`: the
    node is asked once more at sealing, and may drop it or put its stamp on (the hub: only a leg still admitted is
    forwarded). `rides`: it needs no seal of its own and goes with the next one for its peer (the hub's stamps to an
    origin).
    """

    peer: str
    leg_id: bytes
    entry: pb.Entry
    digest: bytes
    size: int
    origin_seal: pb.SignedSeal | None = None
    waits_for_credit: bool = False
    gated: bool = False
    rides: bool = False
    since_us: int = 0


def envelope_entry(
    peer: str,
    leg_id: bytes,
    envelope: Envelope,
    *,
    stamp: bytes = b"",
    origin: pb.OriginProof | None = None,
    origin_seal: pb.SignedSeal | None = None,
    waits_for_credit: bool = False,
    gated: bool = False,
) -> Outgoing:
    """An envelope for a peer: this node's own, or relayed with the proof of its origin and a stamp."""
    entry = pb.Entry(
        header=envelope.header, body=envelope.body, private_body=envelope.private_body, stamp=stamp, origin=origin
    )
    size = envelope.size + ENTRY_OVERHEAD_BYTES
    return Outgoing(peer, leg_id, entry, envelope.digest, size, origin_seal, waits_for_credit, gated)


def stamp_entry(peer: str, leg_id: bytes, now_us: int) -> Outgoing:
    """The hub's word alone, to the origin of a request; it is written when it is sealed, if there is still need for
    it."""
    return Outgoing(peer, leg_id, pb.Entry(), NO_HASH, STAMP_BYTES_ABOUT, gated=True, rides=True, since_us=now_us)


def to_row(outgoing: Outgoing, outbox_id: int, now_us: int) -> OutboxRow:
    """An entry as it waits in the table."""
    origin_seal = outgoing.origin_seal.SerializeToString() if outgoing.origin_seal is not None else b""
    return OutboxRow(
        outbox_id,
        outgoing.peer,
        outgoing.leg_id,
        outgoing.digest,
        outgoing.gated,
        outgoing.size,
        now_us,
        outgoing.entry.SerializeToString(),
        origin_seal,
        outgoing.waits_for_credit,
        outgoing.rides,
    )


def from_row(row: OutboxRow) -> Outgoing:
    """The entry that waited in the table."""
    origin_seal = pb.SignedSeal.FromString(row.origin_seal) if row.origin_seal else None
    entry = pb.Entry.FromString(row.entry)
    return Outgoing(
        row.peer,
        row.leg_id,
        entry,
        row.digest,
        row.size_bytes,
        origin_seal,
        bool(row.waits_for_credit),
        bool(row.gated),
        bool(row.rides),
        row.queued_at_us,
    )


def waiting_by_peer(connection: sa.Connection) -> dict[str, tuple[int, int, int]]:
    """For each peer with waiting entries: how many, their bytes, and since when the oldest waits (µs)."""
    statement = sa.select(
        outbox.c.peer, sa.func.count(), sa.func.sum(outbox.c.size_bytes), sa.func.min(outbox.c.queued_at_us)
    ).group_by(outbox.c.peer)
    return {peer: (count, size, oldest) for peer, count, size, oldest in connection.execute(statement)}


def peers_kept_back(connection: sa.Connection) -> list[str]:
    """The peers for whom something waits that needs no credit."""
    statement = sa.select(outbox.c.peer).where(sa.not_(outbox.c.waits_for_credit)).distinct()
    return list(connection.execute(statement).scalars())


def oldest_rows(peer: str, waits_for_credit: bool, most: int, connection: sa.Connection) -> list[OutboxRow]:
    """What waits longest for a peer: requests, or what needs no credit."""
    waits = outbox.c.waits_for_credit if waits_for_credit else sa.not_(outbox.c.waits_for_credit)
    statement = sa.select(outbox).where(outbox.c.peer == peer, waits).order_by(outbox.c.outbox_id).limit(most)
    return [OutboxRow._make(values) for values in connection.execute(statement)]
