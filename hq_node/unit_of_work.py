"""HQ's unit of work: what its handlers reach, and where what they say goes."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from common.db.unit_of_work import UnitOfWork
from common.directory.repository import DirectoryRepository
from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import HQ, IdSource, link_name
from common.messaging.envelope import Envelope, parse
from common.messaging.incoming import Incoming
from common.messaging.origin import entry_with_proof, origin_proof
from common.messaging.outbox import envelope_entry, stamp_entry
from common.node_context import NodeContext
from common.requests.repository import RequestRepository, asked_legs
from hq_node.directory.draft_repository import DraftRepository, ServerCertificates
from hq_node.directory.repository import EnrolmentRepository, InvitationRepository, SealsOnTheirWay
from hq_node.hub.admission_rate import AdmissionRate, Admissions
from hq_node.hub.model import HubLeg
from hq_node.hub.repository import HubLegRepository, HubOrder, hub_legs, last_word_us
from hq_node.hub.statements import admission_stamp, relay_stamp
from hq_node.publications.repository import PublicationDeliveries


class HqUnitOfWork(UnitOfWork):
    """One group of work at HQ. HQ is the hub, and it also asks: what it says to itself is delivered in the same
    item."""

    def __init__(
        self,
        connection: sa.Connection,
        ids: IdSource,
        now_us: int,
        node: NodeContext,
        waiting: Callable[[str], tuple[int, int]],
        *,
        admission_rate: AdmissionRate | None = None,
    ) -> None:
        super().__init__(connection, ids, now_us)
        self.node = node
        self._waiting = waiting
        self.leg_tables = (asked_legs, hub_legs)
        self.hub_legs = HubLegRepository(self)
        self.order = HubOrder(self)
        self.admissions = Admissions(admission_rate or AdmissionRate(), self)
        self.requests = RequestRepository(self)
        self.directories = DirectoryRepository(self)
        self.invitations = InvitationRepository(self)
        self.enrolments = EnrolmentRepository(self)
        self.seals = SealsOnTheirWay(self)
        self.drafts = DraftRepository(self)
        self.server_certificates = ServerCertificates(self)
        self.publication_deliveries = PublicationDeliveries(self)

    # As the asking node (common.requests)

    def send_to_hub(self, envelope: Envelope, leg_id: bytes, *, waits_for_credit: bool) -> None:
        """The hub is here."""
        self.deliver_here(Incoming(HQ, link_name(HQ, HQ), 0, 0, 0, envelope))

    def waiting_for_hub(self) -> tuple[int, int]:
        """Nothing waits on the way to itself."""
        return 0, 0

    # As the hub

    @property
    def moment_us(self) -> int:
        """When what the hub says now was said: never before the directory by which it was judged, though HQ's clock may
        have been set back since, or be behind that of the replica which published. A key that the directory names is
        good from its publication on, and whoever judges the hub's word later judges the key at this moment."""
        return max(self.now_us, self.node.directory.issued_at_us)

    def heard_us(self, incoming: Incoming) -> int:
        """When the hub heard what it processes now. What had to wait may be under a key that has ended since; it was
        received before, and whoever judges the hub's word judges that key."""
        last_us = self.node.directory.last_moment_us(incoming.peer, incoming.key_id)
        return self.moment_us if last_us is None else min(self.moment_us, last_us)

    def last_word_us(self, node: str, around_us: int) -> int:
        """When the hub last said of a node that it had heard it, even if that was by a clock ahead."""
        return last_word_us(self, node, around_us)

    def waiting_for(self, province: str) -> tuple[int, int]:
        """How many requests wait to be sealed for a province, and their bytes (as of the last commit)."""
        return self._waiting(province)

    def send(self, node: str, envelope: Envelope, leg_id: bytes) -> None:
        """The hub's own word to a node; never waits for credit."""
        if node == HQ:
            self.deliver_here(Incoming(HQ, link_name(HQ, HQ), 0, 0, 0, envelope))
        else:
            self.emit(envelope_entry(node, leg_id, envelope))

    def send_again(self, node: str, entry: bytes, leg_id: bytes) -> None:
        """A final that the hub made before, byte for byte."""
        stored = seal_pb2.Entry.FromString(entry)
        self.send(node, parse(stored.header, stored.body, stored.private_body), leg_id)

    def stamp(self, node: str, leg_id: bytes, leg: HubLeg) -> None:
        """The hub's word on a request, to its origin; it rides on the next seal for it."""
        if node == HQ:
            stamp = admission_stamp(leg, self)
            parsed = seal_pb2.Stamp.FromString(stamp)
            self.deliver_here(Incoming(HQ, link_name(HQ, HQ), 0, 0, 0, None, parsed, stamp))
        else:
            self.emit(stamp_entry(node, leg_id, self.now_us))

    def forward_request(self, home: str, envelope: Envelope, incoming: Incoming, leg_id: bytes) -> None:
        """A request on its way to home: untouched, with the proof of its origin; stamped when it is sealed."""
        proof, seal = (None, None) if incoming.peer == HQ else origin_proof(incoming, self.connection)
        self.emit(
            envelope_entry(home, leg_id, envelope, origin=proof, origin_seal=seal, waits_for_credit=True, gated=True)
        )

    def relay_answer(self, origin: str, envelope: Envelope, incoming: Incoming, leg_id: bytes, stamp: bytes) -> None:
        """An answer on its way to the origin: untouched, with the proof that home gave it, and stamped."""
        if origin == HQ:
            parsed = seal_pb2.Stamp.FromString(stamp)
            self.deliver_here(Incoming(HQ, link_name(HQ, HQ), 0, 0, 0, envelope, parsed, stamp))
            return
        proof, seal = origin_proof(incoming, self.connection)
        self.emit(envelope_entry(origin, leg_id, envelope, stamp=stamp, origin=proof, origin_seal=seal))

    def relay_again(self, origin: str, home: str, seal_number: int, index: int, leg_id: bytes, leg: HubLeg) -> None:
        """A final that was relayed before, byte for byte, taken from the journal in which home said it."""
        link = link_name(home, HQ)
        self.flush()  # Home may have said it in this very group.
        entry, proof, _ = entry_with_proof(self.connection, link, seal_number, index)
        envelope = parse(entry.header, entry.body, entry.private_body)
        incoming = Incoming(home, link, seal_number, index, proof.sequence, envelope)
        stamp = relay_stamp(leg, envelope.digest, leg.answered_at_us, self)
        self.relay_answer(origin, envelope, incoming, leg_id, stamp)
