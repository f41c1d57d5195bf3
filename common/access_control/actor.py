"""Who acts: given with every command and every query, and written into the audit log with what was done."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from common.access_control.ceilings import NO_LIMITS
from common.access_control.rights import EVERYTHING, NOTHING, Limits, Rights


class ActorKind(StrEnum):
    """As what somebody acts."""

    SYSTEM = "system"
    """The node itself: its timers, its links, what other nodes ask of it."""
    LOCAL = "local"
    """Whoever owns the node's data directory: the command line on the node's machine."""
    OPERATOR = "operator"
    """A person who signed in."""
    CLIENT = "client"
    """Another system, by its token."""
    PEER = "peer"
    """Somebody at another node, as that node's signed request names them; it is the node that answers for it. Acts
    nowhere by itself: what was asked is carried out by this node, and noted as theirs."""
    NOBODY = "nobody"
    """Who has not signed in: for the few addresses at which one can before."""


@dataclass(frozen=True, slots=True)
class Actor:
    """One who acts. `rights` is what they may do, as of when they were told apart (a session, a call)."""

    kind: ActorKind
    name: str = ""
    """The operator's sign-in name, the client's name, or the account of the machine."""
    organisation: str = ""
    """In which organisation they act."""
    channel: str = ""
    address: str = ""
    """Where the call came from."""
    session: str = ""
    """Which session or token, by its public name; never what proves it."""
    rights: Rights = field(default=NOTHING, repr=False)
    why: str = ""
    """Why they do what they do, where the call says so and the wish does not."""


SYSTEM = Actor(ActorKind.SYSTEM, rights=EVERYTHING)
"""The node itself."""

ANYBODY = Actor(ActorKind.NOBODY)
"""Whoever it may be; may do nothing."""


def local_actor(account: str, limits: Limits = NO_LIMITS) -> Actor:
    """The owner of the data directory, who could change everything in it in any case; what headquarters has withdrawn
    from the whole province (`limits`) no command does for them."""
    return Actor(ActorKind.LOCAL, name=account, rights=EVERYTHING.cut(limits))
