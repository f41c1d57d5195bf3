"""Sealing: the last step of a group. What the group said becomes batches in the journals, in the same transaction.

A node is alone on its links here (one process, one writer), so sequences are given at sealing and have no gaps.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa

from common.audit.repository import head as audit_head
from common.db.unit_of_work import UnitOfWork
from common.directory.model import Directory
from common.gen.quanwang.federation.v1 import seal_pb2 as pb
from common.ids import link_name
from common.messaging import outbox as box
from common.messaging.incoming import LinkPort, SealedBatch
from common.messaging.links import JOURNAL, LINKS, JournalRow, LinkRow, journal, link_of, links, new_link
from common.messaging.outbox import OUTBOX, OutboxRow, Outgoing
from common.messaging.replica import ClaimLink
from common.messaging.seal import MerkleTree, leaf, leaf_prefix, seal_hash, sign_seal, stamp_digest
from common.security.signing import ChooseSigner

NO_HEAD = (0, b"")
"""The head of an audit log without entries, as far as seals speak of it."""
NO_NEWS = (0, b"")


class Gate(Protocol):
    """Asked about gated entries as they are about to be sealed."""

    def prefetch(self, gated: Sequence[Outgoing], uow: Any) -> set[bytes]:
        """Loads what `passes` will need, at once. Returns the legs that another process works on right now: what is
        gated of these can only be asked about later."""

    def prefetch_riding(self, riding: Sequence[Outgoing], uow: Any) -> None:
        """The same for entries that ride along, which can always be asked about."""

    def passes(self, outgoing: Outgoing, uow: Any) -> bool:
        """Whether the entry still goes out; it may put the stamp on it."""

    def owed(self, connection: sa.Connection) -> list[Outgoing]:
        """Entries that were to ride on a next seal when the node stopped."""

    def owed_to(self, peer: str, connection: sa.Connection, margin_us: int) -> list[Outgoing]:
        """Those for one peer, after another process may have sealed for it by a clock that was ahead by `margin_us`."""


@dataclass(frozen=True, slots=True)
class SealLimits:
    """How large a batch may grow (entries, bytes), and how long an entry may wait for a seal to ride on (µs)."""

    entries_max: int = 128
    bytes_max: int = 1_048_576
    backlog_entries_a_group_max: int = 512
    ride_us_max: int = 100_000


@dataclass(slots=True)
class SealedGroup:
    """What sealing did in a group; it counts only once the group is committed."""

    batches: list[SealedBatch] = field(default_factory=list)
    waiting: dict[str, tuple[int, int]] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    """Links that this process was found not to own any more, with the epoch under which it did."""
    riding: dict[str, list[Outgoing]] = field(default_factory=dict)
    kept_back: dict[str, bool] = field(default_factory=dict)
    """Whether something is in the outbox for a peer that waits for no credit."""
    backlog_left: bool = False
    audit_head: tuple[int, bytes] | None = None
    """Where the audit log ends with this group, as far as it was looked at."""
    audit_said: dict[str, int] = field(default_factory=dict)
    """Up to which of its entries the seals for a peer speak of it."""


class Sealer:
    """Cuts batches, keeps count of what waits and of what is sealed but not acknowledged."""

    shared = False
    """Whether other processes of the node may seal on its links."""

    def __init__(
        self,
        node: str,
        incarnation: bytes,
        signer: ChooseSigner,
        directory: Callable[[], Directory],
        gate: Gate | None = None,
        limits: SealLimits | None = None,
    ) -> None:
        self._node = node
        self._incarnation = incarnation
        self._signer = signer
        self._directory = directory
        self._gate = gate
        self._limits = limits or SealLimits()
        self._ports: dict[str, LinkPort] = {}
        self._waiting: dict[str, tuple[int, int]] = {}
        self._riding: dict[str, list[Outgoing]] = {}
        self._kept_back: dict[str, bool] = {}
        self._unacked: dict[str, deque[tuple[int, int]]] = {}
        self._unacked_bytes: dict[str, int] = {}
        self._audit_head = NO_HEAD
        self._audit_said: dict[str, int] = {}

    def load(self, connection: sa.Connection) -> None:
        """Takes up from the database: what waits, and what is not acknowledged."""
        self._audit_head = audit_head(connection)
        self._riding = {}
        for outgoing in self._gate.owed(connection) if self._gate is not None else ():
            self._riding.setdefault(outgoing.peer, []).append(outgoing)
        self._waiting = {peer: (count, size) for peer, (count, size, _) in box.waiting_by_peer(connection).items()}
        self._kept_back = dict.fromkeys(box.peers_kept_back(connection), True)
        for peer, acked in connection.execute(sa.select(links.c.peer, links.c.acked_seal_number)):
            self._take_up(peer, acked, self._unacked_batches(peer, acked, connection))

    def _unacked_batches(self, peer: str, acked: int, connection: sa.Connection) -> list[tuple[int, int]]:
        """Batches of the own journal after the last acknowledged one: number and size."""
        statement = (
            sa.select(journal.c.seal_number, sa.func.length(journal.c.batch))
            .where(journal.c.link == link_name(self._node, peer), journal.c.seal_number > acked)
            .order_by(journal.c.seal_number)
        )
        return [(number, size) for number, size in connection.execute(statement)]

    def _take_up(self, peer: str, acked: int, unacked: list[tuple[int, int]]) -> None:
        port = self.port(peer)
        port.acked_seal_number = max(port.acked_seal_number, acked)
        self._unacked[peer] = deque(unacked)
        self._unacked_bytes[peer] = sum(size for _, size in unacked)

    def port(self, peer: str) -> LinkPort:
        """What is known of the live link with `peer`."""
        return self._ports.setdefault(peer, LinkPort(peer))

    def waiting(self, peer: str) -> tuple[int, int]:
        """How many requests wait to be sealed for `peer`, and their bytes."""
        return self._waiting.get(peer, (0, 0))

    def look_soon(self, peer: str) -> None:
        """Another process of the node has left something to be sealed for `peer`; a node without replicas has none."""

    def claimed_elsewhere(self, peer: str, epoch: int) -> None:
        """Another process of the node has claimed the link; a node without replicas has none."""

    def has_work(self, now_us: int) -> bool:
        """Whether something waits that could be sealed now."""
        return (
            any(count and self._credit(peer) > 0 for peer, (count, _) in self._waiting.items())
            or any(kept and self.port(peer).may_seal for peer, kept in self._kept_back.items())
            or self._riders_due(now_us)
        )

    def _riders_due(self, now_us: int) -> bool:
        return any(
            self._ridden_long_enough(riding, now_us) and self.port(peer).may_seal
            for peer, riding in self._riding.items()
        )

    def seal(self, uow: UnitOfWork) -> SealedGroup:
        """Seals what the group said, and what waited and now may go. Stages journal and cursors; commits nothing."""
        group = SealedGroup(audit_head=uow.audit_head)
        said: dict[str, list[Outgoing]] = {}
        for outgoing in uow.outgoing:
            said.setdefault(outgoing.peer, []).append(outgoing)
        uow.begin_item()
        for peer in {**said, **self._waiting, **self._riding}:
            ready = self._choose(peer, said.get(peer, []), group, uow)
            ready = self._with_riders(peer, said.get(peer, []), ready, group, uow)
            if ready:
                self._cut(peer, ready, group, uow)
        uow.keep_item()
        return group

    def claim(self, command: ClaimLink, uow: UnitOfWork) -> LinkRow:
        """The cursors of a link that is about to be opened; a node without replicas owns all its links."""
        return link_of(uow, command.peer) or new_link(command.peer, self._incarnation)

    def committed(self, group: SealedGroup) -> None:
        """The group is durable: its counts become true."""
        self._waiting.update(group.waiting)
        self._riding.update(group.riding)
        self._kept_back.update(group.kept_back)
        self._audit_head = group.audit_head or self._audit_head
        self._audit_said.update(group.audit_said)
        for batch in group.batches:
            self._unacked.setdefault(batch.peer, deque()).append((batch.seal_number, len(batch.batch_bytes)))
            self._unacked_bytes[batch.peer] = self._unacked_bytes.get(batch.peer, 0) + len(batch.batch_bytes)

    def _credit(self, peer: str) -> int:
        """Bytes of requests that may still be sealed for `peer` (less than one: none)."""
        port = self.port(peer)
        if not port.open or not port.may_seal:
            return 0
        unacked = self._unacked.setdefault(peer, deque())
        while unacked and unacked[0][0] <= port.acked_seal_number:
            self._unacked_bytes[peer] -= unacked.popleft()[1]
        return port.window_bytes - self._unacked_bytes.get(peer, 0)

    def _choose(self, peer: str, said: list[Outgoing], group: SealedGroup, uow: UnitOfWork) -> list[Outgoing]:
        """What is sealed now, in order; the rest goes into the outbox: what waits for credit, or, where nothing may be
        sealed, everything."""
        credit = self._credit(peer)
        count, size = self.waiting(peer)
        ready: list[Outgoing] = []
        may_seal, kept_back = self.port(peer).may_seal, self._kept_back.get(peer, False)
        if kept_back and may_seal:
            rows, kept_back = self._take_kept_back(peer, uow)
            count, size = count - len(rows), size - sum(row.size_bytes for row in rows)
            ready.extend(box.from_row(row) for row in rows)
            group.backlog_left = group.backlog_left or kept_back
        if count and credit > 0 and not kept_back:
            backlog = self._take_backlog(peer, credit, uow)
            credit -= sum(row.size_bytes for row in backlog)
            count, size = count - len(backlog), size - sum(row.size_bytes for row in backlog)
            waited = [box.from_row(row) for row in backlog]
            if self._gate is not None:
                self._gate.prefetch(waited, uow)
            ready.extend(outgoing for outgoing in waited if self._passes(outgoing, uow))
            group.backlog_left = group.backlog_left or bool(count and credit > 0)
        for outgoing in said:
            if outgoing.rides:
                continue
            behind = count or credit <= 0 if outgoing.waits_for_credit else kept_back or not may_seal
            if behind:
                uow.rows(OUTBOX).insert(box.to_row(outgoing, uow.order_number(), uow.now_us))
                count, size = count + 1, size + outgoing.size
                kept_back = kept_back or not outgoing.waits_for_credit
            elif not outgoing.waits_for_credit:
                ready.append(outgoing)
            elif self._passes(outgoing, uow):
                credit -= outgoing.size
                ready.append(outgoing)
        group.waiting[peer], group.kept_back[peer] = (count, size), kept_back
        return ready

    def _take_kept_back(self, peer: str, uow: UnitOfWork) -> tuple[list[OutboxRow], bool]:
        """The oldest of what had to wait for the Hellos though it waits for no credit, taken out of the outbox; and
        whether there is more."""
        most = self._limits.backlog_entries_a_group_max
        rows = box.oldest_rows(peer, False, most, uow.connection)
        uow.rows(OUTBOX).prefetch(row.outbox_id for row in rows)
        for row in rows:
            uow.rows(OUTBOX).delete(row.outbox_id)
        return rows, len(rows) == most

    def _with_riders(
        self, peer: str, said: list[Outgoing], ready: list[Outgoing], group: SealedGroup, uow: UnitOfWork
    ) -> list[Outgoing]:
        """`ready`, and before it what rides along; riders alone make a seal only when they have waited long enough."""
        riding = [*self._riding.get(peer, ()), *(outgoing for outgoing in said if outgoing.rides)]
        if not riding:
            return ready
        waits = not ready and not self._ridden_long_enough(riding, uow.now_us)
        if waits or not self.port(peer).may_seal:
            group.riding[peer] = riding
            return ready
        group.riding[peer] = []
        if self._gate is not None:
            self._gate.prefetch_riding(riding, uow)
        return [*(outgoing for outgoing in riding if self._passes(outgoing, uow)), *ready]

    def _ridden_long_enough(self, riding: list[Outgoing], now_us: int) -> bool:
        return bool(riding) and not 0 <= now_us - riding[0].since_us < self._limits.ride_us_max

    def _passes(self, outgoing: Outgoing, uow: UnitOfWork) -> bool:
        return not outgoing.gated or self._gate is None or self._gate.passes(outgoing, uow)

    def _take_backlog(self, peer: str, credit: int, uow: UnitOfWork) -> list[OutboxRow]:
        """The oldest waiting entries that the credit covers (at least one); removed from the outbox."""
        statement = (
            sa.select(box.outbox)
            .where(box.outbox.c.peer == peer)
            .order_by(box.outbox.c.outbox_id)
            .limit(self._limits.backlog_entries_a_group_max)
        )
        taken: list[OutboxRow] = []
        waiting = [OutboxRow._make(values) for values in uow.connection.execute(statement)]
        uow.rows(OUTBOX).prefetch(row.outbox_id for row in waiting)
        # As they are now that they are ours: another process may have come first.
        known = [uow.rows(OUTBOX).get(row.outbox_id) for row in waiting]
        rows: list[OutboxRow] = [row for row in known if row is not None]
        for row in rows:
            if credit <= 0:
                break
            credit -= row.size_bytes
            taken.append(row)
            uow.rows(OUTBOX).delete(row.outbox_id)
        return taken

    def _cut(self, peer: str, ready: list[Outgoing], group: SealedGroup, uow: UnitOfWork) -> None:
        """Cuts `ready` into batches, each under one signature, and advances the link's cursors."""
        link = link_of(uow, peer)
        if link is None:
            link = new_link(peer, self._incarnation)
            uow.rows(LINKS).insert(link)
        for chunk in _chunks(ready, self._limits):
            link = self._seal_chunk(link, chunk, group, uow)
        uow.rows(LINKS).update(link)

    def _seal_chunk(self, link: LinkRow, chunk: list[Outgoing], group: SealedGroup, uow: UnitOfWork) -> LinkRow:
        name = link_name(self._node, link.peer)
        prefix = leaf_prefix(name)
        first = link.sealed_sequence + 1
        tree = MerkleTree(
            [
                leaf(prefix, first + index, outgoing.digest, stamp_digest(outgoing.entry.stamp))
                for index, outgoing in enumerate(chunk)
            ]
        )
        directory = self._directory()
        audit_number, audit_hash = self._audit_news(link.peer, group, uow)
        signed = sign_seal(
            pb.Seal(
                node=self._node,
                incarnation=link.incarnation,
                link=name,
                epoch=link.epoch,
                seal_number=link.sealed_seal_number + 1,
                previous_hash=link.sealed_hash,
                first_sequence=first,
                count=len(chunk),
                merkle_root=tree.root,
                # Not before the directory that it names: its key may have begun with that one, by HQ's clock.
                sealed_at_us=max(uow.now_us, directory.issued_at_us),
                directory_version=directory.version,
                directory_hash=directory.hash,
                witnessed_sequence=link.received_sequence,
                witnessed_seal_number=link.received_seal_number,
                witnessed_seal_hash=link.received_hash,
                audit_number=audit_number,
                audit_hash=audit_hash,
            ),
            self._signer(directory, uow.now_us),
        )
        batch_bytes = pb.SealedBatch(
            seal=signed, entries=[outgoing.entry for outgoing in chunk], origin_seals=_origin_seals(chunk)
        ).SerializeToString()
        seal_number, last = link.sealed_seal_number + 1, first + len(chunk) - 1
        uow.rows(JOURNAL).insert(JournalRow(name, seal_number, first, len(chunk), uow.now_us, batch_bytes))
        group.batches.append(
            SealedBatch(link.peer, seal_number, last, link.received_seal_number, batch_bytes, len(chunk))
        )
        return link._replace(sealed_seal_number=seal_number, sealed_sequence=last, sealed_hash=seal_hash(signed))

    def _audit_news(self, peer: str, group: SealedGroup, uow: UnitOfWork) -> tuple[int, bytes]:
        """Where the audit log ends, for a seal for `peer`; nothing where its seals say so already."""
        if group.audit_head is None:
            group.audit_head = self._current_audit_head(uow)
        number, _ = group.audit_head
        if number <= group.audit_said.get(peer, self._audit_said.get(peer, 0)):
            return NO_NEWS
        group.audit_said[peer] = number
        return group.audit_head

    def _current_audit_head(self, _uow: UnitOfWork) -> tuple[int, bytes]:
        """Where the log ends that this group has added nothing to; a node without replicas is alone in writing it."""
        return self._audit_head


def _chunks(ready: list[Outgoing], limits: SealLimits) -> Iterable[list[Outgoing]]:
    chunk: list[Outgoing] = []
    size = 0
    for outgoing in ready:
        if chunk and (len(chunk) >= limits.entries_max or size + outgoing.size > limits.bytes_max):
            yield chunk
            chunk, size = [], 0
        chunk.append(outgoing)
        size += outgoing.size
    if chunk:
        yield chunk


def _origin_seals(chunk: list[Outgoing]) -> list[pb.SignedSeal]:
    """The seals that the chunk's origin proofs name, each once."""
    seals: dict[bytes, pb.SignedSeal] = {}
    for outgoing in chunk:
        if outgoing.origin_seal is not None:
            seals.setdefault(outgoing.entry.origin.seal_hash, outgoing.origin_seal)
    return list(seals.values())
