"""HQ's next directory: read the current one, publish the next. What the directory's handlers need of their unit of
work."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from common.directory.model import Directory, NodeEntry, NodeKey, RootKey
from common.directory.signing import open_directory, root_in_force, sign_directory
from common.directory.wire import KEYS_PER_NODE_MAX
from common.ids import HQ
from common.messaging.link_resume import LinkResume
from common.security import tls
from hq_node.directory.authority import Authority
from hq_node.directory.events import DIRECTORY_NOTICE, DirectoryPublished
from hq_node.directory.model import Enrolment, FederationNotFounded, Invitation


class Invitations(Protocol):
    def get(self, node: str) -> Invitation | None: ...
    def put(self, invitation: Invitation) -> None: ...


class Enrolments(Protocol):
    def get(self, node: str) -> Enrolment | None: ...
    def put(self, enrolment: Enrolment) -> None: ...


class Directories(Protocol):
    def latest(self) -> Any: ...
    def store(self, version: int, signed: Any) -> None: ...


class Seals(Protocol):
    def only_by(self, node: str, key_id: str, peers: Collection[str]) -> bool: ...
    def resume_of(self, node: str) -> LinkResume | None: ...


class DirectoryWork(Protocol):
    """What these handlers need of HQ's unit of work."""

    now_us: int

    @property
    def invitations(self) -> Invitations: ...
    @property
    def enrolments(self) -> Enrolments: ...
    @property
    def directories(self) -> Directories: ...
    @property
    def seals(self) -> Seals: ...
    def record(self, event: Any) -> None: ...
    def notify(self, channel: str, payload: str) -> None: ...


def current_directory(uow: DirectoryWork, authority: Authority) -> Directory | None:
    """The latest version, or None before the founding."""
    signed = uow.directories.latest()
    return None if signed is None else open_directory(signed, authority.root_public_key)


def require_current(uow: DirectoryWork, authority: Authority) -> Directory:
    """The latest version. Raises FederationNotFounded."""
    directory = current_directory(uow, authority)
    if directory is None:
        raise FederationNotFounded
    return directory


def publish(
    previous: Directory | None,
    entries: Iterable[NodeEntry],
    regions: Mapping[str, tuple[str, ...]],
    uow: DirectoryWork,
    authority: Authority,
    roots: Sequence[RootKey] | None = None,
) -> Directory:
    """Signs and stores the version after `previous`; links send it on after the commit. `roots`: None keeps them.

    Raises RootKeyNotHeld.
    """
    known = roots if roots is not None else () if previous is None else previous.roots
    root = authority.signer_of(root_in_force(authority.root_public_key, known))
    signed = sign_directory(previous, entries, regions, uow.now_us, authority.limits.directory_valid_us, root, roots)
    directory = open_directory(signed, authority.root_public_key)
    uow.directories.store(directory.version, signed)
    uow.notify(DIRECTORY_NOTICE, str(directory.version))
    uow.record(DirectoryPublished(directory.version, directory.hash, signed.SerializeToString()))
    return directory


def publish_entry(directory: Directory, entry: NodeEntry, uow: DirectoryWork, authority: Authority) -> Directory:
    """The next version, with `entry` in the place of the node's former one."""
    others = [other for other in directory.nodes if other.node != entry.node]
    entry = replace(entry, keys=_kept(entry.keys))
    return publish(directory, [*others, entry], directory.region_lists, uow, authority)


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
