"""Requests for approval and substitutes over the public REST interface."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from starlette.responses import Response

from common.access_control.actor import Actor
from common.approvals.approval_states import ENDED, PENDING
from common.approvals.commands import (
    Approve,
    EndOwnSubstitution,
    EndSubstitution,
    NameOwnSubstitute,
    NameSubstitute,
    Refuse,
    Withdraw,
)
from common.approvals.model import REASON_CHARACTERS_MAX
from common.approvals.permissions import READ, READ_SUBSTITUTION
from common.approvals.queries import list_substitutions, own_approvals
from common.approvals.repository import approvals, substitutions
from common.ids import format_id, parse_id
from common.operators.model import OPERATOR_CHARACTERS_MAX
from common.operators.row_scope import Belongs
from common.program.node import Node
from common.rest.attributes import IDENTITY, MOMENT, Attribute, Form, happened, listed, not_empty, write_moment
from common.rest.bodies import Body
from common.rest.calls import Call, document_answer, response_of
from common.rest.commands import Answer
from common.rest.resource import FOR_OPERATORS, Create, Delete, Resource, Task

ID_PATTERN = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

CHANGE = Form("before and after", "变更前后", {"type": "object"}, lambda text: json.loads(text or "{}"), str)


class Decision(Body):
    """Which request is decided, and why; a refusal says why."""

    id: str = Field(pattern=ID_PATTERN)
    reason: str = Field(default="", max_length=REASON_CHARACTERS_MAX)


class OwnSubstituteNamed(Body):
    """Who stands in for the caller, and when."""

    substitute: str = Field(max_length=OPERATOR_CHARACTERS_MAX)
    start: AwareDatetime | None = None
    """Nothing: now."""
    end: AwareDatetime
    reason: str = Field(max_length=REASON_CHARACTERS_MAX)


class NewSubstitution(OwnSubstituteNamed):
    """Who stands in for whom, and when."""

    operator: str = Field(max_length=OPERATOR_CHARACTERS_MAX)


class SubstitutionNamed(Body):
    """One of one's own substitutions by its id."""

    id: str = Field(pattern=ID_PATTERN)
    reason: str = Field(default="", max_length=REASON_CHARACTERS_MAX)


class _Document(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class DecidedDocument(_Document):
    """What became of a request. `failure`: the code for which it was approved, but could not be carried out."""

    id: str
    state: str
    failure: str


class ShownApproval(_Document):
    """A request, in short."""

    id: str
    state: str
    action: str
    record: str
    reason: str
    asker: str
    asked_date: str = Field(json_schema_extra={"format": "date-time"})
    expiry_date: str = Field(json_schema_extra={"format": "date-time"})
    change: dict[str, Any]


class OwnApprovals(_Document):
    """What one has asked for, and what one may decide, for oneself or for whom one stands in."""

    asked: list[ShownApproval]
    to_decide: list[ShownApproval]


class ShownSubstitution(_Document):
    """Who stands in for whom."""

    id: str
    operator: str
    substitute: str
    state: str
    start: str = Field(json_schema_extra={"format": "date-time"})
    end: str = Field(json_schema_extra={"format": "date-time"})
    reason: str


class OwnSubstitutions(_Document):
    """Who stands in for oneself, and for whom one does: in force or to come."""

    own: list[ShownSubstitution]
    standing_in: list[ShownSubstitution]


APPROVAL = Resource(
    "approval",
    READ,
    approvals,
    Attribute("id", approvals.c.approval_id, IDENTITY),
    (
        Attribute("state", approvals.c.state, listed((PENDING, *ENDED))),
        Attribute("action", approvals.c.action, en="By what name it is approved."),
        Attribute("record", approvals.c.record),
        Attribute("change", approvals.c.change, CHANGE, filterable=False, sortable=False),
        Attribute("reason", approvals.c.reason),
        Attribute("asker", approvals.c.asker),
        Attribute("organisationId", approvals.c.organisation_id),
        Attribute("askedDate", approvals.c.asked_at_us, MOMENT),
        Attribute("expiryDate", approvals.c.expires_at_us, MOMENT),
        Attribute("decider", not_empty(approvals.c.decider)),
        Attribute("decidedFor", not_empty(approvals.c.decided_for), en="Whose substitute the decider was."),
        Attribute("decisionDate", happened(approvals.c.decided_at_us), MOMENT),
        Attribute("decisionReason", not_empty(approvals.c.decision_reason)),
        Attribute("failure", not_empty(approvals.c.failure), en="The code for which it could not be carried out."),
    ),
    belongs=Belongs(approvals.c.organisation_id, approvals.c.asker),
    en="Something that needs a second person: who asked, what it would change, and who decided it.",
)


def _name(new: NewSubstitution, _actor: Actor) -> NameSubstitute:
    return NameSubstitute(new.operator, new.substitute, _us(new.start), _us(new.end), new.reason)


SUBSTITUTION = Resource(
    "substitution",
    READ_SUBSTITUTION,
    substitutions,
    Attribute("id", substitutions.c.substitution_id, IDENTITY),
    (
        Attribute("operator", substitutions.c.operator),
        Attribute("substitute", substitutions.c.substitute),
        Attribute("start", substitutions.c.from_us, MOMENT),
        Attribute("end", substitutions.c.until_us, MOMENT),
        Attribute("namedBy", substitutions.c.named_by),
        Attribute("reason", substitutions.c.reason),
    ),
    where=substitutions.c.ended_at_us == 0,
    create=Create(NewSubstitution, _name, lambda named: named.substitution_id),
    delete=Delete(lambda substitution_id, _actor: EndSubstitution(substitution_id), en="They stand in no longer."),
    en="Who may approve what somebody else could, while that one is away. Ended ones are not there any more.",
)


def approval_tasks(node: Node) -> tuple[Task, ...]:
    """What people decide, and whom they name, at one node."""

    def deciding(name: str, command: Any, en: str) -> Task:
        async def run(call: Call, given: Decision) -> Response:
            done = await node.writer.execute(command(parse_id(given.id), given.reason), actor=call.actor)
            told = DecidedDocument(id=format_id(done.approval_id), state=done.state, failure=done.failure)
            return _answer(told)

        return Task(name, "POST", FOR_OPERATORS, run, Decision, DecidedDocument, en)

    async def own(call: Call, _given: None) -> Response:
        book, actor = await node.access.current(), call.actor
        named = (book, actor.name, actor.organisation, node.core.node, node.clock.now_us())
        found = await node.reads.run(own_approvals, *named)
        return _answer(OwnApprovals(asked=_shown(found["asked"]), to_decide=_shown(found["to_decide"])))

    async def own_substitutions(call: Call, _given: None) -> Response:
        name, now_us = call.actor.name, node.clock.now_us()
        named = await node.reads.run(list_substitutions, now_us, name)
        standing_in = await node.reads.run(list_substitutions, now_us, "", name)
        return _answer(OwnSubstitutions(own=_substitutions(named), standing_in=_substitutions(standing_in)))

    async def name_own(call: Call, given: OwnSubstituteNamed) -> Response:
        wish = NameOwnSubstitute(given.substitute, _us(given.start), _us(given.end), given.reason)
        await node.writer.execute(wish, actor=call.actor)
        return response_of(Answer(204, {}, b""))

    async def end_own(call: Call, given: SubstitutionNamed) -> Response:
        await node.writer.execute(EndOwnSubstitution(parse_id(given.id), given.reason), actor=call.actor)
        return response_of(Answer(204, {}, b""))

    return (
        deciding("approve", Approve, "Agree to what somebody else has asked for; it is carried out at once."),
        deciding("refuse", Refuse, "Do not agree to what somebody else has asked for."),
        deciding("withdraw", Withdraw, "Take back what one has asked for."),
        Task("ownApproval", "GET", FOR_OPERATORS, own, None, OwnApprovals, "What one asked for, and what one decides."),
        Task(
            "ownSubstitution",
            "GET",
            FOR_OPERATORS,
            own_substitutions,
            None,
            OwnSubstitutions,
            "Who stands in for one.",
        ),
        Task(
            "nameOwnSubstitute",
            "POST",
            FOR_OPERATORS,
            name_own,
            OwnSubstituteNamed,
            None,
            "Name who may approve what one could while one is away.",
        ),
        Task(
            "endOwnSubstitution",
            "POST",
            FOR_OPERATORS,
            end_own,
            SubstitutionNamed,
            None,
            "One's own substitute stands in no longer.",
        ),
    )


def _us(moment: datetime | None) -> int:
    return 0 if moment is None else max(0, (moment - _EPOCH) // timedelta(microseconds=1))


def _shown(items: Iterable[Mapping[str, Any]]) -> list[ShownApproval]:
    return [
        ShownApproval(
            id=item["approval_id"],
            asked_date=write_moment(item["asked_at_us"]),
            expiry_date=write_moment(item["expires_at_us"]),
            **{name: item[name] for name in ("state", "action", "record", "reason", "asker", "change")},
        )
        for item in items
    ]


def _substitutions(items: Iterable[Mapping[str, Any]]) -> list[ShownSubstitution]:
    return [
        ShownSubstitution(
            id=item["substitution_id"],
            start=write_moment(item["from_us"]),
            end=write_moment(item["until_us"]),
            **{name: item[name] for name in ("operator", "substitute", "state", "reason")},
        )
        for item in items
    ]


def _answer(document: BaseModel) -> Response:
    return response_of(document_answer(document.model_dump(by_alias=True)))
