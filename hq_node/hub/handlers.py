"""What time asks of the hub, carried out."""

from __future__ import annotations

from typing import Any

from hq_node.hub.commands import PassTimeLimits, RollBusinessDate
from hq_node.hub.relay import pass_time_limits as relay_time_limits


def pass_time_limits(_command: PassTimeLimits, uow: Any) -> int:
    """How many legs had passed their time limit."""
    return relay_time_limits(uow)


def roll_business_date(command: RollBusinessDate, uow: Any) -> bool:
    """Whether a new business day was opened."""
    return bool(uow.order.roll_to(command.date))
