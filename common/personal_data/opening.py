"""A vault and the keys that a node's database has: when the node starts, and whenever they change."""

from __future__ import annotations

import sqlalchemy as sa

from common.core import NodeCore
from common.db.engine import store_of
from common.personal_data.events import GenerationsChanged
from common.personal_data.repository import GENERATIONS, GenerationRow, stored_generations
from common.personal_data.vault import NONE, Vault


def open_vault(core: NodeCore, vault: Vault) -> None:
    """Gives the vault the keys of the database, and keeps it up to date. Where there are none, the first are made;
    where a former master key wraps them, they are wrapped anew.

    In a transaction of its own and not as a command: no group may run before the node's directory is in force. Raises
    MasterKeyWrong where none of the vault's master keys opens what is there.
    """

    def changed(_event: GenerationsChanged) -> None:
        vault.use(row.stored for row in stored_generations(core.connection.execute))

    core.dispatcher.subscribe(GenerationsChanged, changed)
    try:
        stored = stored_generations(core.connection.execute)
        vault.use(row.stored for row in stored)
        wanted = [_renewed(vault, row) for row in stored] or [
            GenerationRow(*vault.make_generation(NONE + 1), core.clock.now_us(), 0)
        ]
        if wanted != stored:
            _replace(core.connection, wanted)
            vault.use(row.stored for row in wanted)
    except BaseException:
        core.close()
        raise


def _renewed(vault: Vault, row: GenerationRow) -> GenerationRow:
    """The row wrapped by the master key in use; the same where it is."""
    if row.master_key_id == vault.master_keys.first.key_id:
        return row
    return GenerationRow(*vault.rewrapped(row.stored, vault.master_keys), row.made_at_us, row.destroyed_at_us)


def _replace(connection: sa.Connection, rows: list[GenerationRow]) -> None:
    store = store_of(connection)
    store.begin(connection)
    try:
        for row in rows:
            connection.execute(sa.delete(GENERATIONS).where(GENERATIONS.c.generation == row.generation))
            connection.execute(sa.insert(GENERATIONS).values(row._asdict()))
        store.commit(connection)
    except BaseException:
        store.roll_back(connection)
        raise
