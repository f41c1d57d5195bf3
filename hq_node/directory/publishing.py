"""HQ's next directory: read the current one, publish the next. What the directory's handlers need of their unit of
work.

Where HQ holds the root key, a change is signed and published in its own transaction. Where the key is kept elsewhere,
it becomes the draft, which every further change amends, and which waits for a signature from outside
(`signing_desk.py`).
The handlers work on what was decided last, published or not, and do not ask which of the two it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from common.access_control.actor import Actor
from common.access_control.ceilings import Ceiling
from common.directory.continuity import check_continuity
from common.directory.model import Directory, NodeEntry, NodeKey, RootKey, accept
from common.directory.signing import make_directory, open_directory, root_in_force, sign_bytes
from common.directory.wire import KEYS_PER_NODE_MAX, decode_directory
from common.gen.quanwang.federation.v1 import directory_pb2
from common.ids import HQ
from common.messaging.link_resume import LinkResume
from common.security import tls
from hq_node.directory.authority import Authority
from hq_node.directory.draft_repository import DraftRow, ExportRow
from hq_node.directory.events import DIRECTORY_NOTICE, DirectoryDrafted, DirectoryPublished
from hq_node.directory.model import Enrolment, FederationNotFounded, Invitation, RootKeyNotHeld


class Invitations(Protocol):
    def get(self, node: str) -> Invitation | None: ...
    def put(self, invitation: Invitation) -> None: ...


class Enrolments(Protocol):
    def get(self, node: str) -> Enrolment | None: ...
    def put(self, enrolment: Enrolment) -> None: ...


class Directories(Protocol):
    def latest(self) -> Any: ...
    def store(self, version: int, signed: Any) -> None: ...


class Drafts(Protocol):
    def get(self) -> DraftRow | None: ...
    def put(self, directory: bytes, anew: bool = False) -> None: ...
    def drop(self) -> None: ...
    def exports(self) -> list[ExportRow]: ...
    def export(self, directory: bytes) -> None: ...
    def forget_exports(self) -> None: ...


class Certificates(Protocol):
    def get(self, request: bytes) -> bytes | None: ...
    def put(self, request: bytes, certificate: bytes) -> None: ...


class Seals(Protocol):
    def only_by(self, node: str, key_ids: Collection[str], peers: Collection[str]) -> bool: ...
    def resume_of(self, node: str) -> LinkResume: ...


class DirectoryWork(Protocol):
    """What these handlers need of HQ's unit of work."""

    now_us: int
    actor: Actor

    @property
    def invitations(self) -> Invitations: ...
    @property
    def enrolments(self) -> Enrolments: ...
    @property
    def directories(self) -> Directories: ...
    @property
    def seals(self) -> Seals: ...
    @property
    def drafts(self) -> Drafts: ...
    @property
    def server_certificates(self) -> Certificates: ...
    def record(self, event: Any) -> None: ...
    def describe_change(self, before: Any, after: Any) -> None: ...
    def notify(self, channel: str, payload: str) -> None: ...
    def last_word_us(self, node: str, around_us: int) -> int: ...


def published_directory(uow: DirectoryWork, authority: Authority) -> Directory | None:
    """The latest version that the root signed, or None before the founding."""
    signed = uow.directories.latest()
    return None if signed is None else open_directory(signed, authority.root_public_key)


def require_published(uow: DirectoryWork, authority: Authority) -> Directory:
    """The same. Raises FederationNotFounded."""
    directory = published_directory(uow, authority)
    if directory is None:
        raise FederationNotFounded
    return directory


def require_current(uow: DirectoryWork, authority: Authority) -> Directory:
    """What was decided last: the draft where there is one, else the latest version. Raises FederationNotFounded."""
    draft = uow.drafts.get()
    return require_published(uow, authority) if draft is None else decode_directory(draft.directory_bytes)


def publish(
    previous: Directory | None,
    entries: Iterable[NodeEntry],
    regions: Mapping[str, tuple[str, ...]],
    uow: DirectoryWork,
    authority: Authority,
    roots: Sequence[RootKey] | None = None,
    ceilings: Iterable[Ceiling] | None = None,
) -> Directory:
    """Signs and stores the version that says this in the place of `previous` (what `require_current` gave); links send
    it on after the commit. Where the root key is kept elsewhere, it becomes the draft. `roots`, `ceilings`: None keeps
    them.

    Raises RootKeyNotHeld at the founding alone.
    """
    known = roots if roots is not None else () if previous is None else previous.roots
    if ceilings is None:
        ceilings = () if previous is None else previous.ceilings
    before, valid_us = published_directory(uow, authority), authority.limits.directory_valid_us
    made = make_directory(before, entries, regions, uow.now_us, valid_us, known, ceilings)
    in_force = root_in_force(authority.root_public_key, known)
    try:
        root = authority.signer_of(in_force)
    except RootKeyNotHeld:
        if before is None:
            raise
        return keep_draft(made, before, uow)
    return take_signed(sign_bytes(made, root), before, uow, authority)


def keep_draft(made: bytes, before: Directory, uow: DirectoryWork) -> Directory:
    """Keeps `made`, the version after `before`, until the root has signed it."""
    directory = decode_directory(made)
    # Nothing waits for a signature that a node would refuse.
    accept(before, directory)
    check_continuity(before, directory)
    uow.drafts.put(made)
    uow.notify(DIRECTORY_NOTICE, str(before.version))
    uow.record(DirectoryDrafted(directory.version, made))
    return directory


def take_signed(
    signed: directory_pb2.SignedDirectory,
    before: Directory | None,
    uow: DirectoryWork,
    authority: Authority,
    left: bytes = b"",
) -> Directory:
    """Stores what the root signed as the next version: the one way by which a directory is published, whoever signed.

    `left`: the draft that remains, what was decided since; empty: nothing. Raises DirectoryNotByRoot,
    MalformedDirectory, DirectoryForked, RootWentBack, KeyNotContinued, DirectoryTakesBack.
    """
    directory = open_directory(signed, authority.root_public_key)
    accept(before, directory)
    check_continuity(before, directory)
    uow.directories.store(directory.version, signed)
    uow.drafts.forget_exports()
    if left:
        uow.drafts.put(left, anew=True)
    else:
        uow.drafts.drop()
    uow.notify(DIRECTORY_NOTICE, str(directory.version))
    uow.record(DirectoryPublished(directory.version, directory.hash, signed.SerializeToString(), left))
    return directory


def publish_entry(directory: Directory, entry: NodeEntry, uow: DirectoryWork, authority: Authority) -> Directory:
    """The next version, with `entry` in the place of the node's former one."""
    others = [other for other in directory.nodes if other.node != entry.node]
    entry = replace(entry, keys=_kept(entry.keys))
    return publish(directory, [*others, entry], directory.region_lists, uow, authority)


def is_named(published: Directory, node: str, signing_key_id: str, certificate: bytes) -> bool:
    """Whether the root has signed a directory that names this key and this certificate (PEM; empty: any) for a node:
    before that, no other node would believe them."""
    entry = published.node(node)
    if entry is None or all(key.key_id != signing_key_id for key in entry.keys):
        return False
    return not certificate or tls.fingerprint(certificate) in (entry.tls_fingerprint, entry.former_tls_fingerprint)


def issue_certificate(node: str, request: bytes, uow: DirectoryWork, authority: Authority) -> bytes:
    """A certificate (PEM) by which `node` dials, or HQ listens. Raises CertificateRequestInvalid."""
    limits, serial = authority.limits, authority.entropy(tls.SERIAL_BYTES)
    if node != HQ:
        valid_us = limits.client_certificate_valid_us
        return tls.issue_client_certificate(authority.tls, request, node, serial, uow.now_us, valid_us)
    key, valid_us = tls.requested_key(request, node), limits.server_certificate_valid_us
    return tls.issue_server_certificate(authority.tls, key, HQ, authority.host_names, serial, uow.now_us, valid_us)


def _kept(keys: tuple[NodeKey, ...]) -> tuple[NodeKey, ...]:
    """As many keys as the directory takes: what ended longest ago is left out; former versions still name it."""
    too_many = len(keys) - KEYS_PER_NODE_MAX
    if too_many <= 0:
        return keys
    ended = sorted((key for key in keys if not key.open), key=lambda key: key.valid_until_us)
    left_out = {key.key_id for key in ended[:too_many]}
    return tuple(key for key in keys if key.key_id not in left_out)
