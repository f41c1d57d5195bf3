"""How the node is, over HTTP: status for its operators; health for whoever watches the process."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import JSONResponse, Response

from common.program.health import readiness
from common.program.node import Node
from common.program.status import node_metrics, node_status
from common.routing import Router

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def operator_routes(node: Node) -> Router:
    """For the admin socket."""
    router = Router()

    @router.get("/status")
    async def status() -> dict[str, Any]:
        return await node.reads.run(node_status, node)

    return router


def health_routes(node: Node) -> Router:
    """For the TCP port: nothing that a stranger may not see."""
    router = Router()

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        found = await readiness(node)
        return JSONResponse(found, 200 if found["ready"] else 503)

    @router.get("/metrics")
    async def metrics() -> Response:
        # They can be counted on the loop alone; the rest is read beside it.
        node.metrics.event_loop_tasks.set(len(asyncio.all_tasks()))
        return Response(await node.reads.run(node_metrics, node), media_type=METRICS_TYPE)

    return router
