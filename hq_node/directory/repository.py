"""Invitations and enrolments, one row a node. An invitation's secret is stored as its digest alone."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from common.directory.repository import DirectoryRepository
from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import HQ, IdSource, link_name
from common.messaging.inbox import IS_OPEN, inbox
from common.messaging.link_resume import BEGINNING, LinkResume, Place
from common.messaging.links import LinkRow, journal_batch, links
from common.messaging.seal import NO_HASH, seal_hash
from hq_node.directory.draft_repository import DraftRepository, ServerCertificates
from hq_node.directory.model import Enrolment, EnrolmentKeys, EnrolmentState, Invitation

invitations = sa.Table(
    "invitations",
    METADATA,
    sa.Column("node", sa.String(2), primary_key=True),
    sa.Column("secret_digest", sa.LargeBinary(32), nullable=False),
    sa.Column("expires_at_us", sa.BigInteger, nullable=False),
    sa.Column("invited_at_us", sa.BigInteger, nullable=False),
    sa.Column("invited_by", sa.String(100), nullable=False),
    sa.Column("used_by", sa.LargeBinary(32), nullable=False),
)

enrolments = sa.Table(
    "enrolments",
    METADATA,
    sa.Column("node", sa.String(2), primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("signing_public_key", sa.LargeBinary, nullable=False),
    sa.Column("private_body_public_key", sa.LargeBinary, nullable=False),
    # DER SubjectPublicKeyInfo.
    sa.Column("tls_public_key", sa.LargeBinary, nullable=False),
    # PKCS#10, DER.
    sa.Column("tls_certificate_request", sa.LargeBinary, nullable=False),
    sa.Column("software_version", sa.String(100), nullable=False),
    sa.Column("requested_at_us", sa.BigInteger, nullable=False),
    sa.Column("approved_at_us", sa.BigInteger, nullable=False),
    sa.Column("approved_by", sa.String(100), nullable=False),
    # PEM; empty before the approval.
    sa.Column("tls_certificate", sa.LargeBinary, nullable=False),
)


class InvitationRow(NamedTuple):
    node: str
    secret_digest: bytes
    expires_at_us: int
    invited_at_us: int
    invited_by: str
    used_by: bytes


class EnrolmentRow(NamedTuple):
    node: str
    state: str
    signing_public_key: bytes
    private_body_public_key: bytes
    tls_public_key: bytes
    tls_certificate_request: bytes
    software_version: str
    requested_at_us: int
    approved_at_us: int
    approved_by: str
    tls_certificate: bytes


INVITATIONS = RowSpec(invitations, InvitationRow)
ENROLMENTS = RowSpec(enrolments, EnrolmentRow)


class InvitationRepository:
    """The invitations as one group of work sees them."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def get(self, node: str) -> Invitation | None:
        """The invitation of a node that counts, or None."""
        row: InvitationRow | None = self._uow.rows(INVITATIONS).get(node)
        return None if row is None else Invitation(*row)

    def put(self, invitation: Invitation) -> None:
        """Stores the invitation in the place of the node's earlier one."""
        rows = self._uow.rows(INVITATIONS)
        row = InvitationRow(
            node=invitation.node,
            secret_digest=invitation.secret_digest,
            expires_at_us=invitation.expires_at_us,
            invited_at_us=invitation.invited_at_us,
            invited_by=invitation.invited_by,
            used_by=invitation.used_by,
        )
        (rows.insert if rows.get(invitation.node) is None else rows.update)(row)


class EnrolmentRepository:
    """The enrolments as one group of work sees them."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def get(self, node: str) -> Enrolment | None:
        """How far a node has come, or None where it never asked."""
        row: EnrolmentRow | None = self._uow.rows(ENROLMENTS).get(node)
        return None if row is None else enrolment_of(row)

    def put(self, enrolment: Enrolment) -> None:
        """Stores the enrolment in the place of the node's earlier one."""
        rows = self._uow.rows(ENROLMENTS)
        row = EnrolmentRow(
            node=enrolment.node,
            state=enrolment.state.value,
            signing_public_key=enrolment.keys.signing,
            private_body_public_key=enrolment.keys.private_bodies,
            tls_public_key=enrolment.keys.tls,
            tls_certificate_request=enrolment.tls_certificate_request,
            software_version=enrolment.software_version,
            requested_at_us=enrolment.requested_at_us,
            approved_at_us=enrolment.approved_at_us,
            approved_by=enrolment.approved_by,
            tls_certificate=enrolment.tls_certificate,
        )
        (rows.insert if rows.get(enrolment.node) is None else rows.update)(row)


def enrolment_of(row: EnrolmentRow) -> Enrolment:
    """A stored row as what it means."""
    return Enrolment(
        node=row.node,
        state=EnrolmentState(row.state),
        keys=EnrolmentKeys(row.signing_public_key, row.private_body_public_key, row.tls_public_key),
        tls_certificate_request=row.tls_certificate_request,
        software_version=row.software_version,
        requested_at_us=row.requested_at_us,
        approved_at_us=row.approved_at_us,
        approved_by=row.approved_by,
        tls_certificate=row.tls_certificate,
    )


class SealsOnTheirWay:
    """By which keys is sealed what has arrived last, or has not arrived yet?"""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def only_by(self, node: str, key_ids: Collection[str], peers: Collection[str]) -> bool:
        """Whether all that may still arrive, or be processed, of `node` is sealed by these keys, its latest ones: of a
        province, whether its last seal here is, and the oldest one of which something waits or is parked; of HQ,
        whether the oldest is that one of `peers` has not acknowledged."""
        return self._of_hq_only_by(key_ids, peers) if node == HQ else self._of_province_only_by(node, key_ids)

    def _of_province_only_by(self, node: str, key_ids: Collection[str]) -> bool:
        link = link_name(node, HQ)
        # In this order: what is received after the first look may be in the second, and never the other way round.
        last = self._uow.query(sa.select(links.c.received_seal_number).where(links.c.peer == node)).scalar()
        if last is None or self._key_of(link, last) not in key_ids:
            return False
        unprocessed = sa.select(sa.func.min(inbox.c.seal_number)).where(IS_OPEN, inbox.c.link == link)
        oldest = self._uow.query(unprocessed).scalar()
        return oldest is None or self._key_of(link, oldest) in key_ids

    def _of_hq_only_by(self, key_ids: Collection[str], peers: Collection[str]) -> bool:
        rows = [LinkRow._make(row) for row in self._uow.query(sa.select(links))]
        return all(
            self._key_of(link_name(HQ, row.peer), row.acked_seal_number + 1) in key_ids
            for row in rows
            if row.peer in peers and row.acked_seal_number < row.sealed_seal_number
        )

    def resume_of(self, node: str) -> LinkResume:
        """Where a node that was enrolled anew goes on: what HQ has received of it, and what of HQ it acknowledged."""
        found = [LinkRow._make(row) for row in self._uow.query(sa.select(links).where(links.c.peer == node))]
        if not found:
            return LinkResume(BEGINNING, BEGINNING)
        row = found[0]
        sealed = BEGINNING
        if row.received_seal_number:
            sealed = Place(row.peer_incarnation, row.received_seal_number, row.received_sequence, row.received_hash)
        acked = journal_batch(self._uow.connection, link_name(HQ, node), row.acked_seal_number)
        hash_of_acked = NO_HASH if acked is None else seal_hash(seal_pb2.SealedBatch.FromString(acked).seal)
        return LinkResume(sealed, Place(row.incarnation, row.acked_seal_number, row.acked_sequence, hash_of_acked))

    def _key_of(self, link: str, seal_number: int) -> str:
        batch = journal_batch(self._uow.connection, link, seal_number)
        if batch is None:
            return ""
        return seal_pb2.Seal.FromString(seal_pb2.SealedBatch.FromString(batch).seal.seal).key_id


class DirectoryUnitOfWork(UnitOfWork):
    """A unit of work that reaches the directory's repositories and nothing else: for founding a federation."""

    def __init__(self, connection: sa.Connection, ids: IdSource, now_us: int) -> None:
        super().__init__(connection, ids, now_us)
        self.invitations = InvitationRepository(self)
        self.enrolments = EnrolmentRepository(self)
        self.directories = DirectoryRepository(self)
        self.seals = SealsOnTheirWay(self)
        self.drafts = DraftRepository(self)
        self.server_certificates = ServerCertificates(self)

    def last_word_us(self, _node: str, _around_us: int) -> int:
        """The hub has said nothing yet."""
        return 0
