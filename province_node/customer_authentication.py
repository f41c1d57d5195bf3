"""How sure a home province must be that it is the customer who asks.

The accepting counter says in the signed header how it made sure; whether that is enough is decided by the home province
alone, here, for every kind of business that acts on a customer's behalf or shows a customer's data.
"""

from __future__ import annotations

from common.errors import Refusal

SERVICE_PASSWORD = "SERVICE_PASSWORD"  # noqa: S105 - the name of a way to authenticate, not a password.

SUFFICIENT = frozenset({SERVICE_PASSWORD})
"""What is enough. A document looked at in another province cannot be checked against the home province's copy, and a
one-time code proves the handset, not the person."""


class CustomerNotAuthenticated(Refusal):
    """The customer was not asked for the service password, without which the home province does nothing."""

    en = "The customer must give the service password first."
    zh = "请先验证客户的服务密码。"


def require_customer_authentication(authentication: str) -> None:
    """Raises CustomerNotAuthenticated unless `authentication` (a name of the protocol's CustomerAuthentication, without
    its prefix) is enough."""
    if authentication not in SUFFICIENT:
        raise CustomerNotAuthenticated()
