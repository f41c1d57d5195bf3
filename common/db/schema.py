"""Which revision of the schema a database has, and which one this release needs. Knows nothing of Alembic, which costs
memory that a serving node does not spend: a database names its revisions in one table, and files name theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from common.errors import Fault

VERSION_TABLE = "alembic_version"

_MIGRATION = re.compile(r"([0-9]{4})_(pre|post)_\w+\.py")


class SchemaOutOfDate(Fault):
    """The database is older than the program."""

    en = "The database {database} has the schema {current}; this release needs {expected}."
    zh = "数据库 {database} 的结构版本为 {current}，当前软件需要 {expected}。"
    mend_en = "Stop the node and run {mend}."
    mend_zh = "请停止节点并执行 {mend}。"


class SchemaTooNew(Fault):
    """The database is newer than the program: it was used by a later release."""

    en = "The database {database} has the schema {current}, which is newer than this release knows ({expected})."
    zh = "数据库 {database} 的结构版本为 {current}，比当前软件所支持的（{expected}）更新。"
    mend_en = "Start the release that was used last."
    mend_zh = "请使用最近一次运行的软件版本。"


@dataclass(frozen=True, slots=True)
class Branch:
    """One line of migrations: its name, and the directory with its files, whose revision is `<branch>_<NNNN>`.

    `NNNN_pre_<what>.py` is something that the release before can work with as well: it is done before the programs are
    replaced, while that release serves. `NNNN_post_<what>.py` takes away what only that release needed: it is done when
    no program of it runs any more, and this release works with and without it.
    """

    name: str
    directory: Path

    @property
    def head(self) -> str:
        """The revision that the newest file leads to; empty where there is no file."""
        return self._newest("pre", "post")

    @property
    def needed(self) -> str:
        """The revision without which this release's programs cannot work: that of the newest `pre` step."""
        return self._newest("pre")

    def _newest(self, *kinds: str) -> str:
        found = [_MIGRATION.fullmatch(path.name) for path in self.directory.iterdir()]
        numbers = [match[1] for match in found if match is not None and match[2] in kinds]
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
        """The revisions that this release leads to, one a branch."""
        return frozenset(branch.head for branch in self.branches)

    @property
    def needed(self) -> frozenset[str]:
        """The revisions that this release's programs cannot work without, one a branch."""
        return frozenset(branch.needed for branch in self.branches)


def is_post(path: str) -> bool:
    """Whether the file of a migration says that it is for when the programs were replaced."""
    match = _MIGRATION.fullmatch(Path(path).name)
    return match is not None and match[2] == "post"


def current_revisions(connection: sa.Connection) -> frozenset[str]:
    """The revisions that the database has; none where it was never migrated."""
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return frozenset()
    return frozenset(connection.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")).scalars())  # noqa: S608


def revisions_of_others(revisions: Iterable[str], schema: Schema) -> frozenset[str]:
    """The revisions of branches that are not of this kind of node."""
    own = {branch.name for branch in schema.branches}
    return frozenset(revision for revision in revisions if revision.rpartition("_")[0] not in own)


def require_schema(connection: sa.Connection, schema: Schema) -> None:
    """Raises SchemaOutOfDate or SchemaTooNew unless the database has the revisions that this release needs; the steps
    for afterwards may still be to come."""
    current = current_revisions(connection)
    has = {revision.rpartition("_")[0]: revision for revision in current}
    facts = {"database": connection.engine.url.database, "current": ", ".join(sorted(current)) or "-"}
    heads = {branch.name: branch.head for branch in schema.branches}
    if any(revision > heads.get(name, "") for name, revision in has.items()):
        raise SchemaTooNew(**facts, expected=", ".join(sorted(schema.expected)))
    if any(has.get(branch.name, "") < branch.needed for branch in schema.branches):
        raise SchemaOutOfDate(**facts, expected=", ".join(sorted(schema.needed)), mend=schema.migrate_command)
