"""What can be wished of service requests at the node that asks."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ActingFor:
    """Who acts, how the customer was authenticated (a name of CustomerAuthentication without its prefix), and in which
    interaction with them (a UUID, or empty)."""

    operator: str = ""
    organisation: str = ""
    channel: str = ""
    customer_authentication: str = "NONE"
    interaction: str = ""


@dataclass(frozen=True, slots=True)
class SubmitServiceRequest:
    """Ask other nodes for something: of `destinations`, or of the nodes of `region` (never both).

    `body` and `private` are the kind's messages, serialised; `private` is encrypted for each destination. The same
    `idempotency_key` again gives the first answer again. `time_to_live_ms` counts from the hub's admission; 0 means the
    node's default.
    """

    kind: str
    destinations: tuple[str, ...] = ()
    region: str = ""
    body: bytes = b""
    private: bytes = b""
    acting: ActingFor = field(default_factory=ActingFor)
    time_to_live_ms: int = 0
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class CancelServiceRequest:
    """Ask for the legs of a request that are still open to be cancelled (all, or the one at `destination`)."""

    request_id: bytes
    destination: str = ""


@dataclass(frozen=True, slots=True)
class RevealAnswer:
    """Show in full what the answer to a request says of a customer. `destination`: whose answer; empty where there is
    but one."""

    request_id: bytes
    reason: str
    destination: str = ""
