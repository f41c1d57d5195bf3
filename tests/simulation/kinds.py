"""Simulated business: kinds whose requests say how their handling goes wrong, and whose effects can be counted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from google.protobuf.wrappers_pb2 import StringValue

from common.db.rows import RowSpec
from common.errors import Refusal, TemporaryFault
from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.ids import LEG_ID_BYTES
from common.messaging.inbox import leg_of
from common.requests.registry import WORKING, Answer, Asked, RequestKind, Serve

SIMULATED = sa.MetaData()
"""Tables of the simulation, apart from the product's."""

effects = sa.Table(
    "simulated_effects",
    SIMULATED,
    sa.Column("leg_id", sa.LargeBinary(LEG_ID_BYTES), primary_key=True),
    sa.Column("times", sa.Integer, nullable=False),
)

poison = sa.Table("simulated_poison", SIMULATED, sa.Column("name", sa.String(8), primary_key=True))


class EffectRow(NamedTuple):
    leg_id: bytes
    times: int


class PoisonRow(NamedTuple):
    name: str


EFFECTS = RowSpec(effects, EffectRow)
POISON = RowSpec(poison, PoisonRow)
POISONED = "taken"
"""A name that every province has: to store it again breaks the whole group, at its flush."""

EFFECT = "simulated.v1.Effect"
LONG = "simulated.v1.Long"
NOVELTY = "simulated.v1.Novelty"
"""A kind that some provinces ask for and none serves."""


class NotNow(TemporaryFault):
    """Something that the handler needs is away."""

    en = "Not now."
    zh = "暂不可用。"


class NotToday(Refusal):
    """The simulated rule says no."""

    en = "Not today."
    zh = "今日不办理。"


@dataclass(frozen=True, slots=True)
class Plan:
    """How the handling of a request goes: how many tries fail for now, whether one fails unforeseen, how many tries
    break the whole group when it is written, whether a rule says no, whether the handler searches in between."""

    fails_for_now: int = 0
    unexpected: bool = False
    poison_tries: int = 0
    refused: bool = False
    searches: bool = False
    outside: bool = False
    outside_refuses: bool = False

    def to_bytes(self) -> bytes:
        """The plan as a request's body."""
        return StringValue(value=json.dumps(asdict(self))).SerializeToString()

    @classmethod
    def of(cls, body: Any) -> Plan:
        return cls(**json.loads(body.value))


@dataclass(frozen=True, slots=True)
class Act:
    """The command of every simulated kind."""

    leg_id: bytes
    plan: Plan


class Behaviour:
    """Carries simulated requests out; counts tries, whatever became of their transactions."""

    def __init__(self) -> None:
        self.tries: Counter[bytes] = Counter()
        self.plans: dict[bytes, Plan] = {}
        """Of long legs that were begun."""

    def act(self, command: Act, uow: Any) -> Any:
        """Stages the effect first, so that whatever goes wrong afterwards must undo it."""
        plan = command.plan
        self.tries[command.leg_id] += 1
        tries = self.tries[command.leg_id]
        rows = uow.rows(EFFECTS)
        known = rows.get(command.leg_id)
        if known is None:
            rows.insert(EffectRow(command.leg_id, 1))
        else:
            rows.update(known._replace(times=known.times + 1))
        if plan.searches:
            uow.query(sa.select(sa.func.count()).select_from(effects)).scalar()
        if tries <= plan.fails_for_now:
            raise NotNow()
        if plan.unexpected:
            raise ZeroDivisionError("simulated")
        if plan.refused:
            raise NotToday()
        if tries <= plan.poison_tries:
            uow.rows(POISON).insert(PoisonRow(POISONED))
        return command

    def begin(self, command: Act, uow: Any) -> Any:
        """Long work: only begun here."""
        self.tries[command.leg_id] += 1
        self.plans[command.leg_id] = command.plan
        if self.tries[command.leg_id] <= command.plan.fails_for_now:
            raise NotNow()
        return WORKING


def to_command(asked: Asked) -> Act:
    """The request as a command."""
    return Act(leg_of(asked.envelope), Plan.of(asked.body))


def answer(event: Act) -> Answer:
    """The answer of a simulated kind."""
    return Answer(StringValue(value="done"))


def kinds(behaviour: Behaviour) -> Sequence[RequestKind]:
    """The simulated kinds as a province serves them."""
    return (
        _kind(EFFECT, Serve(EFFECT, to_command, behaviour.act, answer)),
        _kind(LONG, Serve(LONG, to_command, behaviour.begin, answer)),
    )


def asked_kinds() -> Sequence[RequestKind]:
    """The simulated kinds as HQ asks for them."""
    return (_kind(EFFECT), _kind(LONG))


def novelty() -> RequestKind:
    """The kind that nobody serves yet."""
    return _kind(NOVELTY)


def _kind(name: str, serve: Serve | None = None) -> RequestKind:
    return RequestKind(name, pb.MESSAGE_CLASS_WORK_ORDER, StringValue, StringValue, None, None, serve)
