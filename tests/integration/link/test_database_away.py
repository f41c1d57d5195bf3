"""PostgreSQL is stopped and started under a whole federation: work is refused meanwhile, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from common.errors import OutcomeUnknown, StorageUnavailable
from common.ids import HQ
from common.messaging.links import journal
from tests.support.federation import GUANGDONG, SHANGHAI, Federation
from tests.support.postgres import Cluster, PostgresServer
from tests.support.stores import POSTGRES, Databases


class OwnDatabases(Databases):
    """Databases on a server that a test may stop."""

    def __init__(self, room: Path, server: PostgresServer) -> None:
        super().__init__(POSTGRES, room)
        self._cluster = Cluster(server.url)

    def with_tables(self, name: str = "node", metadata: Any = None) -> str:
        url = self._cluster.create()
        self._make_tables(url)
        return url

    def _make_tables(self, url: str) -> None:
        from common.db.engine import METADATA, open_writer

        engine = open_writer(url)
        with engine.connect() as connection:
            METADATA.create_all(connection)
        engine.dispose()

    def release(self) -> None:
        self._cluster.release()


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    made = PostgresServer()
    yield made
    made.close()


@pytest.fixture
def federation(server: PostgresServer, tmp_path: Path) -> Iterator[Federation]:
    databases = OwnDatabases(tmp_path, server)
    made = Federation(databases)
    made.connect()
    databases.release()
    yield made
    made.close()


def test_work_is_refused_while_the_server_is_away_and_goes_on_when_it_is_back(
    federation: Federation, server: PostgresServer
) -> None:
    done = federation.suspend()
    federation.run()
    waiting = federation.suspend(subscription="44-none")  # Sealed at its origin; on its way when the server goes.
    server.stop()
    with pytest.raises(StorageUnavailable):
        federation.suspend(subscription="44-refused")
    federation.run()
    # HQ could not store the batch, said so, and cut the stream: its peer sends it again.
    assert (HQ, "STORAGE_UNAVAILABLE") in federation.failed
    server.start()
    for node in federation.nodes:
        federation.group(node)  # As the writer does with every tick while storage fails.
    federation.reconnect()
    assert federation.asked(SHANGHAI, done).state == "completed"
    assert federation.asked(SHANGHAI, waiting).state == "rejected"
    federation.assert_honest_traffic()


def test_a_node_takes_up_from_its_database_when_nobody_knows_whether_a_commit_was_made(
    federation: Federation, server: PostgresServer
) -> None:
    """The commit is made, and its answer is lost with the connection."""
    origin = federation.cores[SHANGHAI].dispatcher
    real, cut = origin._commit, []

    def commit_and_lose_the_answer(connection: sa.Connection) -> None:
        real(connection)
        if not cut:
            cut.append(True)
            connection.connection.dbapi_connection.close()  # type: ignore[union-attr]
            raise psycopg.OperationalError("the connection is lost")

    origin._commit = commit_and_lose_the_answer
    with pytest.raises(OutcomeUnknown):
        federation.suspend()
    journalled = sa.select(sa.func.max(journal.c.seal_number)).where(journal.c.link == f"{SHANGHAI}>{HQ}")
    sealed = federation.cores[SHANGHAI].connection.execute(journalled).scalar_one()
    # What was said in it counts: the chain goes on behind it, and no seal is made twice.
    federation.reconnect(SHANGHAI)
    federation.assert_honest_traffic()
    assert federation.cores[SHANGHAI].connection.execute(journalled).scalar_one() > sealed
    assert not federation.cuts
    legs = federation.cores[GUANGDONG].connection.exec_driver_sql("SELECT count(*) FROM serving_legs").scalar()
    assert legs == 3  # The one of which nobody knew, and two of honest traffic.
