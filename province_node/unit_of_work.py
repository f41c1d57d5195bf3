"""A province's unit of work: what its handlers reach, and where what they say goes."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from common.db.unit_of_work import UnitOfWork
from common.directory.repository import DirectoryRepository
from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.ids import HQ, IdSource
from common.messaging.envelope import Envelope
from common.messaging.inbox import IS_OPEN, PARKED, WAITING, inbox
from common.messaging.outbox import envelope_entry
from common.node_context import NodeContext
from common.personal_data.repository import PersonalData
from common.personal_data.vault import Vault
from common.requests.repository import RequestRepository, asked_legs
from province_node.authentication.repository import AuthenticationRepository
from province_node.customers.repository import CustomerRepository
from province_node.record_totals import CUSTOMERS, SUBSCRIPTIONS, total_of
from province_node.serving.repository import ServingLegRepository, serving_legs
from province_node.subscriptions.repository import SubscriptionRepository


class ProvinceUnitOfWork(UnitOfWork):
    """One group of work at a province."""

    def __init__(
        self,
        connection: sa.Connection,
        ids: IdSource,
        now_us: int,
        node: NodeContext,
        waiting: Callable[[str], tuple[int, int]],
        *,
        vault: Vault,
    ) -> None:
        super().__init__(connection, ids, now_us)
        self.node = node
        self._waiting = waiting
        self.leg_tables = (asked_legs, serving_legs)
        self.directories = DirectoryRepository(self)
        self.requests = RequestRepository(self)
        self.serving_legs = ServingLegRepository(self)
        self.personal_data = PersonalData(self, vault)
        self.customers = CustomerRepository(self, self.personal_data)
        self.subscriptions = SubscriptionRepository(self)
        self.authentications = AuthenticationRepository(self)

    def counts(self) -> dict[str, int]:
        """How many customers, subscriptions, waiting and parked messages there are."""
        states = dict(
            self.query(sa.select(inbox.c.state, sa.func.count()).where(IS_OPEN).group_by(inbox.c.state)).tuples().all()
        )
        return {
            "customers": total_of(self, CUSTOMERS),
            "subscriptions": total_of(self, SUBSCRIPTIONS),
            "messages_waiting": states.get(WAITING, 0) + self._waiting(HQ)[0],
            "messages_parked": states.get(PARKED, 0),
        }

    def send_to_hub(self, envelope: Envelope, leg_id: bytes, *, waits_for_credit: bool) -> None:
        """Says something to the hub, over the one link a province has."""
        # Of its own requests the node notes when they left.
        gated = envelope.routing.phase == pb.PHASE_REQUEST
        self.emit(envelope_entry(HQ, leg_id, envelope, waits_for_credit=waits_for_credit, gated=gated))

    def waiting_for_hub(self) -> tuple[int, int]:
        """How many requests wait to be sealed for HQ, and their bytes (as of the last commit)."""
        return self._waiting(HQ)
