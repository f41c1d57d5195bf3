"""What is read of tokens: rows, on a reader's connection; never what proves them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from common.api_tokens.repository import TokenRow, api_tokens
from common.ids import format_id

ROWS_MAX = 500


def find_token(connection: sa.Connection, token_id: bytes) -> TokenRow | None:
    """One token, if there is one."""
    row = connection.execute(sa.select(api_tokens).where(api_tokens.c.token_id == token_id)).one_or_none()
    return None if row is None else TokenRow(*row)


def list_tokens(connection: sa.Connection, client: str = "", after: bytes = b"", limit: int = 50) -> dict[str, Any]:
    """Tokens behind `after` by id, of one client or of all, at most `limit` and never more than ROWS_MAX; `next` is
    where to go on."""
    c, size = api_tokens.c, min(limit, ROWS_MAX)
    columns = [column for column in c if column is not c.secret_hash]
    statement = sa.select(*columns).where(c.token_id > after).order_by(c.token_id).limit(size + 1)
    if client:
        statement = statement.where(c.client == client)
    rows = connection.execute(statement).all()
    items = [
        {**row._mapping, "token_id": format_id(row.token_id), "permissions": row.permissions.split()}
        for row in rows[:size]
    ]
    return {"items": items, "next": items[-1]["token_id"] if len(rows) > size else ""}
