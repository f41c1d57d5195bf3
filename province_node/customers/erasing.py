"""Erasing a customer: their record first, in one transaction; then what requests about them hold, one by one.

The order matters: once the record's keys are gone nobody can be answered with it any more. Cut off in between, the same
again goes on: a record that was erased says when, and requests are looked for anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from common.ids import format_id
from common.journal.erasing import erase
from common.journal.model import BatchNotDelivered, RequestStillOpen
from common.requests.registry import RequestKinds
from province_node.customers.commands import EraseCustomer
from province_node.customers.events import CustomerErasedForGood

FindRequests = Callable[[sa.Connection, RequestKinds, str], list[bytes]]
"""The requests that were answered with personal data of a customer."""


@dataclass(frozen=True, slots=True)
class ErasedEverywhere:
    """What became of it. `requests_left`: of those that have not ended, or are on their way; to be tried again."""

    erased: CustomerErasedForGood
    requests: int
    requests_left: list[str]


async def erase_everywhere(
    node: Any, customer_number: str, reason: str, kept_us: int, find: FindRequests
) -> ErasedEverywhere:
    """Raises what `handlers.erase_customer` raises, and ArchiveDamaged, OSError."""
    erased: CustomerErasedForGood = await node.local_desk.execute(EraseCustomer(customer_number, reason, kept_us))
    done, left = 0, []
    for request_id in await node.reads.run(find, node.context.kinds, customer_number):
        try:
            await erase(node, request_id)
            done += 1
        except (RequestStillOpen, BatchNotDelivered):
            left.append(format_id(request_id))
    return ErasedEverywhere(erased, done, left)
