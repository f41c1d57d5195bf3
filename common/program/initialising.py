"""The first steps of a node, which both kinds share: its settings file, its database, its identity.

Each step may be repeated: what is there already stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr, ValidationError

from common.core import write_identity
from common.db.engine import reading, store_at, writing
from common.db.faults import DatabaseOfAnotherNode
from common.db.schema import Schema, current_revisions, revisions_of_others
from common.db.unit_of_work import UnitOfWork
from common.directory.repository import directories, newest_version
from common.errors import Fault
from common.messaging.link_resume import LinkResume, resume_link
from common.messaging.links import node_identity
from common.program.data_directory import DataDirectory
from common.security.keyring import KEYS_DIRECTORY, LIST_FILE
from common.security.private_files import write_private
from common.settings import DatabaseSettings
from common.settings_file import Problem, SettingsInvalid
from common.validation import finding_of

INCARNATION_BYTES = 16


class KeysLost(Fault):
    """Its database shows that the node has been in use; new keys would not be those that the others know."""

    en = "The node of {database} has been in use, but its keys are not in {path}. No new ones were made."
    zh = "{database} 所属节点已投入使用，但 {path} 中没有它的密钥。未生成新密钥。"
    mend_en = "Bring the keys back from a backup; docs/operations.md says what to do without one (Keys that are lost)."
    mend_zh = "请从备份恢复密钥；没有备份时见 docs/operations.zh-CN.md（密钥丢失）。"


def write_settings(data: DataDirectory, heading: str, tables: Mapping[str, Mapping[str, Any]]) -> None:
    """Writes `node.toml` where there is none. The table "" holds the keys that stand before all tables."""
    if data.settings_file.exists():
        return
    lines = [f"# {line}" for line in heading.splitlines()]
    for table, values in tables.items():
        lines += ["", f"[{table}]"] if table else [""]
        # A JSON string or number is a TOML one as well.
        lines += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    write_private(data.settings_file, ("\n".join(lines) + "\n").encode("utf-8"))


def database_table(url: str) -> dict[str, dict[str, Any]]:
    """The table of `node.toml` that names another database than the node's own file. Raises SettingsInvalid."""
    if not url:
        return {}
    try:
        DatabaseSettings(url=SecretStr(url))
    except ValidationError as error:
        unfit = finding_of(error.errors()[0])
        raise SettingsInvalid((Problem("--database-url", f"{unfit.en}.", f"{unfit.zh}。"),)) from None
    return {"database": {"url": url}}


def migrate_database(data: DataDirectory, schema: Schema, node: str, before_programs: bool = False) -> list[str]:
    """Brings the database to the schema of this release; makes it where there is none. Returns what was done: the
    revisions that it did not have before. `before_programs`: only what the release before can work with.

    Raises DatabaseOfAnotherNode, with nothing changed.
    """
    # Imported here: a node that serves has no use for it.
    from common.db.migrate import migrate

    before = with_connection(data, lambda connection: _revisions_of(connection, data, schema, node))
    after = migrate(data.url, schema, before_programs)
    store_at(data.url).protect(data.url)
    return sorted(after - before)


def _revisions_of(connection: sa.Connection, data: DataDirectory, schema: Schema, node: str) -> frozenset[str]:
    """The revisions that the database has, if it is the node's own or nobody's."""
    revisions = current_revisions(connection)
    foreign = revisions_of_others(revisions, schema)
    if foreign:
        owner = f"another kind of node ({', '.join(sorted(foreign))})"
        raise DatabaseOfAnotherNode(database=data.database_name, owner=owner, node=node)
    if sa.inspect(connection).has_table(node_identity.name):
        known: str | None = connection.execute(sa.select(node_identity.c.node)).scalar()
        if known not in (None, node):
            raise DatabaseOfAnotherNode(database=data.database_name, owner=f"node {known}", node=node)
    return revisions


def require_keys_not_lost(data: DataDirectory, node: str) -> None:
    """Raises KeysLost where the node's database knows a directory of the federation, and there are no keys."""
    if (data.keys_place / KEYS_DIRECTORY / LIST_FILE).exists() or not store_at(data.url).is_there(data.url):
        return
    with reading(data.url) as connection:
        if not sa.inspect(connection).has_table(directories.name):
            return
        owner = connection.execute(sa.select(node_identity.c.node)).scalar()
        if owner == node and newest_version(connection):
            raise KeysLost(database=data.database_name, path=data.keys_place)


def give_identity(data: DataDirectory, node: str, entropy: Callable[[int], bytes], now_us: int) -> None:
    """Makes the database that of `node`, once. Raises DatabaseOfAnotherNode."""
    with_connection(data, lambda connection: _give_identity(connection, data, node, entropy, now_us))


def run_once(
    data: DataDirectory, make_unit_of_work: Callable[[sa.Connection], UnitOfWork], work: Callable[[Any], Any]
) -> Any:
    """Runs `work(uow)` as one group of its own, before there is a core that could."""

    def run(connection: sa.Connection) -> Any:
        uow = make_unit_of_work(connection)
        uow.begin_item()
        result = work(uow)
        uow.keep_item()
        uow.flush()
        return result

    return with_connection(data, run)


def resume_link_of(data: DataDirectory, node: str, now_us: int, resume: LinkResume) -> None:
    """Puts a province's link with HQ where HQ remembers it, when the node was enrolled anew and does not run."""
    restored = data.restored_file.exists()
    with_connection(data, lambda connection: resume_link(connection, node, resume, now_us, restored=restored))


def with_connection(data: DataDirectory, work: Callable[[sa.Connection], Any]) -> Any:
    """Runs `work` in one transaction on a writing connection."""
    store = store_at(data.url)
    with writing(data.url) as connection:
        store.begin(connection)
        try:
            result = work(connection)
            store.commit(connection)
        except BaseException:
            store.roll_back(connection)
            raise
        return result


def _give_identity(
    connection: sa.Connection, data: DataDirectory, node: str, entropy: Callable[[int], bytes], now_us: int
) -> None:
    known: str | None = connection.execute(sa.select(node_identity.c.node)).scalar()
    if known is None:
        write_identity(connection, node, entropy(INCARNATION_BYTES), now_us)
    elif known != node:
        raise DatabaseOfAnotherNode(database=data.database_name, owner=f"node {known}", node=node)
