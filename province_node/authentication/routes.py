"""Service passwords over HTTP."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from common.program.node import Node
from common.routing import Router
from province_node.authentication.commands import SetServicePassword
from province_node.authentication.events import ServicePasswordSet
from province_node.authentication.model import (
    PASSWORD_CHARACTERS_MAX,
    REASON_CHARACTERS_MAX,
    require_fit_password,
)
from province_node.authentication.permissions import NEEDS


class NewPassword(BaseModel):
    """A customer's service password, and why it is set."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    password: str = Field(max_length=PASSWORD_CHARACTERS_MAX)
    reason: str = Field(max_length=REASON_CHARACTERS_MAX)


def authentication_routes(node: Node) -> Router:
    """The routes of a province."""
    router = Router(prefix="/service-passwords")

    @router.post("/{customer_number}")
    async def set_password(customer_number: str, given: NewPassword) -> dict[str, Any]:
        desk, passwords = node.local_desk, node.sign_in.passwords

        async def hashed() -> str:
            desk.actor.rights.require(NEEDS[SetServicePassword].permission)  # type: ignore[union-attr]
            require_fit_password(given.password)
            return await passwords.run(lambda: passwords.hashed(given.password))

        wish = SetServicePassword(customer_number, "", given.reason)
        password = await desk.attempt(wish, hashed)
        done: ServicePasswordSet = await desk.execute(SetServicePassword(customer_number, password, given.reason))
        return {"customer_number": done.customer_number, "set_at_us": done.set_at_us}

    return router
