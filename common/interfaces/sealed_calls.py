"""The calls among the records that hang on keys of personal data."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from common.ids import format_id
from common.interfaces.repository import CALL_ROWS, CONTENT, IS_SEALED, NOTHING_SEALED, CallRow, interface_calls
from common.personal_data.sealing import DataKeyMissing


class SealedCalls:
    """Follows rotations (common.personal_data.handlers.RecordHolder)."""

    def take_in(self, _uow: Any) -> None:
        """No release ever left any in the clear."""

    def renew(self, uow: Any, records_max: int) -> int:
        """Seals calls of former generations under the current one; of what opens no more nothing is kept."""
        c, rows = interface_calls.c, uow.rows(CALL_ROWS)
        former = sa.select(c.call_id).where(IS_SEALED, c.generation < uow.personal_data.vault.current)
        found = uow.query(former.order_by(c.generation, c.call_id).limit(records_max)).scalars().all()
        rows.prefetch(found)
        for call_id in found:
            row = rows.get(call_id)
            if row is not None and row.generation != NOTHING_SEALED:
                rows.update(_renewed(row, uow))
        return len(found)


def _renewed(row: CallRow, uow: Any) -> CallRow:
    key = format_id(row.call_id)
    try:
        content = uow.personal_data.cipher(row.subject, row.generation).open_bytes(CONTENT, key, row.content)
    except DataKeyMissing:
        # Whose it was has been erased. Who claims the call finds that nothing is left of it.
        return row._replace(generation=NOTHING_SEALED, content=b"")
    cipher = uow.personal_data.new_cipher(row.subject)
    return row._replace(generation=cipher.generation, content=cipher.seal_bytes(CONTENT, key, content))
