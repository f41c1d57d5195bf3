"""What time asks of the hub, carried out."""

from __future__ import annotations

from typing import Any

from common.alarms.handlers import raise_alarm
from common.directory.model import NodeStatus
from hq_node.hub.commands import EndLegsOfLostHome, PassTimeLimits, RollBusinessDate
from hq_node.hub.model import HOME_LOST, HomeNotRevoked
from hq_node.hub.relay import end_legs_of_lost_home as relay_lost_home
from hq_node.hub.relay import pass_time_limits as relay_time_limits


def pass_time_limits(_command: PassTimeLimits, uow: Any) -> int:
    """How many legs had passed their time limit."""
    return relay_time_limits(uow)


def roll_business_date(command: RollBusinessDate, uow: Any) -> bool:
    """Whether a new business day was opened."""
    return bool(uow.order.roll_to(command.date))


def end_legs_of_lost_home(command: EndLegsOfLostHome, uow: Any) -> int:
    """How many legs were ended; asked again until none is left. Raises HomeNotRevoked."""
    entry = uow.node.directory.node(command.home)
    if entry is None or entry.status is not NodeStatus.REVOKED:
        raise HomeNotRevoked(node=command.home[:20])
    ended = relay_lost_home(command.home, uow)
    if ended:
        raise_alarm(uow, HOME_LOST, command.home, f"{command.by}: {ended} legs ended: {command.reason}"[:512])
    return ended
