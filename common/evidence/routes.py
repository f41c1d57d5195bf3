"""Evidence over HTTP, for the node's operators: export a request's; the root key that this node believes."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from common.evidence.queries import export_evidence
from common.program.node import Node
from common.routing import Router
from common.web import id_of


def evidence_routes(node: Node) -> Router:
    """The routes of one node."""
    router = Router(prefix="/evidence")

    @router.get("/{request_id}")
    async def export(request_id: str, private_bodies: bool = False) -> dict[str, Any]:
        file = await node.reads.run(
            export_evidence,
            node.role.leg_times,
            node.context,
            node.archive,
            id_of(request_id),
            node.clock.now_us(),
            private_bodies=private_bodies,
        )
        return {"request_id": request_id, "bytes": len(file), "file": b64encode(file).decode("ascii")}

    return router
