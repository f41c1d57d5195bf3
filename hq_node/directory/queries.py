"""The nodes of the federation, as HQ's operators see them: those that take part, and those on their way in."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa

from common.directory import repository as directories
from common.directory.model import Directory, KeyUse, NodeEntry, NodeStatus
from common.directory.regions import PROVINCES
from common.directory.wire import decode_directory
from hq_node.directory.draft_repository import draft_of
from hq_node.directory.model import NOT_USED, EnrolmentState
from hq_node.directory.repository import EnrolmentRow, InvitationRow, enrolment_of, enrolments, invitations


class NodeState(StrEnum):
    """How far a node is, from the first invitation on."""

    INVITED = "invited"
    INVITATION_EXPIRED = "invitation-expired"
    WAITING = "waiting"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class NodeRow(NamedTuple):
    """One line of the list of nodes. Times are microseconds since 1970 UTC, 0 where nothing happened yet.

    `signing_key_id`: of a node that waits to be let in the key with which it asks, also where it had another before.
    `directory_version`: the current version, when the node is in it, otherwise 0. `tls_fingerprint`: hexadecimal.
    """

    node: str
    name_zh: str
    name_en: str
    state: NodeState
    signing_key_id: str
    tls_fingerprint: str
    directory_version: int
    software_version: str
    invited_at_us: int
    invitation_expires_at_us: int
    requested_at_us: int
    approved_at_us: int
    status_since_us: int
    status_reason: str
    status_by: str
    enrolled_anew_at_us: tuple[int, ...]
    """The breaks in the node's line of keys."""
    waits_for_root: bool
    """Whether what is said here of the node is decided and waits for the root's signature."""


def list_nodes(connection: sa.Connection, now_us: int) -> list[NodeRow]:
    """All nodes that are in the directory, have asked to join, or were invited; by code."""
    return [row for row, _ in nodes_and_entries(connection, now_us)]


def nodes_and_entries(connection: sa.Connection, now_us: int) -> list[tuple[NodeRow, NodeEntry | None]]:
    """The same, each with what the directory says of it, or will say when the root has signed it."""
    signed = directories.latest(connection)
    published = None if signed is None else decode_directory(signed.directory)
    draft = draft_of(connection)
    directory = published if draft is None else decode_directory(draft.directory_bytes)
    signed_entries = {entry.node: entry for entry in published.nodes} if published is not None else {}
    invited = {row.node: InvitationRow(*row) for row in connection.execute(sa.select(invitations))}
    asked = {row.node: EnrolmentRow(*row) for row in connection.execute(sa.select(enrolments))}
    listed = {entry.node: entry for entry in directory.nodes} if directory is not None else {}
    return [
        (
            _row(node, listed.get(node), asked.get(node), invited.get(node), directory, now_us)._replace(
                waits_for_root=listed.get(node) != signed_entries.get(node)
            ),
            listed.get(node),
        )
        for node in sorted({*listed, *asked, *invited})
    ]


def _row(
    node: str,
    entry: NodeEntry | None,
    asked: EnrolmentRow | None,
    invited: InvitationRow | None,
    directory: Directory | None,
    now_us: int,
) -> NodeRow:
    province = PROVINCES.get(node)
    enrolment = None if asked is None else enrolment_of(asked)
    state = _state(entry, asked, invited, now_us)
    signing_key_id = "" if enrolment is None else enrolment.keys.signing_key_id
    if entry is not None and state is not NodeState.WAITING:
        newest = entry.newest(KeyUse.SIGNING)
        signing_key_id = "" if newest is None else newest.key_id
    return NodeRow(
        node=node,
        name_zh=entry.name_zh if entry is not None else province.name_zh if province is not None else "",
        name_en=entry.name_en if entry is not None else province.name_en if province is not None else "",
        state=state,
        signing_key_id=signing_key_id,
        tls_fingerprint="" if entry is None else entry.tls_fingerprint.hex(),
        directory_version=directory.version if directory is not None and entry is not None else 0,
        software_version="" if asked is None else asked.software_version,
        invited_at_us=0 if invited is None else invited.invited_at_us,
        invitation_expires_at_us=0 if invited is None else invited.expires_at_us,
        requested_at_us=0 if asked is None else asked.requested_at_us,
        approved_at_us=0 if asked is None else asked.approved_at_us,
        status_since_us=0 if entry is None else entry.status_since_us,
        status_reason="" if entry is None else entry.status_reason,
        status_by="" if entry is None else entry.status_by,
        waits_for_root=False,
        enrolled_anew_at_us=() if entry is None else tuple(broken.at_us for broken in entry.re_enrolments),
    )


_STATES = {
    NodeStatus.ACTIVE: NodeState.ACTIVE,
    NodeStatus.SUSPENDED: NodeState.SUSPENDED,
    NodeStatus.REVOKED: NodeState.REVOKED,
    NodeStatus.UNKNOWN: NodeState.UNKNOWN,
}


def _asks_anew(asked: EnrolmentRow | None) -> bool:
    """Whether a revoked node waits to be let in with new keys."""
    return asked is not None and asked.state == EnrolmentState.WAITING


def _state(
    entry: NodeEntry | None, asked: EnrolmentRow | None, invited: InvitationRow | None, now_us: int
) -> NodeState:
    if entry is not None and not (entry.status is NodeStatus.REVOKED and _asks_anew(asked)):
        return _STATES[entry.status]
    if asked is not None and asked.state == EnrolmentState.WAITING:
        return NodeState.WAITING
    if invited is not None and invited.used_by == NOT_USED and now_us >= invited.expires_at_us:
        return NodeState.INVITATION_EXPIRED
    return NodeState.INVITED
