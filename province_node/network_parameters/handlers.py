"""Taking over the parameters that headquarters publishes."""

from __future__ import annotations

from typing import Any

from common.alarms.handlers import raise_alarm
from common.parameters.events import NetworkParametersChanged
from common.parameters.model import ParameterBook
from common.parameters.network import NetworkValue
from common.parameters.network_repository import NetworkParameters, counting_of, withdrawn
from province_node.network_parameters.commands import TakeNetworkParameters
from province_node.network_parameters.events import NetworkParametersTaken

CUT_BACK = "PARAMETER_CUT_BACK"
"""The alarm about a value of the province's own that headquarters does not let be any more."""


def take_network_parameters(command: TakeNetworkParameters, uow: Any) -> NetworkParametersTaken:
    """Goes by the publication, whole as it is, unless a later one came before."""
    stored = NetworkParameters(uow)
    held = stored.publication()
    if held.version >= command.version:
        return NetworkParametersTaken(held.version)
    said = {value.key for value in command.values}
    for value in stored.counting():
        if value.key not in said:
            stored.put(withdrawn(value, uow.now_us))
    for value in command.values:
        stored.put(value)
    stored.put_publication(command.version, command.published_at_us)
    counting = tuple(counting_of(command.values, uow.now_us))
    uow.record(NetworkParametersChanged(command.version, counting))
    _tell_what_is_cut(uow.node.parameters, counting, uow)
    return NetworkParametersTaken(command.version)


def _tell_what_is_cut(book: ParameterBook, published: tuple[NetworkValue, ...], uow: Any) -> None:
    """A value that the province was given, and that is not let be now or later: whoever set it should know."""
    for value in published:
        parameter = book.declared.get(value.name)
        if parameter is None or not value.says_of(parameter):
            continue
        for own in book.timelines.get(value.name, ()):
            if own.value is not None and value.within(own.value) != own.value:
                detail = f"{own.value!r}, set by {own.set_by}, counts as {value.within(own.value)!r}"
                raise_alarm(uow, CUT_BACK, value.name, detail)
                break
