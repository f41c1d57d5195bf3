"""The names by which records know whose they are: those of operators and of other systems are one space.

A record that an operator owns bears their name alone. Were a system called the same, each would hold what the other one
owns, so neither may take a name that the other has, or ever had: records outlive tokens.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from common.access_control.actor import ActorKind
from common.errors import Refusal
from common.operators.repository import operators

_clients = sa.table("api_tokens", sa.column("client"))
"""Not by its own declaration: tokens stand on operators, not the other way round."""


class NameTaken(Refusal):
    """Somebody of the other kind is known by it."""

    en = "{name} is the name of {whose} already; operators and other systems share their names. Choose another one."
    zh = "{name} 已是{whose_zh}的名称。操作员与外部系统的名称不得重复，请另选名称。"


def require_free_name(name: str, kind: ActorKind, uow: Any) -> None:
    """Whether an operator, or another system (`kind`), may take the name. Call `begin_change` before, so that nobody
    takes it meanwhile. Raises NameTaken."""
    if kind is ActorKind.CLIENT:
        whose, whose_zh = "an operator", "操作员"
        column: sa.ColumnElement[str] = operators.c.operator
    else:
        whose, whose_zh = "another system", "外部系统"
        column = _clients.c.client
    if uow.query(sa.select(column).where(column == name).limit(1)).first() is not None:
        raise NameTaken(name=name, whose=whose, whose_zh=whose_zh)
