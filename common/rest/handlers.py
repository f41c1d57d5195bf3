"""Running a caller's command once, and keeping what it was answered."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from common.errors import Awaited
from common.rest.awaiting import awaited_answer
from common.rest.commands import Answer, AnswerCommand, ForgetAnswers, NoteLook, Once
from common.rest.errors import IdempotencyKeyTaken
from common.rest.repository import ANSWERS, AnswerRow, rest_answers


def handlers(others: Mapping[type, Callable[[Any, Any], Any]]) -> dict[type, Callable[[Any, Any], Any]]:
    """`others`: the handlers of the commands that callers may have run."""

    def answer_command(command: AnswerCommand, uow: Any) -> Answer | Awaited:
        """Raises IdempotencyKeyTaken, and what the command and its check raise; then nothing is kept."""
        given = _given(command.once, uow) if command.once is not None else None
        if given is not None:
            return given
        if command.check is not None:
            command.check(uow)
        result = others[type(command.command)](command.command, uow)
        if isinstance(result, Awaited):
            if command.once is not None:
                _keep(command.once, awaited_answer(result, "en"), uow)
            return result
        answer = command.answer(result, uow)
        if command.once is not None:
            _keep(command.once, answer, uow)
        return answer

    return {AnswerCommand: answer_command, NoteLook: note_look, ForgetAnswers: forget_answers}


def _given(once: Once, uow: Any) -> Answer | None:
    """What the caller was answered under this key, while it is kept. Raises IdempotencyKeyTaken."""
    row = uow.rows(ANSWERS).get((once.caller, once.key))
    if row is None or row.expires_at_us <= uow.now_us:
        return None
    if not hmac.compare_digest(row.digest, once.digest):
        raise IdempotencyKeyTaken()
    return Answer(row.status, json.loads(row.headers), row.body, repeated=True)


def _keep(once: Once, answer: Answer, uow: Any) -> None:
    headers = json.dumps(dict(answer.headers))
    expires_at_us = uow.now_us + once.lifetime_us
    body = answer.body if answer.kept is None else answer.kept
    row = AnswerRow(once.caller, once.key, once.digest, answer.status, headers, body, expires_at_us)
    rows = uow.rows(ANSWERS)
    if rows.get((once.caller, once.key)) is None:
        rows.insert(row)
    else:
        rows.update(row)


def note_look(command: NoteLook, uow: Any) -> None:
    """Whether they may look was asked before; the entry bears their name."""
    uow.audit(command.entry)


def forget_answers(command: ForgetAnswers, uow: Any) -> int:
    """How many were deleted."""
    rows = uow.rows(ANSWERS)
    statement = (
        sa.select(rest_answers.c.caller, rest_answers.c.idempotency_key)
        .where(rest_answers.c.expires_at_us <= uow.now_us)
        .order_by(rest_answers.c.expires_at_us)
        .limit(command.most)
    )
    keys = [tuple(key) for key in uow.query(statement)]
    rows.prefetch(keys)
    forgotten = 0
    for key in keys:
        # Between the search and the lock another process may have kept a new answer under the key.
        row = rows.get(key)
        if row is not None and row.expires_at_us <= uow.now_us:
            rows.delete(key)
            forgotten += 1
    return forgotten
