"""Whether a node takes part: suspended, resumed, revoked; each with its reason and its operator, in the directory.

The next directory is what does it: HQ cuts the stream of a node that it no longer names as active, refuses its next
one, and admits nothing of it; every other node hears of it with the directory.
"""

from __future__ import annotations

from dataclasses import replace

from common.directory.model import Directory, NodeEntry, NodeStatus
from common.directory.wire import OPERATOR_CHARACTERS_MAX, REASON_CHARACTERS_MAX
from common.ids import HQ
from hq_node.directory.authority import Authority
from hq_node.directory.commands import ResumeNode, RevokeNode, SuspendNode
from hq_node.directory.model import NodeNotInDirectory, NodeNotSuspended, NodeRevoked, ReasonMissing
from hq_node.directory.publishing import DirectoryWork, publish_entry, require_current


def suspend_node(command: SuspendNode, uow: DirectoryWork, authority: Authority) -> Directory:
    """Shuts a node out until it is resumed; one that is suspended stays so.

    Raises NodeNotInDirectory, NodeRevoked, ReasonMissing, FederationNotFounded.
    """
    directory, entry = _entry(command, uow, authority)
    if entry.status is NodeStatus.REVOKED:
        raise NodeRevoked(node=entry.node)
    if entry.status is NodeStatus.SUSPENDED:
        return directory
    return publish_entry(directory, _stated(entry, NodeStatus.SUSPENDED, command, uow), uow, authority)


def resume_node(command: ResumeNode, uow: DirectoryWork, authority: Authority) -> Directory:
    """Lets a suspended node in again.

    Raises NodeNotInDirectory, NodeNotSuspended, NodeRevoked, ReasonMissing, FederationNotFounded.
    """
    directory, entry = _entry(command, uow, authority)
    if entry.status is NodeStatus.REVOKED:
        raise NodeRevoked(node=entry.node)
    if entry.status is not NodeStatus.SUSPENDED:
        raise NodeNotSuspended(node=entry.node, status=entry.status.value)
    return publish_entry(directory, _stated(entry, NodeStatus.ACTIVE, command, uow), uow, authority)


def revoke_node(command: RevokeNode, uow: DirectoryWork, authority: Authority) -> Directory:
    """Shuts a node out for good and ends its keys; what the hub admitted before stays valid. A revoked one stays so.

    Raises NodeNotInDirectory, ReasonMissing, FederationNotFounded.
    """
    directory, entry = _entry(command, uow, authority)
    if entry.status is NodeStatus.REVOKED:
        return directory
    # What the hub admits in this very transaction is the last; nor before what it has admitted by a clock that was set
    # back since, or by that of another replica.
    now_us = max(uow.now_us, directory.issued_at_us)
    ends_us = max(now_us, uow.last_word_us(entry.node, now_us)) + 1
    keys = tuple(
        replace(key, valid_until_us=min(key.valid_until_us or ends_us, max(ends_us, key.valid_from_us + 1)))
        for key in entry.keys
    )
    revoked = replace(_stated(entry, NodeStatus.REVOKED, command, uow), keys=keys)
    return publish_entry(directory, revoked, uow, authority)


def _entry(
    command: SuspendNode | ResumeNode | RevokeNode, uow: DirectoryWork, authority: Authority
) -> tuple[Directory, NodeEntry]:
    if not 0 < len(command.reason.strip()) <= REASON_CHARACTERS_MAX:
        raise ReasonMissing(characters_max=REASON_CHARACTERS_MAX)
    directory = require_current(uow, authority)
    entry = directory.node(command.node)
    if entry is None or entry.node == HQ:
        raise NodeNotInDirectory(node=command.node[:20])
    return directory, entry


def _stated(
    entry: NodeEntry, status: NodeStatus, command: SuspendNode | ResumeNode | RevokeNode, uow: DirectoryWork
) -> NodeEntry:
    return replace(
        entry,
        status=status,
        status_since_us=uow.now_us,
        status_reason=command.reason.strip(),
        status_by=command.by[:OPERATOR_CHARACTERS_MAX],
    )
