"""Whose customers somebody reaches. A customer belongs to the city in which they are served: its organisation's id is
the code that their record bears, so a city is a full scope (FED-09)."""

from __future__ import annotations

from typing import Any

from common.access_control.rights import Permission
from common.operators.reach import reaches_record
from province_node.customers.model import CustomerNotFound


def require_reach_of_city(uow: Any, permission: Permission, city_code: str) -> None:
    """Raises CustomerNotFound where the actor's permission does not reach the city's customers: for them there is none.
    Of whom no city is known those alone see who reach the whole province."""
    if not reaches_record(uow, permission, city_code, ""):
        raise CustomerNotFound()
