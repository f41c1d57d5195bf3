"""What is wished about authenticating customers."""

from __future__ import annotations

from dataclasses import dataclass, field

from province_node.authentication.asked_from import AskedFrom


@dataclass(frozen=True, slots=True)
class SendOneTimeCode:
    """Send a code to the contact number of a customer, who is named by either number."""

    customer_number: str
    service_number: str = field(repr=False)
    asked_from: AskedFrom


@dataclass(frozen=True, slots=True)
class AuthenticateCustomer:
    """Compare what a customer gave. `method` is a name of CustomerAuthentication without its prefix."""

    customer_number: str
    service_number: str = field(repr=False)
    method: str
    secret: str = field(repr=False)
    asked_from: AskedFrom


@dataclass(frozen=True, slots=True)
class JudgePassword:
    """A service password was compared, beside the writer, with `stored` (empty: with nobody's)."""

    customer_number: str
    stored: str = field(repr=False)
    right: bool
    asked_from: AskedFrom


@dataclass(frozen=True, slots=True)
class SetServicePassword:
    """Give a customer a service password, of which this is the hash."""

    customer_number: str
    hashed: str = field(repr=False)
    reason: str
