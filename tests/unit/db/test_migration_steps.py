"""Each migration on data of the version before; in two stages, under traffic, at once, and cut off by a power cut."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from common.db.engine import open_writer
from common.db.migrate import migrate
from common.db.schema import KIT, Branch, Schema, SchemaOutOfDate, current_revisions, require_schema
from hq_node.bootstrap import SCHEMA as HQ_SCHEMA
from province_node.bootstrap import SCHEMA as PROVINCE_SCHEMA
from tests.support.stores import Databases

ROOT = Path(__file__).resolve().parents[3]
SCHEMAS = {"hq_node": HQ_SCHEMA, "province_node": PROVINCE_SCHEMA}
ROWS = 3

HEADING = "import sqlalchemy as sa\nfrom alembic import op\n"
NEW_COLUMN = (
    f"{HEADING}revision, down_revision, branch_labels = 'x_0002', 'x_0001', None\n"
    "def upgrade():\n    op.add_column('one', sa.Column('b', sa.Integer, nullable=False, server_default='7'))\n"
)
NO_LONGER_NEEDED = (
    f"{HEADING}revision, down_revision, branch_labels = 'x_0003', 'x_0002', None\n"
    "def upgrade():\n    op.drop_table('two')\n"
)
TWO_TABLES = (
    f"{HEADING}revision, down_revision, branch_labels = 'x_0001', None, ('x',)\n"
    "def upgrade():\n"
    "    for name in ('one', 'two'):\n"
    "        op.create_table(name, sa.Column('a', sa.Integer, primary_key=True))\n"
)
STOPS_IN_THE_MIDDLE = NEW_COLUMN + "    print('half', flush=True)\n    input()\n"

MIGRATE = """
import sys
from pathlib import Path
from common.db.migrate import migrate
from common.db.schema import Branch, Schema
migrate(sys.argv[1], Schema((Branch("x", Path(sys.argv[2])),), "migrate"))
"""


def _files(directory: Path) -> list[Path]:
    return sorted(directory.glob("[0-9]*.py"))


def steps() -> list[Any]:
    """Every migration that has one before it; those of the kit, which both nodes share, once."""
    found = []
    for package, schema in SCHEMAS.items():
        for branch in schema.branches:
            if branch.name == KIT.name and schema is not HQ_SCHEMA:
                continue
            files = _files(branch.directory)
            found += [
                pytest.param(package, branch.name, k, id=f"{package}-{files[k].stem}") for k in range(1, len(files))
            ]
    return found


class Versions:
    """Databases without rows at any version. Each is migrated on from the version before, which was asked for last."""

    def __init__(self, databases: Databases, place: Path) -> None:
        self._databases = databases
        self._place = place
        self._reached: dict[tuple[str, str], tuple[int, str]] = {}
        self._made = 0

    def at(self, package: str, branch_name: str, step: int) -> tuple[str, Schema]:
        """A database with the first `step` migrations of a branch, and the schema with one more."""
        reached, url = self._reached.get((package, branch_name), (step + 1, ""))
        if reached > step:
            url = self._databases.empty(self._name())
        if reached != step:
            migrate(url, self._schema(package, branch_name, step))
        self._reached[package, branch_name] = step, url
        return self._databases.copy(url, self._name()), self._schema(package, branch_name, step + 1)

    def _schema(self, package: str, branch_name: str, count: int) -> Schema:
        return _up_to(SCHEMAS[package], branch_name, count, self._place / self._name())

    def _name(self) -> str:
        self._made += 1
        return str(self._made)


@pytest.fixture(scope="module")
def versions(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    return Versions(lasting_databases, tmp_path_factory.mktemp("versions"))


@pytest.mark.parametrize(("package", "branch_name", "step"), steps())
def test_a_migration_keeps_the_rows_of_the_version_before(
    package: str, branch_name: str, step: int, versions: Versions
) -> None:
    url, after = versions.at(package, branch_name, step)
    _fill(url)
    kept = _rows(url)
    assert all(len(rows) >= ROWS for rows in kept.values())
    migrate(url, after)
    now = _rows(url)
    for table, rows in kept.items():
        common = rows[0].keys() & now[table][0].keys()
        assert _only(now[table], common) == _only(rows, common)


def test_steps_for_afterwards_wait_until_they_are_asked_for(databases: Databases, tmp_path: Path) -> None:
    url = databases.empty()
    migrate(url, _of(tmp_path, {"0001_pre_tables": TWO_TABLES}))
    schema = _of(tmp_path, {"0002_pre_column": NEW_COLUMN, "0003_post_table": NO_LONGER_NEEDED})
    with pytest.raises(SchemaOutOfDate):
        _require(url, schema)
    assert migrate(url, schema, before_programs=True) == {"x_0002"}
    _require(url, schema)
    assert _tables(url) == {"one", "two"}
    assert migrate(url, schema, before_programs=True) == {"x_0002"}
    assert migrate(url, schema) == {"x_0003"} == schema.expected
    assert _tables(url) == {"one"}
    _require(url, schema)


def test_a_migration_cut_off_by_a_power_cut_is_as_if_it_had_never_begun(databases: Databases, tmp_path: Path) -> None:
    url = databases.empty()
    migrate(url, _of(tmp_path, {"0001_pre_tables": TWO_TABLES}))
    _of(tmp_path, {"0002_pre_column": STOPS_IN_THE_MIDDLE})
    command = [sys.executable, "-c", MIGRATE, url, str(tmp_path / "x")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        process.kill()
    schema = _of(tmp_path, {"0002_pre_column": NEW_COLUMN})
    assert _ask(url, current_revisions) == {"x_0001"}
    assert migrate(url, schema) == {"x_0002"}
    columns = _ask(url, lambda connection: sa.inspect(connection).get_columns("one"))
    assert {column["name"] for column in columns} == {"a", "b"}


def test_of_several_that_begin_at_once_one_migrates(databases: Databases, tmp_path: Path) -> None:
    url = databases.empty()
    schema = _of(tmp_path, {"0001_pre_tables": TWO_TABLES, "0002_pre_column": NEW_COLUMN})
    together = threading.Barrier(4)
    results: list[Any] = []

    def begin() -> None:
        together.wait()
        try:
            results.append(migrate(url, schema))
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [frozenset({"x_0002"})] * 4


def _up_to(schema: Schema, name: str, count: int, place: Path) -> Schema:
    """The schema with the first `count` files of one branch. The node's own branch needs the whole of the kit's."""
    branches = []
    for branch in schema.branches:
        directory = place / branch.name
        directory.mkdir(parents=True)
        files = _files(branch.directory)
        if branch.name == name:
            files = files[:count]
        elif name == KIT.name:
            # The kit's migrations know nothing of the node's, which may build on the newest of them.
            continue
        for file in files:
            shutil.copy(file, directory)
        branches.append(Branch(branch.name, directory))
    return Schema(tuple(branches), schema.migrate_command)


def _of(place: Path, files: dict[str, str]) -> Schema:
    directory = place / "x"
    directory.mkdir(exist_ok=True)
    for name, text in files.items():
        (directory / f"{name}.py").write_text(text)
        # A module of the same name and time may have been compiled a moment ago.
        shutil.rmtree(directory / "__pycache__", ignore_errors=True)
    return Schema((Branch("x", directory),), "migrate")


def _tables(url: str) -> set[str]:
    names: list[str] = _ask(url, lambda connection: sa.inspect(connection).get_table_names())
    return set(names) - {"alembic_version"}


def _require(url: str, schema: Schema) -> None:
    _ask(url, lambda connection: require_schema(connection, schema))


def _ask(url: str, question: Callable[[sa.Connection], Any]) -> Any:
    engine = open_writer(url)
    try:
        with engine.connect() as connection:
            return question(connection)
    finally:
        engine.dispose()


def _fill(url: str) -> None:
    """A few rows in every table, of values that fit each column and differ from row to row."""
    metadata = sa.MetaData()
    engine = open_writer(url)
    with engine.connect() as connection:
        metadata.reflect(connection)
        for table in metadata.sorted_tables:
            if table.name != "alembic_version":
                rows = [{column.name: _value(column, number) for column in table.columns} for number in range(ROWS)]
                connection.execute(table.insert(), rows)
        connection.commit()
    engine.dispose()


def _value(column: sa.Column[Any], number: int) -> Any:
    kind = column.type
    if isinstance(kind, sa.Boolean):
        return bool(number % 2)
    if isinstance(kind, sa.Integer):
        return number + 1
    if isinstance(kind, sa.LargeBinary):
        return bytes([number + 1]) * 16
    if isinstance(kind, sa.Float | sa.Numeric):
        return number / 2
    return f"{number}"


def _rows(url: str) -> dict[str, list[dict[str, Any]]]:
    metadata = sa.MetaData()
    engine = open_writer(url)
    with engine.connect() as connection:
        metadata.reflect(connection)
        tables = [table for table in metadata.sorted_tables if table.name != "alembic_version"]
        found = {table.name: [dict(row._mapping) for row in connection.execute(table.select())] for table in tables}
    engine.dispose()
    return found


def _only(rows: list[dict[str, Any]], columns: set[str]) -> list[tuple[Any, ...]]:
    return sorted(tuple(row[name] for name in sorted(columns)) for row in rows)
