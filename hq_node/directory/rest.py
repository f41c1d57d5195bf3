"""The nodes of the federation over the public REST interface of headquarters: invited, let in, shut out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import Field
from starlette.responses import Response

from common.access_control.rights import Permission
from common.directory.model import NodeEntry
from common.directory.repository import newest_version
from common.directory.wire import REASON_CHARACTERS_MAX
from common.program.node import Node
from common.rest.attributes import write_moment
from common.rest.bodies import Body, Told
from common.rest.calls import Call, telling
from common.rest.resource import Task
from hq_node.directory.commands import ApproveNode, InviteNode, ResumeNode, RevokeNode, SuspendNode
from hq_node.directory.permissions import APPROVE, INVITE, READ, RESUME, REVOKE, SUSPEND
from hq_node.directory.queries import NodeRow, NodeState, nodes_and_entries

HOUR_US = 3_600_000_000
VALID_HOURS_MAX = 100_000
GIVEN_CHARACTERS_MAX = 100
"""More than a province's code has, so that whoever mistypes one is told what a code is."""
KEY_ID_CHARACTERS_MAX = 64

_MOMENT: dict[str, Any] = {"format": "date-time"}


class NewInvitation(Body):
    """Which province is invited, and for how many hours; 0: as long as is usual."""

    node: str = Field(max_length=GIVEN_CHARACTERS_MAX)
    valid_hours: int = Field(default=0, ge=0, le=VALID_HOURS_MAX)


class EnrolmentApproved(Body):
    """Which waiting node is let in, and the signing key that was compared with the one that the node shows."""

    node: str = Field(max_length=GIVEN_CHARACTERS_MAX)
    signing_key_id: str = Field(min_length=1, max_length=KEY_ID_CHARACTERS_MAX)


class NodeNamed(Body):
    """Which node is shut out or let in again, and why; the directory records it for all nodes."""

    node: str = Field(max_length=GIVEN_CHARACTERS_MAX)
    reason: str = Field(min_length=1, max_length=REASON_CHARACTERS_MAX)


class Invited(Told):
    """The invitation, told once. An earlier one of the node has ended."""

    node: str
    invitation: str
    expires_at: str = Field(json_schema_extra=_MOMENT)


class Admitted(Told):
    """Which keys were let in. `waitsForRoot`: that version of the directory is still to be signed."""

    node: str
    signing_key_id: str
    tls_fingerprint: str
    directory_version: int
    waits_for_root: bool


class NodeStanding(Told):
    """How the node stands now, since when, why, and by whom."""

    node: str
    state: str
    since: str = Field(json_schema_extra=_MOMENT)
    reason: str
    by: str
    directory_version: int
    waits_for_root: bool


class KeyDocument(Told):
    """A public key of a node. Without `validUntil` nothing has set it an end."""

    id: str
    use: str
    suite: str
    valid_from: str = Field(json_schema_extra=_MOMENT)
    valid_until: str | None = Field(json_schema_extra=_MOMENT)
    in_force: bool


class NodeDocument(Told):
    """A node, from its first invitation on. What has not happened is null."""

    id: str
    name: str
    name_zh: str
    state: NodeState
    software_version: str
    signing_key_id: str
    """The key to compare, where the node waits; else the newest in the directory."""
    tls_fingerprint: str
    key: list[KeyDocument]
    invited_date: str | None = Field(json_schema_extra=_MOMENT)
    invitation_expiry_date: str | None = Field(json_schema_extra=_MOMENT)
    requested_date: str | None = Field(json_schema_extra=_MOMENT)
    approved_date: str | None = Field(json_schema_extra=_MOMENT)
    state_date: str | None = Field(json_schema_extra=_MOMENT)
    state_reason: str
    state_by: str
    enrolled_anew_date: list[str]
    waits_for_root: bool


class NodeList(Told):
    """All nodes, by code, and the directory that headquarters goes by."""

    directory_version: int
    directory_issued_date: str = Field(json_schema_extra=_MOMENT)
    directory_valid_until: str = Field(json_schema_extra=_MOMENT)
    node: list[NodeDocument]


def node_tasks(node: Node) -> tuple[Task, ...]:
    """What is seen of nodes and decided about them."""

    async def nodes(_call: Call, _given: None) -> Response:
        now_us, directory = node.clock.now_us(), node.context.directory
        listed = await node.reads.run(nodes_and_entries, now_us)
        return telling(
            NodeList(
                directory_version=directory.version,
                directory_issued_date=write_moment(directory.issued_at_us),
                directory_valid_until=write_moment(directory.valid_until_us),
                node=[_node(row, entry, now_us) for row, entry in listed],
            )
        )

    async def invite(call: Call, given: NewInvitation) -> Response:
        wish = InviteNode(given.node, call.actor.name, given.valid_hours * HOUR_US)
        invited = await node.writer.execute(wish, actor=call.actor)
        expires_at = write_moment(invited.expires_at_us)
        return telling(Invited(node=invited.node, invitation=invited.text, expires_at=expires_at))

    async def approve(call: Call, given: EnrolmentApproved) -> Response:
        wish = ApproveNode(given.node, call.actor.name, given.signing_key_id)
        approved = await node.writer.execute(wish, actor=call.actor)
        return telling(
            Admitted(
                node=approved.node,
                signing_key_id=approved.signing_key_id,
                tls_fingerprint=approved.tls_fingerprint.hex(),
                directory_version=approved.directory_version,
                waits_for_root=await waits_for_root(approved.directory_version),
            )
        )

    async def waits_for_root(version: int) -> bool:
        return version > await node.reads.run(newest_version)

    def standing(
        name: str, needs: Permission, command: Callable[[str, str, str], SuspendNode | ResumeNode | RevokeNode], en: str
    ) -> Task:
        async def run(call: Call, given: NodeNamed) -> Response:
            wish = command(given.node, given.reason, call.actor.name)
            directory = await node.writer.execute(wish, actor=call.actor)
            entry = directory.node(given.node)
            return telling(
                NodeStanding(
                    node=given.node,
                    state=entry.status.value,
                    since=write_moment(entry.status_since_us),
                    reason=entry.status_reason,
                    by=entry.status_by,
                    directory_version=directory.version,
                    waits_for_root=await waits_for_root(directory.version),
                )
            )

        return Task(name, "POST", needs, run, NodeNamed, NodeStanding, en)

    return (
        Task("node", "GET", READ, nodes, None, NodeList, "All nodes with their states and keys."),
        Task("inviteNode", "POST", INVITE, invite, NewInvitation, Invited, "Invite a province's node."),
        Task("approveNode", "POST", APPROVE, approve, EnrolmentApproved, Admitted, "Let a waiting node in."),
        standing("suspendNode", SUSPEND, SuspendNode, "Shut a node out until it is resumed."),
        standing("resumeNode", RESUME, ResumeNode, "Let a suspended node in again, with the keys that it had."),
        standing("revokeNode", REVOKE, RevokeNode, "Shut a node out for good; its keys end."),
    )


def _node(row: NodeRow, entry: NodeEntry | None, now_us: int) -> NodeDocument:
    same = ("state", "software_version", "signing_key_id", "tls_fingerprint", "waits_for_root", "name_zh")
    return NodeDocument(
        **{name: getattr(row, name) for name in same},
        id=row.node,
        name=row.name_en,
        key=[] if entry is None else _keys(entry, now_us),
        invited_date=_moment(row.invited_at_us),
        invitation_expiry_date=_moment(row.invitation_expires_at_us),
        requested_date=_moment(row.requested_at_us),
        approved_date=_moment(row.approved_at_us),
        state_date=_moment(row.status_since_us),
        state_reason=row.status_reason,
        state_by=row.status_by,
        enrolled_anew_date=[write_moment(at_us) for at_us in row.enrolled_anew_at_us],
    )


def _keys(entry: NodeEntry, now_us: int) -> list[KeyDocument]:
    """The newest of each use first."""
    return [
        KeyDocument(
            id=key.key_id,
            use=key.use.value,
            suite=key.suite,
            valid_from=write_moment(key.valid_from_us),
            valid_until=_moment(key.valid_until_us),
            in_force=key == entry.newest(key.use) and key.valid_at(now_us),
        )
        for key in sorted(entry.keys, key=lambda key: (key.use.value, -key.valid_from_us))
    ]


def _moment(at_us: int) -> str | None:
    return write_moment(at_us) if at_us else None
