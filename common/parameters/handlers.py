"""Giving parameters their values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from common.parameters.commands import SetParameter, WithdrawParameter
from common.parameters.events import ParameterChanged
from common.parameters.model import (
    REASON_CHARACTERS_MAX,
    SCHEDULED_MAX,
    ParameterInForce,
    ParameterReasonMissing,
    ParameterTooManyScheduled,
    ParameterVersion,
    ParameterVersionUnknown,
)
from common.parameters.repository import ParameterRepository


def set_parameter(command: SetParameter, uow: Any) -> ParameterVersion:
    """Raises ParameterUnknown, ParameterValueUnfit, ParameterReasonMissing, ParameterTooManyScheduled, and
    ParameterFixed, ParameterBeyondBounds where headquarters does not let it be."""
    book, stored = uow.node.parameters, ParameterRepository(uow)
    parameter = book.parameter(command.name)
    if command.value is not None:
        parameter.require_fit(command.value)
    reason = fit_reason(command.reason)
    from_us = max(command.effective_from_us, uow.now_us)
    published = book.published_at(command.name, from_us)
    if command.value is not None and published is not None:
        published.require_within(parameter, command.value)
    if from_us > uow.now_us and stored.count_scheduled(command.name) >= SCHEDULED_MAX:
        raise ParameterTooManyScheduled(parameter=command.name, most=SCHEDULED_MAX)
    number = stored.last_version(command.name) + 1
    version = ParameterVersion(command.name, number, command.value, from_us, uow.now_us, uow.actor.name[:100], reason)
    stored.add(version)
    before = book.value(parameter, uow.now_us)
    after = parameter.default if command.value is None else command.value
    uow.describe_change({"value": before}, {"value": after, "effective_from_us": from_us})
    uow.record(ParameterChanged(version))
    return version


def withdraw_parameter(command: WithdrawParameter, uow: Any) -> ParameterVersion:
    """Raises ParameterUnknown, ParameterVersionUnknown, ParameterInForce, ParameterReasonMissing."""
    uow.node.parameters.parameter(command.name)
    fit_reason(command.reason)
    stored = ParameterRepository(uow)
    version = stored.find(command.name, command.version)
    if version is None or version.withdrawn_at_us:
        raise ParameterVersionUnknown(parameter=command.name, version=command.version)
    if version.effective_from_us <= uow.now_us:
        raise ParameterInForce(parameter=command.name, version=command.version)
    withdrawn = replace(version, withdrawn_at_us=uow.now_us)
    stored.save(withdrawn)
    uow.describe_change({"value": version.value, "effective_from_us": version.effective_from_us}, None)
    uow.record(ParameterChanged(withdrawn))
    return withdrawn


def fit_reason(reason: str) -> str:
    """The reason without spaces around it. Raises ParameterReasonMissing."""
    reason = reason.strip()
    if not (0 < len(reason) <= REASON_CHARACTERS_MAX and reason.isprintable()):
        raise ParameterReasonMissing(most=REASON_CHARACTERS_MAX)
    return reason


HANDLERS: dict[type, Callable[[Any, Any], Any]] = {
    SetParameter: set_parameter,
    WithdrawParameter: withdraw_parameter,
}
