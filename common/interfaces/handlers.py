"""The life of a call: claimed, answered, tried again with spacing, given up, replayed; and the health of interfaces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import sqlalchemy as sa

from common.alarms.handlers import raise_alarm
from common.ids import format_id
from common.interfaces.call_states import (
    ANSWERED_DONE,
    ANSWERED_REFUSED,
    CALL,
    CLAIM,
    DONE,
    ENDS,
    EXPIRE,
    EXPIRED,
    GIVEN_UP,
    LOSE,
    MENDED,
    NODE,
    OPERATOR,
    OTHER_SIDE,
    REPLAY,
    REPLAYABLE,
    WAITING,
)
from common.interfaces.commands import (
    ClaimCalls,
    NoteAnswer,
    NoteTestCall,
    ReplayCalls,
    SwitchAdapter,
    TidyCalls,
)
from common.interfaces.events import AdapterSwitched, CallAnswered, CallsReplayed, CallsWait
from common.interfaces.model import (
    CONTENT_LOST,
    ERROR_CHARS_MAX,
    REFERENCE_CHARS_MAX,
    REPLAYED_MAX,
    Answer,
    Call,
    InterfaceCallNotReplayable,
    InterfaceCallUnknown,
    Port,
    find_port,
)
from common.interfaces.parameters import ANSWER_SECONDS, FAILURES_MAX, REST_SECONDS, TRIES_MAX
from common.interfaces.repository import (
    CALL_ROWS,
    CONTENT,
    HEALTH_ROWS,
    IS_OPEN,
    IS_SEALED,
    NOTHING_SEALED,
    CallRow,
    HealthRow,
    healthy,
    interface_calls,
)
from common.outbound.spacing import spacing_us
from common.parameters.commands import SetParameter
from common.parameters.handlers import set_parameter
from common.personal_data.sealing import DataKeyMissing

CALL_GIVEN_UP = "INTERFACE_CALL_GIVEN_UP"
CLAIM_OUTLASTS_US = 30_000_000
"""By so much a claim outlasts the wait for an answer; then another process may make the call."""
SECOND_US = 1_000_000


class Claimed(NamedTuple):
    """A call to be made now, through this adapter."""

    port: str
    adapter: str
    call: Call


def claim_calls(command: ClaimCalls, uow: Any) -> tuple[Claimed, ...]:
    """What is due now, to be called by whoever asked."""
    claimed: list[Claimed] = []
    for name, most in command.free:
        claimed += _claim_of(find_port(uow.node.ports, name), most, uow)
    return tuple(claimed)


def _claim_of(port: Port, most: int, uow: Any) -> list[Claimed]:
    adapter = uow.node.parameters.value(port.adapter, uow.now_us)
    due = (
        sa.select(interface_calls.c.call_id)
        .where(interface_calls.c.port == port.name, IS_OPEN, interface_calls.c.next_try_at_us <= uow.now_us)
        .order_by(interface_calls.c.next_try_at_us, interface_calls.c.call_id)
        .limit(most)
    )
    found = uow.query(due).scalars().all()
    if not found:
        return []
    health = _health(port.name, adapter, uow)
    breaker, claim_us = health.breaker, _claim_us(uow)
    most = min(most, breaker.calls_allowed(uow.now_us, claim_us))
    claimed: list[Claimed] = []
    for call_id in found:
        if len(claimed) < most and (call := _claim(call_id, adapter, claim_us, uow)) is not None:
            claimed.append(Claimed(port.name, adapter, call))
    if claimed:
        # Even where nothing changed: that makes several processes see the breaker one after the other.
        uow.rows(HEALTH_ROWS).update(health.with_breaker(breaker))
    return claimed


def _claim_us(uow: Any) -> int:
    return int(uow.node.parameters.value(ANSWER_SECONDS, uow.now_us)) * SECOND_US + CLAIM_OUTLASTS_US


def _claim(call_id: bytes, adapter: str, claim_us: int, uow: Any) -> Call | None:
    """The call, claimed; None where there is nothing to make any more."""
    rows = uow.rows(CALL_ROWS)
    row: CallRow | None = rows.get(call_id)
    # Between the search and the lock another process may have claimed it.
    if row is None or row.ended_at_us or row.next_try_at_us > uow.now_us:
        return None
    if row.not_after_us and row.not_after_us <= uow.now_us:
        rows.update(_moved(row, EXPIRE, NODE, uow))
        return None
    try:
        cipher = uow.personal_data.cipher(row.subject, row.generation)
    except DataKeyMissing:
        rows.update(_moved(row, LOSE, NODE, uow)._replace(error=CONTENT_LOST))
        return None
    row = _moved(row, CLAIM, NODE, uow)
    rows.update(row._replace(tries=row.tries + 1, adapter=adapter, next_try_at_us=uow.now_us + claim_us))
    return Call(call_id, row.operation, cipher.open_bytes(CONTENT, format_id(call_id), row.content))


def note_answer(command: NoteAnswer, uow: Any) -> str:
    """The state of the call afterwards; empty where it is forgotten."""
    rows = uow.rows(CALL_ROWS)
    row: CallRow | None = rows.get(command.call_id)
    if row is None:
        return ""
    answer, before = command.answer, row
    row = _moved(row, answer.outcome, OTHER_SIDE, uow)
    if row != before:
        row = row._replace(error=answer.error[:ERROR_CHARS_MAX], reference=answer.reference[:REFERENCE_CHARS_MAX])
        row = row._replace(took_us=command.took_us or row.took_us)
        if row.state == WAITING:
            row = row._replace(next_try_at_us=uow.now_us + spacing_us(row.tries))
        rows.update(row)
    if row.state == GIVEN_UP and before.state != GIVEN_UP:
        raise_alarm(uow, CALL_GIVEN_UP, row.port, answer.error[:ERROR_CHARS_MAX])
    _judge(row.port, command.adapter, answer, command.took_us, uow)
    return row.state


def note_test_call(command: NoteTestCall, uow: Any) -> Answer:
    """A test call is in the figures, and the audit log. One that succeeds ends the rest of an interface."""
    find_port(uow.node.ports, command.port).require_adapter(command.adapter)
    _judge(command.port, command.adapter, command.answer, command.took_us, uow)
    return command.answer


def switch_adapter(command: SwitchAdapter, uow: Any) -> AdapterSwitched:
    """Raises InterfaceUnknown, AdapterUnknown, ParameterReasonMissing."""
    port = find_port(uow.node.ports, command.port)
    port.require_adapter(command.adapter)
    set_parameter(SetParameter(port.adapter.name, command.adapter, command.reason), uow)
    _call_at_once(port.name, uow)
    return AdapterSwitched(port.name, command.adapter)


def replay_calls(command: ReplayCalls, uow: Any) -> CallsReplayed:
    """Raises InterfaceUnknown, InterfaceCallUnknown, InterfaceCallNotReplayable."""
    port, rows = find_port(uow.node.ports, command.port), uow.rows(CALL_ROWS)
    found = [command.call_id] if command.call_id else _replayable(port.name, uow)
    rows.prefetch(found)
    replayed = 0
    for call_id in found:
        row: CallRow | None = rows.get(call_id)
        if row is None or row.port != port.name:
            raise InterfaceCallUnknown(port=port.name, call=format_id(call_id))
        in_time = not row.not_after_us or row.not_after_us > uow.now_us
        if row.state in REPLAYABLE and row.generation != NOTHING_SEALED and in_time:
            again = _moved(row, REPLAY, OPERATOR, uow)
            rows.update(again._replace(tries=0, next_try_at_us=uow.now_us, ended_at_us=0, error=""))
            replayed += 1
        elif command.call_id:
            raise InterfaceCallNotReplayable(call=format_id(call_id), state=row.state)
    uow.describe_change(None, {"calls": replayed})
    uow.record(CallsWait())
    return CallsReplayed(port.name, replayed)


def tidy_calls(command: TidyCalls, uow: Any) -> int:
    """How many were ended or forgotten."""
    c, rows, tidied = interface_calls.c, uow.rows(CALL_ROWS), 0
    late = sa.select(c.call_id).where(IS_OPEN, c.not_after_us > 0, c.not_after_us <= uow.now_us).limit(command.most)
    old = sa.select(c.call_id).where(c.placed_at_us < command.ended_before_us, c.ended_at_us > 0)
    old = old.where(c.ended_at_us < command.ended_before_us).order_by(c.call_id).limit(command.most)
    found = [*uow.query(late).scalars(), *uow.query(old).scalars()]
    rows.prefetch(found)
    for call_id in found:
        row: CallRow | None = rows.get(call_id)
        if row is None:
            continue
        if not row.ended_at_us and row.not_after_us <= uow.now_us:
            rows.update(_moved(row, EXPIRE, NODE, uow))
            tidied += 1
        elif 0 < row.ended_at_us < command.ended_before_us:
            rows.delete(call_id)
            tidied += 1
    return tidied


def _moved(row: CallRow, event: str, by: str, uow: Any) -> CallRow:
    """The call after an event. What nobody needs any more is not kept: its content first of all."""
    transition = CALL.row_for(row.state, event, by, row, uow.node.parameters.value(TRIES_MAX, uow.now_us))
    row = row._replace(state=transition.next_state(row.state, None))
    if ENDS in transition.emits:
        row = row._replace(ended_at_us=uow.now_us)
    if row.state in (DONE, EXPIRED) or event == LOSE:
        row = row._replace(generation=NOTHING_SEALED, content=b"")
    return row


def _judge(port: str, adapter: str, answer: Answer, took_us: int, uow: Any) -> None:
    """What an answer says of the other side."""
    health, book, now_us = _health(port, adapter, uow), uow.node.parameters, uow.now_us
    breaker, works = health.breaker, answer.outcome in (ANSWERED_DONE, ANSWERED_REFUSED)
    rest_us = book.value(REST_SECONDS, now_us) * SECOND_US
    emits = breaker.answered(answer.outcome, book.value(FAILURES_MAX, now_us), rest_us, now_us)
    if took_us:
        health = health._replace(
            calls=health.calls + 1,
            done=health.done + (answer.outcome == ANSWERED_DONE),
            refused=health.refused + (answer.outcome == ANSWERED_REFUSED),
            took_us=health.took_us + took_us,
            took_us_max=max(health.took_us_max, took_us),
        )
    if works:
        health = health._replace(worked_at_us=now_us)
    else:
        health = health._replace(failed_at_us=now_us, error=answer.error[:ERROR_CHARS_MAX])
    uow.rows(HEALTH_ROWS).update(health.with_breaker(breaker))
    uow.record(CallAnswered(port, adapter, answer.outcome, took_us))
    if MENDED in emits:
        _call_at_once(port, uow)


def _call_at_once(port: str, uow: Any) -> None:
    """What waits for its next try need not wait any longer."""
    waiting = sa.update(interface_calls).where(
        interface_calls.c.port == port, IS_OPEN, interface_calls.c.state == WAITING
    )
    uow.query(waiting.values(next_try_at_us=uow.now_us))
    uow.record(CallsWait())


def _health(port: str, adapter: str, uow: Any) -> HealthRow:
    return uow.rows(HEALTH_ROWS).get((port, adapter)) or healthy(port, adapter)


def _replayable(port: str, uow: Any) -> list[bytes]:
    c = interface_calls.c
    wanted = sa.select(c.call_id).where(c.port == port, c.state.in_(REPLAYABLE), IS_SEALED)
    wanted = wanted.where(sa.or_(c.not_after_us == 0, c.not_after_us > uow.now_us))
    return list(uow.query(wanted.order_by(c.call_id).limit(REPLAYED_MAX)).scalars())


HANDLERS: dict[type, Callable[[Any, Any], Any]] = {
    ClaimCalls: claim_calls,
    NoteAnswer: note_answer,
    NoteTestCall: note_test_call,
    SwitchAdapter: switch_adapter,
    ReplayCalls: replay_calls,
    TidyCalls: tidy_calls,
}
