"""Messages as files: one each, named by its call, for somebody else to take away. The name makes a repeated call
harmless: it writes the same file again."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict
from itertools import islice
from pathlib import Path

from common.communication.model import decode_message
from common.errors import QuanwangError
from common.ids import format_id
from common.interfaces.model import Answer, Call, done, failed
from common.security.private_files import make_private_directory, write_private

FILES_MAX = 10_000
DIRECTORY_FULL = "DIRECTORY_FULL"


class FileAdapter:
    """`directory`: only the node's account may read it; at most FILES_MAX files lie there."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def lacks(self) -> None:
        """It makes its directory itself."""

    async def make(self, call: Call) -> Answer:
        """Writes the message, durably."""
        return await asyncio.to_thread(self._write, call)

    async def probe(self) -> Answer:
        """Whether a file can be written."""
        return await asyncio.to_thread(self._probe)

    def _write(self, call: Call) -> Answer:
        name = f"{format_id(call.call_id)}.json"
        message = {"id": format_id(call.call_id), **asdict(decode_message(call.content))}
        try:
            make_private_directory(self._directory)
            if not (self._directory / name).exists() and self._is_full():
                return failed(DIRECTORY_FULL)
            write_private(self._directory / name, json.dumps(message, ensure_ascii=False).encode())
        except (OSError, QuanwangError) as error:
            return failed(_named(error))
        return done(name)

    def _probe(self) -> Answer:
        probe = self._directory / ".probe"
        try:
            make_private_directory(self._directory)
            write_private(probe, b"")
            probe.unlink(missing_ok=True)
        except (OSError, QuanwangError) as error:
            return failed(_named(error))
        return failed(DIRECTORY_FULL) if self._is_full() else done()

    def _is_full(self) -> bool:
        with os.scandir(self._directory) as entries:
            return sum(1 for _ in islice(entries, FILES_MAX)) >= FILES_MAX


def _named(error: OSError | QuanwangError) -> str:
    return error.code if isinstance(error, QuanwangError) else type(error).__name__
