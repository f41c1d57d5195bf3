"""Evidence over HTTP, for the node's operators: export a request's; the root key that this node believes."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from common.evidence.commands import ExportEvidence
from common.evidence.permissions import EXPORT
from common.evidence.queries import export_evidence
from common.program.node import Node
from common.routing import Router
from common.web import id_of


def evidence_routes(node: Node) -> Router:
    """The routes of one node."""
    router = Router(prefix="/evidence")

    @router.get("/{request_id}")
    async def export(request_id: str, private_bodies: bool = False) -> dict[str, Any]:
        identity = id_of(request_id)

        async def work() -> bytes:
            return await node.reads.run(
                export_evidence,
                node.role.leg_times,
                node.context,
                node.archive,
                identity,
                node.clock.now_us(),
                private_bodies=private_bodies,
            )

        file = await node.local_desk.perform(ExportEvidence(identity), EXPORT, work)
        return {"request_id": request_id, "bytes": len(file), "file": b64encode(file).decode("ascii")}

    return router
