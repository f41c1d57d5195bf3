"""What happened about authenticating customers."""

from __future__ import annotations

from dataclasses import dataclass, field

from province_node.authentication.asked_from import AskedFrom


@dataclass(frozen=True, slots=True)
class OneTimeCodeSent:
    """A code was sent, or it is told so."""

    valid_until_us: int


@dataclass(frozen=True, slots=True)
class CustomerAuthenticated:
    """Whether it is the customer; and until when that counts within the interaction (0: not at all)."""

    authenticated: bool
    valid_until_us: int = 0


@dataclass(frozen=True, slots=True)
class PasswordAsked:
    """A service password is to be compared with its hash (empty: with nobody's), which takes long."""

    customer_number: str
    stored: str = field(repr=False)
    secret: str = field(repr=False)
    asked_from: AskedFrom


@dataclass(frozen=True, slots=True)
class ServicePasswordSet:
    """A customer has a service password from now on."""

    customer_number: str
    set_at_us: int
