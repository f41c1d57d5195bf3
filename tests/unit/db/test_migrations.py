"""Migrations lead to exactly the schema that the tables define, from nothing and from what is there already."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from common.db.engine import open_writer, sqlite_url
from common.db.migrate import migrate
from common.db.schema import Branch, Schema, SchemaOutOfDate, SchemaTooNew, current_revisions, require_schema
from hq_node.bootstrap import SCHEMA as HQ_SCHEMA
from province_node.bootstrap import SCHEMA as PROVINCE_SCHEMA

ROOT = Path(__file__).resolve().parents[3]
SCHEMAS = {"hq_node": HQ_SCHEMA, "province_node": PROVINCE_SCHEMA}

# In a process of its own: here both nodes' tables are defined.
MADE_FROM_TABLES = """
import json, sys
import {package}.bootstrap
from common.db.engine import METADATA, open_writer, sqlite_url
print(json.dumps(sorted(sys.modules)))
METADATA.create_all(open_writer(sqlite_url(sys.argv[1])))
"""


def schema_of(database: Path) -> dict[str, str]:
    """Every table and index with its statement, white space aside."""
    connection = sqlite3.connect(database)
    try:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE tbl_name != 'alembic_version'").fetchall()
    finally:
        connection.close()
    return {name: " ".join((sql or "").split()) for name, sql in rows}


@pytest.fixture(scope="module", params=SCHEMAS)
def package(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def made(package: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A database made from the tables that the node defines, and the modules that it imports to serve."""
    database = tmp_path_factory.mktemp(package) / "made.db"
    command = [sys.executable, "-c", MADE_FROM_TABLES.format(package=package), str(database)]
    result = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return database, json.loads(result.stdout)


@pytest.fixture
def connection(tmp_path: Path, package: str) -> Iterator[sa.Connection]:
    url = sqlite_url(str(tmp_path / "migrated.db"))
    migrate(url, SCHEMAS[package])
    engine = open_writer(url)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def test_the_migrated_schema_is_that_of_the_tables(package: str, made: tuple[Path, list[str]], tmp_path: Path) -> None:
    migrate(sqlite_url(str(tmp_path / "migrated.db")), SCHEMAS[package])
    migrated = schema_of(tmp_path / "migrated.db")
    assert migrated == schema_of(made[0])
    assert any("WITHOUT ROWID" in sql for sql in migrated.values())
    assert any(" WHERE " in sql for sql in migrated.values())


def test_migrating_again_changes_nothing(package: str, tmp_path: Path) -> None:
    database = tmp_path / "migrated.db"
    first = migrate(sqlite_url(str(database)), SCHEMAS[package])
    before = schema_of(database)
    assert migrate(sqlite_url(str(database)), SCHEMAS[package]) == first == SCHEMAS[package].expected
    assert schema_of(database) == before


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    broken = tmp_path / "migrations"
    broken.mkdir()
    (broken / "0001_pre_first.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        "revision, down_revision, branch_labels = 'x_0001', None, ('x',)\n"
        "def upgrade():\n    op.create_table('one', sa.Column('a', sa.Integer, primary_key=True))\n    1 / 0\n"
    )
    schema = Schema((*PROVINCE_SCHEMA.branches, Branch("x", broken)), "migrate")
    with pytest.raises(ZeroDivisionError):
        migrate(sqlite_url(str(tmp_path / "migrated.db")), schema)
    assert schema_of(tmp_path / "migrated.db") == {}


def test_a_migrated_database_is_what_the_release_needs(connection: sa.Connection, package: str) -> None:
    require_schema(connection, SCHEMAS[package])
    assert current_revisions(connection) == SCHEMAS[package].expected


def test_an_older_database_is_refused_with_the_way_to_mend_it(connection: sa.Connection, package: str) -> None:
    connection.exec_driver_sql("DELETE FROM alembic_version WHERE version_num LIKE 'common%'")
    with pytest.raises(SchemaOutOfDate, match="migrate"):
        require_schema(connection, SCHEMAS[package])


def test_a_newer_database_is_refused(connection: sa.Connection, package: str) -> None:
    connection.exec_driver_sql(
        "UPDATE alembic_version SET version_num = 'common_9999' WHERE version_num LIKE 'common%'"
    )
    with pytest.raises(SchemaTooNew):
        require_schema(connection, SCHEMAS[package])


def test_a_serving_node_never_imports_alembic(made: tuple[Path, list[str]]) -> None:
    assert not [name for name in made[1] if name.split(".")[0] == "alembic"]
