"""What HQ's operators and new nodes ask of the directory. Times are microseconds."""

from __future__ import annotations

from dataclasses import dataclass, field

from common.audit.commands import Deed
from common.directory.rotation import KeyRotation


@dataclass(frozen=True, slots=True)
class FoundFederation:
    """Publish version 1 of the directory, with HQ alone in it. `tls_fingerprint`: of HQ's server certificate."""

    signing_public_key: bytes
    private_body_public_key: bytes
    tls_fingerprint: bytes


@dataclass(frozen=True, slots=True)
class InviteNode:
    """Invite a province; an earlier invitation of the same province ends. `valid_us` 0: as long as is usual."""

    node: str
    invited_by: str
    valid_us: int = 0


@dataclass(frozen=True, slots=True)
class RequestEnrolment:
    """A node asks to join, or how far it has come."""

    node: str
    invitation_secret: bytes = field(repr=False)
    signing_public_key: bytes
    private_body_public_key: bytes
    tls_certificate_request: bytes
    proof_of_possession: bytes
    software_version: str = ""


@dataclass(frozen=True, slots=True)
class ApproveNode:
    """Let a waiting node in. `signing_key_id`: the key that the operator compared with the one the node shows; empty
    approves whatever waits."""

    node: str
    approved_by: str
    signing_key_id: str = ""


@dataclass(frozen=True, slots=True)
class PublishDirectory:
    """Publish the next version with the same content, so that the directory stays valid."""


@dataclass(frozen=True, slots=True)
class LookForDirectory:
    """Go by what another of HQ's processes has published, before anything else is done here."""


@dataclass(frozen=True, slots=True)
class SuspendNode:
    """Shut a node out until it is resumed: its stream is cut, nothing is admitted from it or for it."""

    node: str
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class ResumeNode:
    """Let a suspended node in again, with the keys that it had."""

    node: str
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class RevokeNode:
    """Shut a node out for good: its keys end now. It can come back only with new ones, enrolled anew and marked so."""

    node: str
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class SetCeiling:
    """Let provinces (`nodes`; none: all) give their people no more of something than this: `subject` is a permission
    (customer:export) with a scope or NONE as `most`, or a field (customer.address) with a right on it."""

    subject: str
    most: str
    reason: str
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoveCeiling:
    """Take a ceiling away that was set for these provinces; none: the one that was set for all."""

    subject: str
    reason: str
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RotateKeys:
    """Name a node's next keys. `rotation`: the bytes that `signature` is over, which say `wish`."""

    wish: KeyRotation
    rotation: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RetireKeys:
    """End the keys that newer ones have replaced, where nothing is on its way under them any more."""


@dataclass(frozen=True, slots=True)
class ExportDraft:
    """Give the draft out to be signed. `hash`: that form of it again which was given out before; empty: as it is."""

    hash: bytes = b""


@dataclass(frozen=True, slots=True)
class ImportSigned:
    """Publish what the root signed elsewhere (a serialised SignedDirectory)."""

    signed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignDraft:
    """Sign and publish the draft, where HQ holds the root key after all: it drafted where another process held it."""


@dataclass(frozen=True, slots=True)
class NameNextRoot:
    """Let the root key `public_key`, which HQ never held, take the place of the one in force, whose `signature` says
    so."""

    public_key: bytes
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RotateRoot:
    """Let the root key `public_key`, which HQ holds beside the one in force, take its place."""

    public_key: bytes


@dataclass(frozen=True, slots=True)
class ExportRootKey(Deed):
    """Write the root key into a file of its own; done on HQ's machine, by its command line."""

    record: str = ""
    """The key's id, as far as it is known."""


@dataclass(frozen=True, slots=True)
class ImportRootKey(Deed):
    """Bring the root key back into HQ; done on its machine, by its command line."""

    record: str = ""
    """The key's id, as far as it is known."""


@dataclass(frozen=True, slots=True)
class ForgetRootKey(Deed):
    """Take the root key out of HQ."""


@dataclass(frozen=True, slots=True)
class TakeBackDirectory:
    """A directory that a province works by; HQ may have forgotten that it published it. `signed`: serialised."""

    signed: bytes = field(repr=False)
