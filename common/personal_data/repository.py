"""Keys of personal data in the database, every one of them wrapped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from common.personal_data.events import GenerationsChanged
from common.personal_data.master_key import KEY_ID_BYTES
from common.personal_data.sealing import SUBJECT_CHARS_MAX, DataKeyMissing, SubjectCipher
from common.personal_data.vault import Vault, WrappedGeneration

GENERATIONS = sa.Table(
    "personal_data_generations",
    METADATA,
    sa.Column("generation", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("master_key_id", sa.LargeBinary(KEY_ID_BYTES), nullable=False),
    sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
    sa.Column("wrapped_index_key", sa.LargeBinary, nullable=False),
    sa.Column("made_at_us", sa.BigInteger, nullable=False),
    sa.Column("destroyed_at_us", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""A destroyed generation stays as a row without keys: when that was is worth knowing."""

# The generation comes first, so that what a rotation leaves behind lies together.
DATA_KEYS = sa.Table(
    "personal_data_keys",
    METADATA,
    sa.Column("generation", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("subject", sa.String(SUBJECT_CHARS_MAX), primary_key=True),
    sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)


class GenerationRow(NamedTuple):
    """A row of `personal_data_generations`."""

    generation: int
    master_key_id: bytes
    wrapped_key: bytes
    wrapped_index_key: bytes
    made_at_us: int
    destroyed_at_us: int

    @property
    def stored(self) -> WrappedGeneration:
        return WrappedGeneration(self.generation, self.master_key_id, self.wrapped_key, self.wrapped_index_key)


class DataKeyRow(NamedTuple):
    """A row of `personal_data_keys`."""

    generation: int
    subject: str
    wrapped_key: bytes


GENERATION_ROWS = RowSpec(GENERATIONS, GenerationRow)
DATA_KEY_ROWS = RowSpec(DATA_KEYS, DataKeyRow, key_width=2)


class PersonalData:
    """The keys of personal data within one group of work."""

    def __init__(self, uow: UnitOfWork, vault: Vault) -> None:
        self._uow = uow
        self.vault = vault

    # Keys of subjects

    def prefetch(self, keys: Iterable[tuple[int, str]]) -> None:
        """Loads the data keys of many subjects at once, each named by generation and subject."""
        self._uow.rows(DATA_KEY_ROWS).prefetch(keys)

    def cipher(self, subject: str, generation: int) -> SubjectCipher:
        """Opens what was sealed for a subject under a generation's key. Raises DataKeyMissing, DataKeyUnreadable."""
        row = self._uow.rows(DATA_KEY_ROWS).get((generation, subject))
        if row is None:
            raise DataKeyMissing()
        return self.vault.open_data_key(subject, generation, row.wrapped_key)

    def new_cipher(self, subject: str) -> SubjectCipher:
        """Seals for a subject under its key of the current generation, which is made where there is none."""
        rows, generation = self._uow.rows(DATA_KEY_ROWS), self.vault.current
        row = rows.get((generation, subject))
        if row is not None:
            return self.vault.open_data_key(subject, generation, row.wrapped_key)
        wrapped, cipher = self.vault.make_data_key(subject)
        rows.insert(DataKeyRow(generation, subject, wrapped))
        return cipher

    def destroy(self, subject: str) -> None:
        """Does away with all keys of a subject: whatever was sealed for it, wherever it stands, opens never again."""
        rows = self._uow.rows(DATA_KEY_ROWS)
        for generation in self.vault.generations:
            row = rows.get((generation, subject))
            if row is not None:
                rows.delete((generation, subject))
                self.vault.forget_data_key(subject, row.wrapped_key)

    def remove_former_keys(self, rows_max: int) -> int:
        """Deletes data keys of former generations that nothing is sealed under any more. How many."""
        wanted = (
            sa.select(DATA_KEYS.c.generation, DATA_KEYS.c.subject)
            .where(DATA_KEYS.c.generation < self.vault.current)
            .order_by(DATA_KEYS.c.generation, DATA_KEYS.c.subject)
            .limit(rows_max)
        )
        found = [(generation, subject) for generation, subject in self._uow.query(wanted)]
        rows = self._uow.rows(DATA_KEY_ROWS)
        rows.prefetch(found)
        for key in found:
            rows.delete(key)
        return len(found)

    # Generations

    def stored(self) -> list[GenerationRow]:
        """The generations that are not destroyed, by number."""
        return stored_generations(self._uow.query)

    def put(self, generation: WrappedGeneration) -> None:
        """Stages a generation: a new one, or one whose keys were wrapped anew."""
        rows = self._uow.rows(GENERATION_ROWS)
        known = rows.get(generation.generation)
        made_at_us = self._uow.now_us if known is None else known.made_at_us
        rows.update(GenerationRow(*generation, made_at_us, 0))
        self._uow.record(GenerationsChanged())

    def destroy_former_generations(self) -> int:
        """Does away with the keys of all generations but the current one. How many there were."""
        rows, destroyed = self._uow.rows(GENERATION_ROWS), 0
        for generation in self.vault.generations[1:]:
            row = rows.get(generation)
            assert row is not None, "the vault has what is stored"
            rows.update(row._replace(wrapped_key=b"", wrapped_index_key=b"", destroyed_at_us=self._uow.now_us))
            destroyed += 1
        if destroyed:
            self._uow.record(GenerationsChanged())
        return destroyed


def stored_generations(query: Callable[[sa.Select[Any]], Iterable[Any]]) -> list[GenerationRow]:
    """The generations that are not destroyed, by number. `query`: runs a statement."""
    statement = sa.select(GENERATIONS).where(GENERATIONS.c.destroyed_at_us == 0).order_by(GENERATIONS.c.generation)
    return [GenerationRow(*row) for row in query(statement)]


def open_data_key(connection: sa.Connection, vault: Vault, subject: str, generation: int) -> SubjectCipher:
    """The same as `PersonalData.cipher` for a query. Raises DataKeyMissing, DataKeyUnreadable."""
    wanted = sa.select(DATA_KEYS.c.wrapped_key).where(
        DATA_KEYS.c.generation == generation, DATA_KEYS.c.subject == subject
    )
    wrapped: bytes | None = connection.execute(wanted).scalar()
    if wrapped is None:
        raise DataKeyMissing()
    return vault.open_data_key(subject, generation, bytes(wrapped))
