"""The first steps of a node, which both kinds share: its settings file, its database, its identity.

Each step may be repeated: what is there already stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from common.core import write_identity
from common.db.engine import store_at
from common.db.schema import Schema, current_revisions
from common.db.unit_of_work import UnitOfWork
from common.errors import Refusal
from common.messaging.links import node_identity
from common.program.data_directory import DataDirectory
from common.security.private_files import write_private

INCARNATION_BYTES = 16


class NodeInitialisedOtherwise(Refusal):
    """The data directory is that of another node."""

    en = "The data directory {path} is that of node {known}, not {node}. Use another directory."
    zh = "数据目录 {path} 属于节点 {known}，而非 {node}。请使用其他目录。"


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


def migrate_database(data: DataDirectory, schema: Schema, before_programs: bool = False) -> list[str]:
    """Brings the database to the schema of this release; makes it where there is none. Returns what was done: the
    revisions that it did not have before. `before_programs`: only what the release before can work with."""
    # Imported here: a node that serves has no use for it.
    from common.db.migrate import migrate

    before = with_connection(data, current_revisions)
    after = migrate(data.url, schema, before_programs)
    data.database.chmod(0o600)
    return sorted(after - before)


def give_identity(data: DataDirectory, node: str, entropy: Callable[[int], bytes], now_us: int) -> None:
    """Makes the database that of `node`, once. Raises NodeInitialisedOtherwise."""
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


def with_connection(data: DataDirectory, work: Callable[[sa.Connection], Any]) -> Any:
    """Runs `work` in one transaction on a writing connection."""
    store = store_at(data.url)
    engine = store.open_writer(data.url)
    try:
        with engine.connect() as connection:
            store.begin(connection)
            try:
                result = work(connection)
                store.commit(connection)
            except BaseException:
                store.roll_back(connection)
                raise
            return result
    finally:
        engine.dispose()


def _give_identity(
    connection: sa.Connection, data: DataDirectory, node: str, entropy: Callable[[int], bytes], now_us: int
) -> None:
    known: str | None = connection.execute(sa.select(node_identity.c.node)).scalar()
    if known is None:
        write_identity(connection, node, entropy(INCARNATION_BYTES), now_us)
    elif known != node:
        raise NodeInitialisedOtherwise(path=data.path, known=known, node=node)
