"""A node that was enrolled anew goes on where HQ remembers its link, whatever is left of its own database.

HQ says how far it has received what the node sealed, and how far the node had acknowledged what HQ sealed. A node with
an empty database begins there. One that still has its database seals again, with its new key, what HQ has not received:
HQ takes nothing under a key that was revoked, and nobody else has ever seen those seals.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from common.gen.quanwang.federation.v1 import envelope_pb2, seal_pb2
from common.ids import HQ, ID_BYTES, link_name
from common.messaging.envelope import parse
from common.messaging.inbox import leg_of
from common.messaging.links import journal, links, new_link, node_identity
from common.messaging.outbox import Outgoing, envelope_entry, outbox, to_row
from common.messaging.seal import NO_HASH


class Place(NamedTuple):
    """A place in a directed journal, as its incarnation counts."""

    incarnation: bytes
    seal_number: int
    sequence: int
    seal_hash: bytes


BEGINNING = Place(bytes(ID_BYTES), 0, 0, NO_HASH)
"""Of a journal of which nothing has arrived: whatever incarnation seals first may begin it."""


class LinkResume(NamedTuple):
    """Where the node's link with HQ goes on: in its own journal, and in HQ's."""

    sealed: Place
    received: Place


def resume_link(
    connection: sa.Connection, node: str, resume: LinkResume, now_us: int, *, restored: bool = False
) -> int:
    """Puts the link of `node` with HQ where HQ remembers it. Returns how many entries will be sealed again. Repeated it
    changes nothing. In the caller's transaction, on a node that does not run.

    `restored`: the node has yet to take back what it forgot, from wherever its backup ends, be it the very beginning.
    """
    known = connection.execute(sa.select(links).where(links.c.peer == HQ)).one_or_none()
    if known is None:
        if restored or resume == (BEGINNING, BEGINNING):
            return 0
        _begin_at(connection, node, resume)
        return 0
    if known.sealed_seal_number <= resume.sealed.seal_number:
        return 0
    entries = _take_back(connection, link_name(node, HQ), resume.sealed.seal_number)
    first = (connection.execute(sa.select(sa.func.min(outbox.c.outbox_id))).scalar() or 1) - len(entries)
    for place, outgoing in enumerate(entries):
        connection.execute(outbox.insert().values(**to_row(outgoing, first + place, now_us)._asdict()))
    connection.execute(
        links.update()
        .where(links.c.peer == HQ)
        .values(
            sealed_seal_number=resume.sealed.seal_number,
            sealed_sequence=resume.sealed.sequence,
            sealed_hash=resume.sealed.seal_hash,
            acked_seal_number=resume.sealed.seal_number,
            acked_sequence=resume.sealed.sequence,
        )
    )
    return len(entries)


def _begin_at(connection: sa.Connection, node: str, resume: LinkResume) -> None:
    sealed, received = resume
    own = sa.select(node_identity.c.incarnation).where(node_identity.c.node == node)
    incarnation = sealed.incarnation if sealed.seal_number else connection.execute(own).scalar_one()
    row = new_link(HQ, incarnation)._replace(
        sealed_seal_number=sealed.seal_number,
        sealed_sequence=sealed.sequence,
        sealed_hash=sealed.seal_hash,
        acked_seal_number=sealed.seal_number,
        acked_sequence=sealed.sequence,
        peer_incarnation=received.incarnation,
        received_seal_number=received.seal_number,
        received_sequence=received.sequence,
        received_hash=received.seal_hash,
    )
    connection.execute(links.insert().values(**row._asdict()))
    connection.execute(node_identity.update().where(node_identity.c.node == node).values(incarnation=incarnation))


def _take_back(connection: sa.Connection, link: str, after_seal: int) -> list[Outgoing]:
    """What was sealed after that, in its order; the seals are gone from the journal."""
    later = sa.and_(journal.c.link == link, journal.c.seal_number > after_seal)
    entries: list[Outgoing] = []
    for (batch,) in connection.execute(sa.select(journal.c.batch).where(later).order_by(journal.c.seal_number)):
        for entry in seal_pb2.SealedBatch.FromString(batch).entries:
            envelope = parse(entry.header, entry.body, entry.private_body)
            waits = envelope.routing.phase == envelope_pb2.PHASE_REQUEST or (
                envelope.routing.phase == envelope_pb2.PHASE_CANCEL
            )
            entries.append(envelope_entry(HQ, leg_of(envelope), envelope, waits_for_credit=waits))
    connection.execute(journal.delete().where(later))
    return entries
