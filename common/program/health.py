"""Whether a node can do its work: asked by whoever routes work to it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from common.directory.own_keys import OwnKeysMissing
from common.errors import QuanwangError
from common.messaging.links import node_identity
from common.program.node import Node


async def readiness(node: Node) -> dict[str, Any]:
    """Ready: the database can be read and takes what is written, and the directory is valid.

    A province without HQ is ready: it serves its own customers, and requests to others wait. The links are told, not
    judged.
    """
    problems: dict[str, str] = {}
    try:
        await node.reads.run(_read_something)
    except QuanwangError as error:
        problems["database"] = error.code
    if node.writer.storage_failing:
        problems["database"] = "STORAGE_UNAVAILABLE"
    directory = node.context.directory
    if directory.expired(node.clock.now_us()):
        problems["directory"] = "DIRECTORY_EXPIRED"
    if node.key_keeper.keys.missing:
        problems["keys"] = OwnKeysMissing.code
    return {
        "ready": not problems,
        "problems": problems,
        "links": {
            peer: "open" if activity.open else "closed" for peer, activity in sorted(node.link_activities().items())
        },
        "directory_version": directory.version,
        "replica": node.core.replica.name if node.core.replica is not None else "",
        "roles": list(node.settings.replica.roles),
    }


def _read_something(connection: sa.Connection) -> None:
    connection.execute(sa.select(node_identity.c.node)).one()
