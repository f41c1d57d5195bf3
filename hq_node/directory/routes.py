"""The nodes of the federation over HTTP: list, invite, approve; suspend, resume, revoke."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from common.directory.repository import newest_version
from common.directory.wire import REASON_CHARACTERS_MAX
from common.program.node import Node
from common.routing import Router
from hq_node.directory.commands import ApproveNode, InviteNode, ResumeNode, RevokeNode, SuspendNode
from hq_node.directory.queries import list_nodes

HOUR_US = 3_600_000_000
GIVEN_CHARACTERS_MAX = 100
"""More than a province's code has, so that whoever mistypes one is told what a code is."""


class NewInvitation(BaseModel):
    """Whom to invite; `valid_hours` 0: as long as is usual."""

    model_config = ConfigDict(extra="forbid")

    node: str = Field(max_length=GIVEN_CHARACTERS_MAX)
    valid_hours: int = Field(default=0, ge=0, le=100_000)
    invited_by: str = Field(default="admin", max_length=100)


class Approval(BaseModel):
    """Which key the operator compared; empty approves whatever waits."""

    model_config = ConfigDict(extra="forbid")

    signing_key_id: str = Field(default="", max_length=64)
    approved_by: str = Field(default="admin", max_length=100)


class Standing(BaseModel):
    """Why a node is shut out or let in again, and who says so; the directory records both."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=REASON_CHARACTERS_MAX)
    by: str = Field(default="admin", max_length=100)


def node_routes(node: Node) -> Router:
    """The routes of HQ."""
    router = Router(prefix="/nodes")

    @router.get("")
    async def nodes() -> dict[str, Any]:
        rows = await node.reads.run(list_nodes, node.clock.now_us())
        return {"items": [row._asdict() for row in rows]}

    @router.post("/invitations", status_code=201)
    async def invite(new: NewInvitation) -> dict[str, Any]:
        invited = await node.local_desk.execute(InviteNode(new.node, new.invited_by, new.valid_hours * HOUR_US))
        return {"node": invited.node, "expires_at_us": invited.expires_at_us, "invitation": invited.text}

    @router.post("/{code}/approve")
    async def approve(code: str, approval: Approval | None = None) -> dict[str, Any]:
        wish = approval or Approval()
        approved = await node.local_desk.execute(ApproveNode(code, wish.approved_by, wish.signing_key_id))
        return {
            "node": approved.node,
            "signing_key_id": approved.signing_key_id,
            "tls_fingerprint": approved.tls_fingerprint.hex(),
            "directory_version": approved.directory_version,
            "waits_for_root": await waits_for_root(approved.directory_version),
        }

    async def waits_for_root(version: int) -> bool:
        """Whether that version is still to be signed, by a root key that is kept elsewhere."""
        return version > await node.reads.run(newest_version)

    async def stated(command: SuspendNode | ResumeNode | RevokeNode) -> dict[str, Any]:
        directory = await node.local_desk.execute(command)
        entry = directory.node(command.node)
        return {
            "node": command.node,
            "state": entry.status.value,
            "since_us": entry.status_since_us,
            "reason": entry.status_reason,
            "by": entry.status_by,
            "directory_version": directory.version,
            "waits_for_root": await waits_for_root(directory.version),
        }

    @router.post("/{code}/suspend")
    async def suspend(code: str, wish: Standing) -> dict[str, Any]:
        return await stated(SuspendNode(code, wish.reason, wish.by))

    @router.post("/{code}/resume")
    async def resume(code: str, wish: Standing) -> dict[str, Any]:
        return await stated(ResumeNode(code, wish.reason, wish.by))

    @router.post("/{code}/revoke")
    async def revoke(code: str, wish: Standing) -> dict[str, Any]:
        return await stated(RevokeNode(code, wish.reason, wish.by))

    return router
