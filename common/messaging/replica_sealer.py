"""Sealing where a node has several replicas: for each link its owner alone, whatever who has to say.

What a replica has to say on a link that it does not own it leaves in the outbox, in the order in which the database
gave out the numbers; the owner is told, and seals it. Of one leg two replicas never write at a time (its row is locked
until the commit), so what waits of a leg stands in the order in which it was decided. Before the owner seals what it
says itself it seals what others left, so that nothing of one leg is overtaken.

The row of the link decides who owns it. It is read locked, in the transaction that seals: an owner that has been
replaced finds another epoch there, leaves everything to the new owner, and forgets the link.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from common.audit.repository import head as audit_head
from common.db.unit_of_work import UnitOfWork
from common.messaging import outbox as box
from common.messaging.links import LINKS, LinkRow, link_of, links, new_link
from common.messaging.outbox import OUTBOX, OutboxRow, Outgoing
from common.messaging.replica import CLAIM_NOTICE, OUTBOX_NOTICE, Claim, ClaimLink, claim_payload
from common.messaging.sealer import SealedGroup, Sealer

LOOK_US = 1_000_000
"""How often the outbox is looked through, should a notice have been lost; and how old the figures of what waits may be
by which requests are admitted."""

CLOCKS_APART_US_MAX = 5_000_000
"""By how much the clocks of two replicas may differ: stamps that a former owner may or may not have sent within this
time before its last seal are sent again, which changes nothing at their receiver."""


@dataclass(slots=True)
class ReplicaGroup(SealedGroup):
    """What sealing did in a group, where there are replicas."""

    claims: list[Claim] = field(default_factory=list)
    looked: set[str] = field(default_factory=set)
    """Peers for whom the outbox was looked into."""
    again: set[str] = field(default_factory=set)
    """Peers for whom more is left in it than one group takes."""
    looked_us: int | None = None


class ReplicaSealer(Sealer):
    """The sealer of one of several replicas."""

    shared = True

    def __init__(self, replica: str, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._replica = replica
        self._to_look: set[str] = set()
        self._looked_us: int | None = None

    def load(self, connection: sa.Connection) -> None:
        """A replica begins as the owner of nothing; so it goes on where the database was away, since nobody knows what
        became of the last group: every link must be claimed anew."""
        for peer in [peer for peer, port in self._ports.items() if port.epoch]:
            self.forget(peer)
        self._looked_us = None

    # Owning links

    def claim(self, command: ClaimLink, uow: UnitOfWork) -> LinkRow:
        """Makes this replica the owner of a link; returns its cursors. From the commit on a former owner can neither
        seal nor receive on it."""
        peer, link = command.peer, link_of(uow, command.peer)
        if link is None:
            link = new_link(peer, self._incarnation)._replace(owner=self._replica)
            uow.rows(LINKS).insert(link)
        else:
            link = link._replace(owner=self._replica, epoch=link.epoch + 1)
            uow.rows(LINKS).update(link)
        unacked = self._unacked_batches(peer, link.acked_seal_number, uow.connection)
        owed = self._gate.owed_to(peer, uow.connection, CLOCKS_APART_US_MAX) if self._gate is not None else []
        uow.claims.append(Claim(peer, link.epoch, link.acked_seal_number, unacked, owed))
        uow.notify(CLAIM_NOTICE, claim_payload(link))
        return link

    def _owns(self, peer: str, group: ReplicaGroup, uow: UnitOfWork) -> bool:
        """Whether this replica owns the link now. Its row is locked, so it stays so until the group is committed."""
        epoch = self.port(peer).epoch
        if not epoch:
            return False
        link = link_of(uow, peer)
        if link is not None and link.epoch == epoch:
            return True
        group.lost[peer] = epoch
        return False

    def _seals_for(self, peer: str) -> bool:
        """Whether this replica owns the link, as far as it knows, and both ends remember the same past."""
        return bool(self.port(peer).epoch) and self.port(peer).may_seal

    def forget(self, peer: str) -> None:
        """The link has another owner: what was known of it here is void."""
        self.port(peer).epoch, self.port(peer).agreed = 0, False
        self._unacked.pop(peer, None)
        self._unacked_bytes.pop(peer, None)
        self._riding.pop(peer, None)

    # What others say

    def look_soon(self, peer: str) -> None:
        """Another replica has left something in the outbox for `peer`."""
        self._to_look.add(peer)

    def claimed_elsewhere(self, peer: str, epoch: int) -> None:
        """A hint: what this replica knows of a link that is not its own any more is forgotten before it is asked."""
        if 0 < self.port(peer).epoch < epoch:
            self.forget(peer)

    def has_work(self, now_us: int) -> bool:
        if self._looked_us is None or not 0 <= now_us - self._looked_us < LOOK_US:
            return True
        return any(self._seals_for(peer) for peer in self._to_look) or (
            any(
                count and self.port(peer).epoch and self._credit(peer) > 0 for peer, (count, _) in self._waiting.items()
            )
            or self._riders_due(now_us)
        )

    # Sealing

    def seal(self, uow: UnitOfWork) -> ReplicaGroup:
        group = ReplicaGroup(audit_head=uow.audit_head, claims=uow.claims)
        said: dict[str, list[Outgoing]] = {}
        for outgoing in uow.outgoing:
            said.setdefault(outgoing.peer, []).append(outgoing)
        uow.begin_item()
        self._look(group, uow)
        group.looked |= {peer for peer in self._to_look if self._seals_for(peer)} | self._with_credit(group)
        peers = sorted({*said, *self._riding, *group.looked})
        uow.rows(LINKS).prefetch(peer for peer in peers if self.port(peer).epoch)
        owned = [peer for peer in peers if self._owns(peer, group, uow)]
        waiting = _peers_waited_for(owned, uow.connection)
        for peer in peers:
            if peer in group.lost or peer not in owned or not self.port(peer).may_seal:
                self._leave_to_owner(peer, said.get(peer, []), group, uow)
                continue
            ready = self._choose_owned(peer, said.get(peer, []), peer in waiting, group, uow)
            ready = self._with_riders(peer, said.get(peer, []), ready, group, uow)
            if ready:
                self._cut(peer, ready, group, uow)
        uow.keep_item()
        return group

    def _current_audit_head(self, uow: UnitOfWork) -> tuple[int, bytes]:
        return audit_head(uow.connection)

    def committed(self, group: SealedGroup) -> None:
        assert isinstance(group, ReplicaGroup)
        self._to_look = (self._to_look - group.looked) | group.again
        if group.looked_us is not None:
            self._looked_us = group.looked_us
        for peer in group.lost:
            self.forget(peer)
        super().committed(group)
        for claim in group.claims:
            self.forget(claim.peer)
            self._take_up(claim.peer, claim.acked_seal_number, claim.unacked)
            self._riding[claim.peer] = claim.owed
            self.port(claim.peer).epoch = claim.epoch
            self._to_look.add(claim.peer)

    def _look(self, group: ReplicaGroup, uow: UnitOfWork) -> None:
        """From time to time: what waits, for everybody's admission limits, and for the owner to seal."""
        if self._looked_us is not None and 0 <= uow.now_us - self._looked_us < LOOK_US:
            return
        found = {peer: (count, size) for peer, (count, size, _) in box.waiting_by_peer(uow.connection).items()}
        group.waiting = {**dict.fromkeys(self._waiting, (0, 0)), **found}
        group.looked |= {peer for peer in found if self._seals_for(peer)}
        group.looked_us = uow.now_us

    def _with_credit(self, group: ReplicaGroup) -> set[str]:
        """Own links on which requests wait, and may go."""
        figures = {**self._waiting, **group.waiting}
        return {
            peer for peer, (count, _) in figures.items() if count and self.port(peer).epoch and self._credit(peer) > 0
        }

    def _leave_to_owner(self, peer: str, said: list[Outgoing], group: ReplicaGroup, uow: UnitOfWork) -> None:
        self._put_into_outbox(peer, said, group, uow)
        if said:
            uow.notify(OUTBOX_NOTICE, peer)

    def _put_into_outbox(self, peer: str, said: list[Outgoing], group: ReplicaGroup, uow: UnitOfWork) -> None:
        if not said:
            return
        for outgoing in said:
            uow.rows(OUTBOX).insert(box.to_row(outgoing, uow.order_number(), uow.now_us))
        self._count(peer, len(said), sum(outgoing.size for outgoing in said), group)

    def _count(self, peer: str, entries: int, size: int, group: ReplicaGroup) -> None:
        """Keeps the figures of what waits until they are read again."""
        known = group.waiting.get(peer) or self._waiting.get(peer, (0, 0))
        group.waiting[peer] = (max(0, known[0] + entries), max(0, known[1] + size))

    def _choose_owned(
        self, peer: str, said: list[Outgoing], look: bool, group: ReplicaGroup, uow: UnitOfWork
    ) -> list[Outgoing]:
        """What is sealed now, in order: first what was left in the outbox, then what this group said."""
        credit = self._credit(peer)
        found = self._take_rows(peer, credit, uow) if look else _Taken()
        if not look:
            group.waiting[peer] = (0, 0)
        credit -= sum(row.size_bytes for row in found.rows if row.waits_for_credit)
        left = [box.from_row(row) for row in found.rows]
        # What is held by another process is not counted until the outbox is looked through again: there is no use in
        # asking for it before.
        gone = [*left, *found.held]
        self._count(peer, -len(gone), -sum(outgoing.size for outgoing in gone), group)
        ready = [outgoing for outgoing in left if self._passes(outgoing, uow)]
        behind: list[Outgoing] = []
        for outgoing in said:
            if outgoing.rides:
                continue
            if found.answers_left or (outgoing.waits_for_credit and (found.requests_left or credit <= 0)):
                behind.append(outgoing)
            elif self._passes(outgoing, uow):
                credit -= outgoing.size if outgoing.waits_for_credit else 0
                ready.append(outgoing)
            # Once one request stays behind, all later ones do: they may be of its leg.
            found.requests_left = found.requests_left or bool(behind)
        self._put_into_outbox(peer, behind, group, uow)
        if found.answers_left or (found.requests_left and credit > 0):
            group.again.add(peer)
        return ready

    def _take_rows(self, peer: str, credit: int, uow: UnitOfWork) -> _Taken:
        """What waits in the outbox and may go, in order: what needs no credit, and requests as far as it goes; taken
        out of the outbox."""
        most = self._limits.backlog_entries_a_group_max
        answers = box.oldest_rows(peer, False, most, uow.connection)
        requests = box.oldest_rows(peer, True, most, uow.connection) if credit > 0 else []
        taken: list[OutboxRow] = []
        for row in requests:
            if credit <= 0:
                break
            credit -= row.size_bytes
            taken.append(row)
        requests_left = len(taken) < len(requests) or len(requests) == most
        rows, held = self._without_held(sorted([*answers, *taken], key=lambda row: row.outbox_id), uow)
        uow.rows(OUTBOX).prefetch(row.outbox_id for row in rows)
        for row in rows:
            uow.rows(OUTBOX).delete(row.outbox_id)
        return _Taken(rows, len(answers) == most, requests_left, held)

    def _without_held(self, rows: list[OutboxRow], uow: UnitOfWork) -> tuple[list[OutboxRow], list[Outgoing]]:
        """The rows that may be sealed now, and what the others hold. A leg that another replica works on right now is
        not waited for: that one may wait for a leg of this group. Of such a leg nothing else waits for home, to
        whom nothing is said before the request is sealed."""
        if self._gate is None:
            return rows, []
        asked = {row.outbox_id: outgoing for row in rows if (outgoing := box.from_row(row)).gated}
        self._gate.prefetch_riding([outgoing for outgoing in asked.values() if outgoing.rides], uow)
        gated = {place: outgoing for place, outgoing in asked.items() if not outgoing.rides}
        legs = self._gate.prefetch(list(gated.values()), uow)
        held = {place: outgoing for place, outgoing in gated.items() if outgoing.leg_id in legs}
        return [row for row in rows if row.outbox_id not in held], list(held.values())


def _peers_waited_for(owned: list[str], connection: sa.Connection) -> set[str]:
    """Those of the links for which anything is in the outbox."""
    if not owned:
        return set()
    return set(connection.execute(_WAITED_FOR, {"owned": owned}).scalars())


_WAITED_FOR = sa.select(links.c.peer).where(
    links.c.peer.in_(sa.bindparam("owned", expanding=True)), sa.exists().where(box.outbox.c.peer == links.c.peer)
)


@dataclass(slots=True)
class _Taken:
    """Rows taken out of the outbox, and whether some are left there."""

    rows: list[OutboxRow] = field(default_factory=list)
    answers_left: bool = False
    requests_left: bool = False
    held: list[Outgoing] = field(default_factory=list)
    """What could not be taken, since another replica works on its leg right now."""
