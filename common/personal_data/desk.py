"""What a node's operators do with the keys of personal data, and what goes on behind by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from common.errors import QuanwangError
from common.log import get_logger
from common.personal_data.commands import BeginKeyRotation, OpenPersonalData, RenewRecords
from common.personal_data.events import KeyRotationBegun, RecordsRenewed
from common.personal_data.master_key import KEY_BYTES, MasterKeySource
from common.personal_data.vault import Vault
from common.settings import PersonalDataSettings

log = get_logger()

RECORDS_A_SLICE = 100
"""So many in one transaction, about a tenth of a second: interactive work hardly waits."""
AGAIN_S = 60.0
"""How long after a slice that failed the next is tried."""


class Writing(Protocol):
    """Runs commands, durably (common.program.node.CommandWriter)."""

    def execute(self, command: Any, bulk: bool = False) -> Awaitable[Any]: ...


class PersonalDataDesk:
    """`writer`: gives the node's writer, which is another one when the node begins to serve."""

    def __init__(
        self, vault: Vault, source: MasterKeySource, writer: Callable[[], Writing], settings: PersonalDataSettings
    ) -> None:
        self.vault = vault
        self.settings = settings
        self._source = source
        self._writer = writer
        self._wanted = asyncio.Event()

    async def rotate(self, asking: Writing) -> KeyRotationBegun:
        """New keys, to which records are brought from now on, for whoever asks. Raises KeyRotationUnderWay."""
        begun: KeyRotationBegun = await asking.execute(BeginKeyRotation())
        self._wanted.set()
        return begun

    async def renew(self, slices_max: int) -> tuple[int, bool]:
        """Up to so many slices, now. How many records, and whether there is more."""
        records, more = 0, True
        while more and slices_max:
            done: RecordsRenewed = await self._writer().execute(RenewRecords(RECORDS_A_SLICE), bulk=True)
            records, more, slices_max = records + done.records, done.more, slices_max - 1
        return records, more

    async def replace_master_key(self) -> str:
        """A new master key in the file, before the former ones, and everything wrapped by it. Its name.

        A crash in between leaves a file with both keys, and the next start finishes it. Raises MasterKeyInEnvironment,
        MasterKeyUnusable, PermissionsTooWide, OSError.
        """
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._source.put_first, self.vault.entropy(KEY_BYTES))
        self.vault.master_keys = await loop.run_in_executor(None, self._source.load)
        await self._writer().execute(OpenPersonalData())
        return self.vault.master_keys.first.key_id.hex()

    async def forget_former_master_keys(self) -> int:
        """Takes former keys out of the file: nothing in the database needs them; backups from before may. How many.

        Raises MasterKeyInEnvironment, PermissionsTooWide, OSError.
        """
        loop = asyncio.get_running_loop()
        # First make sure that the one in use wraps everything.
        await self._writer().execute(OpenPersonalData())
        forgotten = await loop.run_in_executor(None, self._source.forget_former)
        self.vault.master_keys = await loop.run_in_executor(None, self._source.load)
        return forgotten

    async def renew_always(self) -> None:
        """While the node serves: goes on with what was begun, now or before the node last stopped."""
        while True:
            self._wanted.clear()
            try:
                records, more = await self.renew(1)
                total = records
                while more:
                    records, more = await self.renew(1)
                    total += records
                if total:
                    log.info("personal data renewed", records=total)
            except QuanwangError as error:
                log.error("renewing personal data failed", error=str(error), again_s=AGAIN_S)
                await asyncio.sleep(AGAIN_S)
                continue
            await self._wanted.wait()
