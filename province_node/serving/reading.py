"""What other nodes are told of this province's customers stands in the audit log like every other look at them."""

from __future__ import annotations

from typing import Protocol

from common.access_control.actor import ActorKind
from common.audit.entry import CUSTOMER, READ, AuditEntry
from common.ids import format_id
from common.messaging.envelope import Envelope
from common.node_context import NodeContext


class Noting(Protocol):
    """What is needed of the unit of work."""

    node: NodeContext

    def audit(self, entry: AuditEntry) -> None: ...


def note_reading(envelope: Envelope, outcome: str, customer: str, uow: Noting) -> None:
    """Notes who was told, by the word of the node that asked: whose operator it was, where, and for which request.
    Only of kinds that are answered with personal data; a refusal of one is noted too."""
    routing = envelope.routing
    kind = uow.node.kinds.known(routing.message_type)
    if kind is None or kind.private_response is None:
        return
    acting = routing.actor
    uow.audit(
        AuditEntry(
            actor_kind=ActorKind.PEER,
            actor=acting.operator,
            organisation=acting.organisation,
            channel=acting.channel,
            address=routing.source,
            session="",
            resource=CUSTOMER,
            action=READ,
            record=format_id(routing.request_id),
            outcome=outcome,
            customer=customer,
        )
    )
