"""What a node holds of a link, for whoever takes back."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from common.journal.archive import JournalArchive
from common.journal.queries import batches_behind, link_end

BYTES_AT_ONCE = 4_194_304
"""Of batches in one message; at least one batch, which may be larger."""


class Held(NamedTuple):
    """Some batches of a link, and how far its journal goes."""

    batches: list[bytes]
    last_seal: int


def journal_behind(connection: sa.Connection, archive: JournalArchive, node: str, link: str, after: int) -> Held:
    """The next batches of a link behind a seal, from archives and database. Raises ArchiveDamaged."""
    return Held(batches_behind(connection, archive, link, after, BYTES_AT_ONCE), link_end(connection, node, link))
