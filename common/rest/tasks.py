"""Doing a task: who may is asked here, and its body is read, before the feature's own function runs."""

from __future__ import annotations

from typing import Any

from common.access_control.actor import ActorKind
from common.access_control.rights import Permission
from common.rest.bodies import JSON_TYPE, read_body, require_type
from common.rest.calls import Call
from common.rest.errors import BodyUnreadable, OperatorsAlone
from common.rest.resource import FOR_ANYBODY, FOR_OPERATORS, Task


async def do_task(call: Call, task: Task) -> Any:
    """The response. Raises NotPermitted, OperatorsAlone, and what the body and the task raise."""
    _require_may(call, task)
    if task.body is None:
        if call.body:
            raise BodyUnreadable(detail="this takes no body", detail_zh="此操作不应带请求内容")
        return await task.run(call, None)
    require_type(call.header("content-type"), JSON_TYPE)
    return await task.run(call, read_body(task.body, call.body))


def _require_may(call: Call, task: Task) -> None:
    """Only what is declared lets anybody through."""
    if isinstance(task.needs, Permission):
        call.actor.rights.require(task.needs)
    elif task.needs is FOR_OPERATORS:
        if call.actor.kind is not ActorKind.OPERATOR:
            raise OperatorsAlone()
    elif task.needs is not FOR_ANYBODY:
        raise OperatorsAlone()
