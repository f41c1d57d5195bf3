"""Which revision of the schema a database has, and which one this release needs. Knows nothing of Alembic, which costs
memory that a serving node does not spend: a database names its revisions in one table, and files name theirs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from common.errors import Fault

VERSION_TABLE = "alembic_version"

_MIGRATION = re.compile(r"([0-9]{4})_(?:pre|post)_\w+\.py")


class SchemaOutOfDate(Fault):
    """The database is older than the program."""

    en = (
        "The database {database} has the schema {current}; this release needs {expected}. Stop the node and run {mend}."
    )
    zh = "数据库 {database} 的结构版本为 {current}，当前软件需要 {expected}。请停止节点并执行 {mend}。"


class SchemaTooNew(Fault):
    """The database is newer than the program: it was used by a later release."""

    en = (
        "The database {database} has the schema {current}, which is newer than this release knows ({expected}). "
        "Start the release that was used last."
    )
    zh = (
        "数据库 {database} 的结构版本为 {current}，比当前软件所支持的（{expected}）更新。请使用最近一次运行的软件版本。"
    )


@dataclass(frozen=True, slots=True)
class Branch:
    """One line of migrations: its name, and the directory with its files `NNNN_pre_<what>.py`.

    The revision of a file is `<branch>_<NNNN>`.
    """

    name: str
    directory: Path

    @property
    def head(self) -> str:
        """The revision that the newest file leads to; empty where there is no file."""
        numbers = [match[1] for path in self.directory.iterdir() if (match := _MIGRATION.fullmatch(path.name))]
        return f"{self.name}_{max(numbers)}" if numbers else ""


KIT = Branch("common", Path(__file__).with_name("migrations"))
"""The tables that both nodes have."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The schema of one kind of node: the kit's branch and its own. `migrate_command` is how its operator mends it."""

    branches: tuple[Branch, ...]
    migrate_command: str

    @property
    def expected(self) -> frozenset[str]:
        """The revisions that this release needs, one a branch."""
        return frozenset(branch.head for branch in self.branches)


def current_revisions(connection: sa.Connection) -> frozenset[str]:
    """The revisions that the database has; none where it was never migrated."""
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return frozenset()
    return frozenset(connection.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")).scalars())  # noqa: S608


def require_schema(connection: sa.Connection, schema: Schema) -> None:
    """Raises SchemaOutOfDate or SchemaTooNew unless the database has exactly the revisions that this release needs."""
    current, expected = current_revisions(connection), schema.expected
    if current == expected:
        return
    heads = {branch.name: branch.head for branch in schema.branches}
    newer = any(revision > heads.get(revision.rpartition("_")[0], "") for revision in current)
    facts = {
        "database": connection.engine.url.database,
        "current": ", ".join(sorted(current)) or "-",
        "expected": ", ".join(sorted(expected)),
    }
    if newer:
        raise SchemaTooNew(**facts)
    raise SchemaOutOfDate(**facts, mend=schema.migrate_command)
