"""Databases that tests share one after another: no test sees what another one left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from tests.support.postgres import cluster
from tests.support.postgres_pool import arguments_of
from tests.support.stores import POSTGRES, Databases, databases_of

METADATA = sa.MetaData()
sa.Table("things", METADATA, sa.Column("id", sa.Integer, sa.Identity(), primary_key=True), sa.Column("name", sa.String))


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Databases]:
    with databases_of(POSTGRES, tmp_path) as made:
        yield made


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(arguments_of(url), autocommit=True)


def test_rows_sequences_and_connections_are_gone_when_it_is_lent_again(room: Databases) -> None:
    pool = cluster().pool
    template = cluster().create()
    engine = sa.create_engine(template)
    METADATA.create_all(engine)
    engine.dispose()
    url = pool.lend(template)
    left_open = connect(url)
    left_open.execute("INSERT INTO things (name) VALUES ('a'), ('b')")
    left_open.execute("DELETE FROM things WHERE name = 'b'")
    pool.give_back(url)
    with pytest.raises(psycopg.OperationalError):
        left_open.execute("SELECT 1")
    assert pool.lend(template) == url
    with connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM things").fetchone() == (0,)
        assert connection.execute("INSERT INTO things (name) VALUES ('c') RETURNING id").fetchone() == (1,)
    pool.give_back(url)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE things ADD COLUMN more integer",
        "ALTER TABLE things ALTER COLUMN name TYPE text",
        "CREATE INDEX ON things (name)",
        "CREATE TABLE others (id integer)",
        "CREATE FUNCTION fails() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "DROP TABLE things",
    ],
)
def test_one_that_was_changed_is_not_lent_again(room: Databases, change: str) -> None:
    pool = cluster().pool
    template = cluster().create()
    engine = sa.create_engine(template)
    METADATA.create_all(engine)
    engine.dispose()
    url = pool.lend(template)
    with connect(url) as connection:
        connection.execute(change)
    pool.give_back(url)
    another = pool.lend(template)
    assert another != url
    pool.give_back(another)
