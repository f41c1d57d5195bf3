"""Publishing dictionaries over HTTP, and who has taken them."""

from __future__ import annotations

from typing import Any

from common.dictionaries.network_wire import topic_of
from common.dictionaries.routes import WrittenValues, changed
from common.program.node import Node
from common.routing import Router
from hq_node.publications.commands import PublishDictionaryValues
from hq_node.publications.queries import list_deliveries


def published_dictionary_routes(node: Node) -> Router:
    """The routes of HQ."""
    router = Router(prefix="/published-dictionaries")

    @router.get("/{name}")
    async def deliveries(name: str) -> dict[str, Any]:
        topic = topic_of(node.context.dictionaries.dictionary(name).name)
        return await node.reads.run(list_deliveries, node.context.directory.active_provinces(), topic)

    @router.post("/{name}/values")
    async def publish(name: str, given: WrittenValues) -> dict[str, Any]:
        wish = PublishDictionaryValues(name, given.as_told(), given.reason)
        return changed(await node.local_desk.execute(wish))

    return router
