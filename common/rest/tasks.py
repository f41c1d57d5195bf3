"""Doing a task: who may is asked here, and its body is read, before the feature's own function runs."""

from __future__ import annotations

from typing import Any

from common.access_control.actor import ActorKind
from common.access_control.rights import OutsideScope, Permission, Scope
from common.rest.bodies import JSON_TYPE, parameter_names, read_body, read_parameters, require_type
from common.rest.calls import Call
from common.rest.errors import BodyUnreadable, OperatorsAlone, UnknownParameter
from common.rest.resource import FOR_ANYBODY, FOR_OPERATORS, Task


async def do_task(call: Call, task: Task) -> Any:
    """The response. Raises NotPermitted, OutsideScope, OperatorsAlone, and what the body and the task raise."""
    _require_may(call, task)
    if task.body is None:
        if call.body:
            raise BodyUnreadable(detail="this takes no body", detail_zh="此操作不应带请求内容")
        return await task.run(call, _parameters(call, task))
    require_type(call.header("content-type"), JSON_TYPE)
    return await task.run(call, read_body(task.body, call.body))


def _parameters(call: Call, task: Task) -> Any:
    """What the address names, as declared; None where nothing is. Raises UnknownParameter, ParameterUnfit."""
    if task.parameters is None:
        return None
    names = parameter_names(task.parameters)
    given, others = call.conventions(*names)
    if others:
        known = {"use": "ask", "use_zh": "查询", "known": ", ".join(names)}
        raise UnknownParameter(resource=task.name, name=others[0][0][:64], **known)
    return read_parameters(task.parameters, given)


def _require_may(call: Call, task: Task) -> None:
    """Only what is declared lets anybody through."""
    if isinstance(task.needs, Permission):
        scope = call.actor.rights.require(task.needs)
        if task.whole and scope < Scope.PROVINCE:
            raise OutsideScope(permission=str(task.needs), scope=scope.name)
    elif task.needs is FOR_OPERATORS:
        if call.actor.kind is not ActorKind.OPERATOR:
            raise OperatorsAlone()
    elif task.needs is not FOR_ANYBODY:
        raise OperatorsAlone()
