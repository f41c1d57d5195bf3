"""A vault and the keys that a node's database has: when the node starts, and whenever they change."""

from __future__ import annotations

from common.core import NodeCore
from common.messaging.dispatcher import CommandWork
from common.personal_data.commands import OpenPersonalData
from common.personal_data.events import GenerationsChanged
from common.personal_data.repository import GenerationRow, stored_generations
from common.personal_data.vault import Vault


def open_vault(core: NodeCore, vault: Vault) -> None:
    """Gives the vault the keys of the database, and keeps it up to date. Where there are none, the first are made;
    where a former master key wraps them, they are wrapped anew.

    Raises MasterKeyWrong where none of the vault's master keys opens them; whatever the first group meets.
    """

    def changed(_event: GenerationsChanged) -> None:
        read_generations(core, vault)

    core.dispatcher.subscribe(GenerationsChanged, changed)
    stored = read_generations(core, vault)
    if stored and all(row.master_key_id == vault.master_keys.first.key_id for row in stored):
        return
    failed: list[BaseException] = []

    def done(_result: object, error: BaseException | None) -> None:
        if error is not None:
            failed.append(error)

    core.dispatcher.run_group([CommandWork(OpenPersonalData(), done)], ())
    if failed:
        core.close()
        raise failed[0]


def read_generations(core: NodeCore, vault: Vault) -> list[GenerationRow]:
    """The vault has what the database has. On the writer's thread. Raises MasterKeyWrong."""
    stored = stored_generations(core.connection.execute)
    vault.use(row.stored for row in stored)
    return stored
