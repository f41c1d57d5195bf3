"""How sure a home province must be that it is the customer who asks.

The accepting province says in the signed header how it made sure, and within which interaction. Whether that is enough
is decided by the home province alone, here, for every kind of business that acts on a customer's behalf or shows a
customer's data: the method must suffice for that kind, and home must have verified it itself within that interaction,
or its rules let the declaration count.
"""

from __future__ import annotations

from typing import Protocol

from common.authentication.sufficient import DECLARED, METHODS, NEVER, SERVICE_PASSWORD, WITHOUT_PASSWORD
from common.errors import Refusal
from common.parameters.model import Parameter, ParameterBook


class CustomerNotAuthenticated(Refusal):
    """The home province is not sure that it is the customer, and does nothing."""

    en = "The customer must be authenticated first."
    zh = "请先验证客户身份。"


class Authentications(Protocol):
    """What home has verified, and could."""

    def has_password(self, customer_number: str) -> bool:
        """Whether home can verify a service password of this customer."""

    def is_verified(self, node: str, interaction: bytes, customer_number: str, method: str) -> bool:
        """Whether home itself has made sure of the customer, by this method, within this interaction."""

    def forget(self, customer_number: str) -> None:
        """The customer is erased."""


class Node(Protocol):
    """The part of the node that is needed here."""

    @property
    def parameters(self) -> ParameterBook: ...


class Work(Protocol):
    """The part of the unit of work that is needed here."""

    @property
    def node(self) -> Node: ...

    @property
    def now_us(self) -> int: ...

    @property
    def authentications(self) -> Authentications: ...


def require_customer_authentication(
    authentication: str,
    sufficient: Parameter[str],
    customer_number: str,
    asking_node: str,
    interaction: bytes,
    uow: Work,
) -> None:
    """Raises CustomerNotAuthenticated unless it is sure enough that the customer asks.

    `authentication`: how the accepting province says it made sure (a name of the protocol's CustomerAuthentication,
    without its prefix); `sufficient`: which ways are enough for this kind of business; `customer_number`: whose matter
    it is (empty: nobody's that is known here).
    """
    book, now_us = uow.node.parameters, uow.now_us
    if authentication not in METHODS or authentication not in book.value(sufficient, now_us).split(","):
        raise CustomerNotAuthenticated()
    kept, declared = uow.authentications, book.value(DECLARED, now_us)
    if customer_number and kept.is_verified(asking_node, interaction, customer_number, authentication):
        return
    can_be_verified = authentication != SERVICE_PASSWORD or (customer_number and kept.has_password(customer_number))
    if declared == NEVER or (declared == WITHOUT_PASSWORD and can_be_verified):
        raise CustomerNotAuthenticated()
