"""Mistakes planted where keys are replaced and directories published, taken and forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

import province_node.bootstrap
from common.core import NodeCore
from common.directory.model import Directory, KeyUse, NodeEntry, NodeStatus
from common.directory.own_keys import NodeKeys
from common.directory.repository import of_version
from common.directory.rotation import NextKey
from common.security.private_bodies import X25519PrivateKeys
from hq_node.directory import publishing, rotation
from hq_node.directory.repository import SealsOnTheirWay
from tests.simulation import programs
from tests.simulation.planting import Put, mutant

OFTEN = {"keys_replaced_per_s": 1.5}
"""Keys are replaced all the time."""


# Directories


@mutant("directory-goes-on", **OFTEN, node_crash_per_s=0.3)
def first_directory_after_a_start(put: Put) -> None:
    """A province that starts works by the first directory that it ever had."""

    def oldest(connection: sa.Connection) -> Any:
        return of_version(connection, 1)

    put(province_node.bootstrap, "latest", oldest)


@mutant("keys-replaced-harm-nothing", "alarms-explained", **OFTEN, node_crash_per_s=0.4, processing_fails_for_now=0.5)
def directory_in_force_too_late(put: Put) -> None:
    """A province that starts judges what waited by the directory of its enrolment, and looks for a newer one then."""

    def take_up(core: NodeCore, membership: Any) -> None:
        core.dispatcher.run_group((), ())
        original(core, membership)

    original = province_node.bootstrap.take_up_directory
    put(programs, "take_up_directory", take_up)


@mutant("directories-chain", "comes-to-rest", **OFTEN)
def version_names_the_version_before_the_last(put: Put) -> None:
    """Every third directory continues the last but one."""

    def make(previous: Directory | None, *rest: Any) -> Any:
        if previous is not None and previous.version % 3 == 0:
            last = previous
            previous = Directory(
                last.version,
                last.previous_hash,
                last.previous_hash,
                last.issued_at_us,
                last.valid_until_us,
                last.nodes,
                last.region_lists,
                last.roots,
            )
        return original(previous, *rest)

    original = publishing.make_directory
    put(publishing, "make_directory", make)


@mutant("breaks-kept", **OFTEN)
def key_listed_without_its_proof(put: Put) -> None:
    """HQ lists a node's next key, leaves out that the node signed it, and does not look before it publishes."""

    def listed(self: NextKey, signed_by: str, from_us: int) -> Any:
        return replace(original(self, signed_by, from_us), previous_key_signature=bytes(64))

    original = NextKey.listed
    put(NextKey, "listed", listed)
    put(publishing, "check_continuity", lambda current, new: None)


@mutant("breaks-kept", **OFTEN, directory_published_per_s=1.0)
def end_of_a_key_put_off(put: Put) -> None:
    """Whoever publishes gives ended keys some more time, and does not look at that either."""

    def publish_entry(directory: Directory, entry: NodeEntry, uow: Any, authority: Any) -> Directory:
        keys = tuple(key if key.open else replace(key, valid_until_us=key.valid_until_us + 1) for key in entry.keys)
        return original(directory, replace(entry, keys=keys), uow, authority)

    original = publishing.publish_entry
    put(rotation, "publish_entry", publish_entry)
    put(publishing, "check_continuity", lambda current, new: None)


@mutant("shut-out-is-out", node_suspended_per_s=0.4)
def suspension_only_noted(put: Put) -> None:
    """The directory says that a node is suspended, and nobody acts by it."""

    def active(self: NodeEntry) -> bool:
        return self.status in (NodeStatus.ACTIVE, NodeStatus.SUSPENDED)

    put(NodeEntry, "active", property(active))


@mutant("shut-out-is-out", node_suspended_per_s=0.4, slow_node_per_s=1.5)
def what_was_proved_before_a_suspension_is_received_after_it(put: Put) -> None:
    """A batch that its stream has checked is received, though its node was suspended meanwhile."""
    put(NodeCore, "_may_speak", lambda self, batch: True)


# Keys


@mutant("keys-in-force", **OFTEN)
def ended_keys_are_taken(put: Put) -> None:
    """A key ends when the next one is named, whatever is on its way under it; and a key that has ended still seals."""

    def signing_key(self: Directory, node: str, key_id: str, at_us: int) -> Any:
        entry = self.node(node)
        found = [key for key in entry.keys if key.key_id == key_id] if entry is not None and entry.active else []
        return (found[0].suite, found[0].public_key) if found else None

    put(SealsOnTheirWay, "only_by", lambda self, node, key_ids, peers: True)
    put(rotation, "RETIRING_GRACE_US", 0)
    put(Directory, "signing_key", signing_key)


@mutant("keys-replaced-harm-nothing", "comes-to-rest", **OFTEN)
def only_the_newest_key_proves_an_origin(put: Put) -> None:
    """What was admitted under a key is judged by the key that took its place."""

    def past_signing_key(self: Directory, node: str, key_id: str, at_us: int) -> Any:
        entry = self.node(node)
        newest = entry.newest(KeyUse.SIGNING) if entry is not None else None
        return (newest.suite, newest.public_key) if newest is not None and newest.key_id == key_id else None

    put(Directory, "past_signing_key", past_signing_key)


@mutant("evidence-proves", "keys-replaced-harm-nothing", **OFTEN)
def key_ends_before_what_it_sealed(put: Put) -> None:
    """A former key is said to have ended when the next one was named, though it was in use for longer."""

    def retired(key: Any, entry: NodeEntry, *rest: Any) -> Any:
        ended = original(key, entry, *rest)
        newest = entry.newest(key.use)
        if ended is key or newest is None:
            return ended
        return replace(ended, valid_until_us=max(newest.valid_from_us, key.valid_from_us + 1))

    original = rotation._retired
    put(rotation, "_retired", retired)


@mutant("alarms-explained", "private-bodies-open", "comes-to-rest", **OFTEN, node_crash_per_s=0.3)
def next_key_announced_before_it_is_stored(put: Put) -> None:
    """The next keys are in memory alone when HQ names them."""

    def add(self: NodeKeys, entry: NodeEntry, certificate_pem: bytes, uses: Any) -> None:
        stored = self.keyring
        original(self, entry, certificate_pem, uses)
        if self.keyring is not stored:
            stored._store(self.data_dir)

    original = NodeKeys.add
    put(NodeKeys, "add", add)


@mutant("private-bodies-open", **OFTEN)
def only_the_newest_private_key_opens(put: Put) -> None:
    """What was encrypted for a key that was replaced while it was on its way is not opened any more."""

    def unwrap(self: X25519PrivateKeys, key_id: str, wrapped: bytes, info: bytes) -> bytes | None:
        return original(self, key_id, wrapped, info) if key_id == self.reader("").key_id else None

    original = X25519PrivateKeys.unwrap
    put(X25519PrivateKeys, "unwrap", unwrap)
