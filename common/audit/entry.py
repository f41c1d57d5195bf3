"""An entry of the audit log, and how entries are chained: each holds the hash of the one before."""

from __future__ import annotations

from dataclasses import dataclass, fields

from common.security.encoding import tagged_digest

DOMAIN = b"quanwang audit entry v1"
NO_HASH = bytes(32)
"""What stands before the first entry."""
DONE = "DONE"
"""The outcome of what was done; what was not has the code of its refusal or fault."""

CUSTOMER, SEARCH, READ, REVEAL = "customer", "search", "read", "reveal"
"""What every look at customers' personal data is noted as, whichever resource shows it."""

TEXT_CHARACTERS_MAX = 512


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what, for whom, from where, why, and what came of it.

    Holds no personal data of customers in clear: records are named by their identities, contents are masked before.
    """

    actor_kind: str
    actor: str
    organisation: str
    channel: str
    address: str
    session: str
    resource: str
    action: str
    record: str
    outcome: str
    reason: str = ""
    customer: str = ""
    """For whom: the customer's number, where the matter is a customer's."""
    details: str = ""
    """What was before and after, masked; JSON, or empty."""


def entry_hash(number: int, at_us: int, entry: AuditEntry, previous: bytes) -> bytes:
    """The hash of an entry at its place in the log (from 1), over the hash of the one before it."""
    texts = [getattr(entry, field.name).encode() for field in fields(entry)]
    return tagged_digest(DOMAIN, previous, number.to_bytes(8, "big"), at_us.to_bytes(8, "big", signed=True), *texts)
