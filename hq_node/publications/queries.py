"""What is published, and which provinces hold it, for screens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from common.parameters.network_repository import TOPIC
from common.parameters.queries import publication_of
from hq_node.publications.model import Delivery
from hq_node.publications.repository import DeliveryRow, publication_deliveries


def list_deliveries(connection: sa.Connection, provinces: Sequence[str], topic: str = TOPIC) -> dict[str, Any]:
    """The publication of a topic, and how far each of these provinces is; and those that left meanwhile are not
    listed."""
    publication = publication_of(connection, topic)
    found = connection.execute(sa.select(publication_deliveries).where(publication_deliveries.c.topic == topic))
    known = {row.node: Delivery(*DeliveryRow._make(row)) for row in found}
    items = [_shown(known.get(node, Delivery(topic, node)), publication["version"]) for node in sorted(provinces)]
    return {"version": publication["version"], "published_at_us": publication["published_at_us"], "items": items}


def _shown(delivery: Delivery, version: int) -> dict[str, Any]:
    return {
        "node": delivery.node,
        "held_version": delivery.held_version,
        "held_at_us": delivery.held_at_us,
        "sent_at_us": delivery.sent_at_us,
        "under_way": bool(delivery.request_id),
        "current": delivery.held_version >= version,
        "reason_code": delivery.reason_code,
    }
