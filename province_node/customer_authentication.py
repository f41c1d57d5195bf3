"""How sure a home province must be that it is the customer who asks.

The accepting province says in the signed header how it made sure, and within which interaction. Whether that is enough
is decided by the home province alone, here, for every kind of business that acts on a customer's behalf or shows a
customer's data: the method must suffice for that kind, and home must have verified it itself within that interaction,
or its rules let the declaration count.
"""

from __future__ import annotations

from typing import Protocol

from common.errors import Refusal
from common.parameters.model import Parameter, ParameterBook
from common.parameters.value_types import Choice, Several

SERVICE_PASSWORD = "SERVICE_PASSWORD"  # noqa: S105 - the name of a way to authenticate, not a password.
ONE_TIME_CODE, DOCUMENT_CHECK = "ONE_TIME_CODE", "DOCUMENT_CHECK"
METHODS = (SERVICE_PASSWORD, ONE_TIME_CODE, DOCUMENT_CHECK)

NEVER, WITHOUT_PASSWORD, ALWAYS = "never", "without-password", "always"

DECLARED = Parameter(
    "authentication.declared",
    Choice((NEVER, WITHOUT_PASSWORD, ALWAYS)),
    WITHOUT_PASSWORD,
    "Whether it counts that the accepting province says it has checked the customer, where this node has not verified "
    "it: never; for a service password of a customer who has none here; or always.",
    "本节点未曾核实时，受理省声明已验证客户是否有效：never（无效）、without-password（仅当客户在本省未设服务密码时，对服务密码有效）、"
    "always（有效）。",
)


def _sufficient(name: str, en: str, zh: str) -> Parameter[str]:
    return Parameter(
        f"authentication.{name}",
        Several(METHODS),
        SERVICE_PASSWORD,
        f"By which methods a customer must be authenticated in order to {en}; any one of them is enough.",
        f"{zh}时可用的客户验证方式，满足其一即可。",
    )


PROFILE = _sufficient("query_customer_profile", "have their profile shown", "查询客户资料")
SUSPENSION = _sufficient("suspend_subscription", "have a subscription suspended", "办理停机")
RESUMPTION = _sufficient("resume_subscription", "have a subscription resumed", "办理复机")

PARAMETERS = (DECLARED, PROFILE, SUSPENSION, RESUMPTION)


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
