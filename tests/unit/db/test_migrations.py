"""Migrations lead to exactly the schema that the tables define, from nothing and from what is there already."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from common.db.engine import open_writer
from common.db.migrate import migrate
from common.db.schema import Branch, Schema, SchemaOutOfDate, SchemaTooNew, current_revisions, require_schema
from hq_node.bootstrap import SCHEMA as HQ_SCHEMA
from province_node.bootstrap import SCHEMA as PROVINCE_SCHEMA
from tests.support.stores import SQLITE, Databases

ROOT = Path(__file__).resolve().parents[3]
SCHEMAS = {"hq_node": HQ_SCHEMA, "province_node": PROVINCE_SCHEMA}

# In a process of its own: here both nodes' tables are defined.
MADE_FROM_TABLES = """
import json, sys
import {package}.bootstrap
from common.db.engine import METADATA, open_writer
print(json.dumps(sorted(sys.modules)))
METADATA.create_all(open_writer(sys.argv[1]))
"""


POSTGRES_SCHEMA = """
SELECT c.relname, a.attnum::text, a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull::text
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'S') AND a.attnum > 0
UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()
ORDER BY 1, 2
"""


def schema_of(url: str) -> dict[str, str]:
    """Every table and index with its statement, white space aside; or what PostgreSQL knows of them."""
    engine = open_writer(url)
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            found = {f"{table} {part}": text for table, part, text in connection.exec_driver_sql(POSTGRES_SCHEMA)}
        else:
            found = {name: sql or "" for name, sql in connection.exec_driver_sql("SELECT name, sql FROM sqlite_master")}
    engine.dispose()
    return {name: " ".join(text.split()) for name, text in found.items() if "alembic_version" not in name + text}


@pytest.fixture(scope="module", params=SCHEMAS)
def package(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def made(package: str, lasting_databases: Databases) -> tuple[str, list[str]]:
    """A database made from the tables that the node defines, and the modules that it imports to serve."""
    url = lasting_databases.empty(package)
    command = [sys.executable, "-c", MADE_FROM_TABLES.format(package=package), url]
    result = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return url, json.loads(result.stdout)


@pytest.fixture
def connection(databases: Databases, package: str) -> Iterator[sa.Connection]:
    url = databases.empty()
    migrate(url, SCHEMAS[package])
    engine = open_writer(url)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def test_the_migrated_schema_is_that_of_the_tables(
    package: str, made: tuple[str, list[str]], lasting_databases: Databases
) -> None:
    url = lasting_databases.empty(f"{package}-migrated")
    migrate(url, SCHEMAS[package])
    migrated = schema_of(url)
    assert migrated == schema_of(made[0])
    assert any(" WHERE " in sql for sql in migrated.values())
    if lasting_databases.store == SQLITE:
        assert any("WITHOUT ROWID" in sql for sql in migrated.values())


def test_migrating_again_changes_nothing(package: str, databases: Databases) -> None:
    url = databases.empty()
    first = migrate(url, SCHEMAS[package])
    before = schema_of(url)
    assert migrate(url, SCHEMAS[package]) == first == SCHEMAS[package].expected
    assert schema_of(url) == before


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path, databases: Databases) -> None:
    broken = tmp_path / "migrations"
    broken.mkdir()
    (broken / "0001_pre_first.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        "revision, down_revision, branch_labels = 'x_0001', None, ('x',)\n"
        "def upgrade():\n    op.create_table('one', sa.Column('a', sa.Integer, primary_key=True))\n    1 / 0\n"
    )
    schema = Schema((*PROVINCE_SCHEMA.branches, Branch("x", broken)), "migrate")
    url = databases.empty()
    with pytest.raises(ZeroDivisionError):
        migrate(url, schema)
    assert schema_of(url) == {}


def test_a_migrated_database_is_what_the_release_needs(connection: sa.Connection, package: str) -> None:
    require_schema(connection, SCHEMAS[package])
    assert current_revisions(connection) == SCHEMAS[package].expected


def test_an_older_database_is_refused_with_the_way_to_mend_it(connection: sa.Connection, package: str) -> None:
    connection.execute(sa.text("DELETE FROM alembic_version WHERE version_num LIKE 'common%'"))
    with pytest.raises(SchemaOutOfDate, match="migrate"):
        require_schema(connection, SCHEMAS[package])


def test_a_newer_database_is_refused(connection: sa.Connection, package: str) -> None:
    newer = "UPDATE alembic_version SET version_num = 'common_9999' WHERE version_num LIKE 'common%'"
    connection.execute(sa.text(newer))
    with pytest.raises(SchemaTooNew):
        require_schema(connection, SCHEMAS[package])


def test_a_serving_node_imports_neither_alembic_nor_a_driver_that_it_may_not_need(made: tuple[str, list[str]]) -> None:
    assert not [name for name in made[1] if name.split(".")[0] in ("alembic", "psycopg")]
