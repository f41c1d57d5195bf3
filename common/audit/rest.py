"""The audit log over the public REST interface: searched as a list, exported as a stream, verified."""

from __future__ import annotations

import json

from pydantic import Field
from starlette.responses import Response

from common.access_control.actor import ActorKind
from common.audit.permissions import READ
from common.audit.queries import log_size, verify_slice
from common.audit.repository import audit_log
from common.program.node import Node
from common.rest.attributes import INTEGER, MOMENT, Attribute, Form, listed, not_empty
from common.rest.bodies import Body, Told
from common.rest.calls import Call, telling
from common.rest.resource import Resource, Task

NUMBER_MAX = 2**62

HEXADECIMAL = Form("hexadecimal digits", "十六进制数字", {"type": "string"}, bytes.hex, bytes.fromhex)
NUMBER = Form("a whole number", "整数", {"type": "string"}, str, INTEGER.read, ordered=True)
DETAILS = Form("details", "详情", {"type": "object"}, lambda text: json.loads(text or "{}"), str)


class After(Body):
    """Behind which entry verifying goes on; 0: from the first."""

    after: int = Field(default=0, ge=0, lt=NUMBER_MAX)


class ChainBreak(Told):
    """Where the chain is not what it was."""

    number: int
    fault: str


class AuditVerified(Told):
    """How many entries were looked at, what is wrong with them, and behind which one to go on (nothing: that was the
    end); `size`: how many there are."""

    entries: int
    chain_break: list[ChainBreak]
    next: int | None
    size: int


AUDIT_ENTRY = Resource(
    "auditEntry",
    READ,
    audit_log,
    Attribute("id", audit_log.c.number, NUMBER),
    (
        Attribute("date", audit_log.c.at_us, MOMENT),
        Attribute("actorKind", audit_log.c.actor_kind, listed(tuple(kind.value for kind in ActorKind))),
        Attribute("actor", audit_log.c.actor),
        Attribute("organisationId", not_empty(audit_log.c.organisation)),
        Attribute("channel", not_empty(audit_log.c.channel)),
        Attribute("address", not_empty(audit_log.c.address)),
        Attribute("session", not_empty(audit_log.c.session)),
        Attribute("resource", audit_log.c.resource, en="Of what kind it is."),
        Attribute("action", audit_log.c.action, en="What was done."),
        Attribute("record", not_empty(audit_log.c.record), en="Which one it was done to."),
        Attribute("outcome", audit_log.c.outcome, en="DONE, or the code for which it was not."),
        Attribute("reason", not_empty(audit_log.c.reason), filterable=False, sortable=False),
        Attribute("customer", not_empty(audit_log.c.customer), en="The number of the customer whose matter it is."),
        Attribute("details", audit_log.c.details, DETAILS, filterable=False, sortable=False, en="Masked."),
        Attribute("hash", audit_log.c.hash, HEXADECIMAL, filterable=False, sortable=False),
    ),
    default_sort="-id",
    en="Who did what, when, from where, and why. Its number is its place in the chain.",
)


def audit_tasks(node: Node) -> tuple[Task, ...]:
    """What is proved of the log at one node."""

    async def verify(_call: Call, given: After) -> Response:
        judged = await node.reads.run(verify_slice, given.after)
        return telling(
            AuditVerified(
                entries=judged.entries,
                chain_break=[ChainBreak(number=each.number, fault=each.fault) for each in judged.breaks],
                next=judged.next,
                size=await node.reads.run(log_size),
            )
        )

    return (
        Task(
            "verifyAudit",
            "GET",
            READ,
            verify,
            None,
            AuditVerified,
            "Whether entries were changed, or taken out; so many at a time.",
            parameters=After,
        ),
    )
