"""The REST interface measured: what asking and noting costs a call, and what a data scope costs a list."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from common.db.engine import METADATA, open_writer
from tests.benchmark import rest_calls, scoped_lists
from tests.support.access import AccessNode
from tests.support.postgres import DURABLE, Cluster, PostgresServer
from tests.support.stores import POSTGRES, STORES, Databases

CALLS_AT_MOST = 1.3
"""How much longer a call may take than the yardstick's."""
LISTS_AT_MOST = 2.0
"""How much longer the SQL of a list within a scope may take than that of the bare page and count."""


class DurableDatabases(Databases):
    """Databases whose commits wait for the disk, as a carrier would run them."""

    def __init__(self, store: str, room: Path, closing: ExitStack) -> None:
        super().__init__(store, room)
        self._cluster: Cluster | None = None
        if store == POSTGRES:
            server = PostgresServer(None, DURABLE)
            closing.callback(server.close)
            self._cluster = Cluster(server.url)
            closing.callback(self._cluster.close)

    def with_tables(self, name: str = "node", metadata: sa.MetaData = METADATA) -> str:
        if self._cluster is None:
            return super().with_tables(name, metadata)
        url = self.empty(name)
        engine = open_writer(url)
        with engine.connect() as connection:
            metadata.create_all(connection)
            connection.commit()
        engine.dispose()
        return url

    def empty(self, name: str = "node") -> str:
        return super().empty(name) if self._cluster is None else self._cluster.create()


async def measure(
    place: Path, store: str, rows: int, calls: int, rounds: int, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Both, on one store or on each (`both`)."""
    stores = STORES if store == "both" else (store,)
    return {"stores": {each: await _of_store(place, each, rows, calls, rounds, tell) for each in stores}}


async def _of_store(
    place: Path, store: str, rows: int, calls: int, rounds: int, tell: Callable[[str], None]
) -> dict[str, Any]:
    tell(f"on {store}")
    room = place / store
    room.mkdir()
    with ExitStack() as closing:
        databases = DurableDatabases(store, room, closing)
        node = AccessNode(databases, room / "node", caller_calls_a_second=10**6, address_calls_a_second=10**6)
        closing.callback(node.close)
        measured = await rest_calls.measure(node, calls, rounds, tell)
        api = next(api for api in node.apis if api.name == "serviceRequest")
        url = databases.empty("lists")
        engine = sa.create_engine(url)
        closing.callback(engine.dispose)
        return {"calls": measured, "lists": scoped_lists.measure(engine, url, api, api.resources[0], rows, tell)}
