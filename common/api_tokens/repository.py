"""Tokens in the database: of each only the hash of its secret."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from common.api_tokens.model import CLIENT_CHARACTERS_MAX, TokenNotFound
from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from common.ids import format_id
from common.operators.roles import ROLE_CHARACTERS_MAX
from common.organisations.model import ID_CHARACTERS_MAX

api_tokens = sa.Table(
    "api_tokens",
    METADATA,
    sa.Column("token_id", sa.LargeBinary(16), primary_key=True),
    sa.Column("secret_hash", sa.LargeBinary(32), nullable=False),
    sa.Column("client", sa.String(CLIENT_CHARACTERS_MAX), nullable=False),
    sa.Column("organisation_id", sa.String(ID_CHARACTERS_MAX), nullable=False),
    sa.Column("role", sa.String(ROLE_CHARACTERS_MAX), nullable=False),
    sa.Column("permissions", sa.Text, nullable=False),
    sa.Column("issued_at_us", sa.BigInteger, nullable=False),
    sa.Column("issued_by", sa.String(64), nullable=False),
    sa.Column("expires_at_us", sa.BigInteger, nullable=False),
    sa.Column("used_at_us", sa.BigInteger, nullable=False),
    sa.Column("revoked_at_us", sa.BigInteger, nullable=False),
)
sa.Index("api_tokens_by_client", api_tokens.c.client, api_tokens.c.token_id)


class TokenRow(NamedTuple):
    """A row of `api_tokens`. `permissions`: to which it is narrowed, parted by spaces; empty: all of its role's.
    `used_at_us` and `revoked_at_us` are 0 where that has not happened."""

    token_id: bytes
    secret_hash: bytes
    client: str
    organisation_id: str
    role: str
    permissions: str
    issued_at_us: int
    issued_by: str
    expires_at_us: int
    used_at_us: int = 0
    revoked_at_us: int = 0


TOKENS = RowSpec(api_tokens, TokenRow)


class TokenBook:
    """The tokens within one group."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._rows = uow.rows(TOKENS)

    def find(self, token_id: bytes) -> TokenRow | None:
        """The token, if there is one."""
        return self._rows.get(token_id)

    def get(self, token_id: bytes) -> TokenRow:
        """The token. Raises TokenNotFound."""
        found = self.find(token_id)
        if found is None:
            raise TokenNotFound(token=format_id(token_id))
        return found

    def add(self, row: TokenRow) -> None:
        """Stages a new token."""
        self._rows.insert(row)

    def save(self, row: TokenRow) -> None:
        """Stages the new content of a token that was looked at before."""
        self._rows.update(row)
