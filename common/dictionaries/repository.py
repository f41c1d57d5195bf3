"""Values of dictionaries in the database: a row for each version, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from common.dictionaries.model import (
    CODE_CHARACTERS_MAX,
    NAME_CHARACTERS_MAX,
    REASON_CHARACTERS_MAX,
    DictionaryValue,
    DictionaryVersion,
)

dictionary_values = sa.Table(
    "dictionary_values",
    METADATA,
    # Who says it: "network" (headquarters) or "local" (this node).
    sa.Column("origin", sa.String(8), primary_key=True),
    sa.Column("dictionary", sa.String(64), primary_key=True),
    sa.Column("code", sa.String(CODE_CHARACTERS_MAX), primary_key=True),
    # Counts up for each code, from 1.
    sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("zh", sa.String(NAME_CHARACTERS_MAX), nullable=False),
    sa.Column("en", sa.String(NAME_CHARACTERS_MAX), nullable=False),
    sa.Column("place", sa.BigInteger, nullable=False),
    sa.Column("active", sa.Integer, nullable=False),
    sa.Column("from_us", sa.BigInteger, nullable=False),
    sa.Column("until_us", sa.BigInteger, nullable=False),
    sa.Column("parent", sa.String(CODE_CHARACTERS_MAX), nullable=False),
    sa.Column("set_at_us", sa.BigInteger, nullable=False),
    sa.Column("set_by", sa.String(100), nullable=False),
    sa.Column("reason", sa.String(REASON_CHARACTERS_MAX), nullable=False),
)


class DictionaryValueRow(NamedTuple):
    """A row of `dictionary_values`."""

    origin: str
    dictionary: str
    code: str
    version: int
    zh: str
    en: str
    place: int
    active: int
    from_us: int
    until_us: int
    parent: str
    set_at_us: int
    set_by: str
    reason: str


DICTIONARY_VALUES = RowSpec(dictionary_values, DictionaryValueRow, key_width=4)


class DictionaryRepository:
    """The versions within one group."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def latest(self, origin: str, dictionary: str) -> dict[str, DictionaryVersion]:
        """The last version of each code, what was staged in this group included."""
        c = dictionary_values.c
        last = last_versions().where(c.origin == origin, c.dictionary == dictionary)
        found = [version_of(DictionaryValueRow._make(row)) for row in self._uow.query(last)]
        return {version.value.code: version for version in found}

    def take(self, origin: str, dictionary: str, versions: Sequence[DictionaryVersion]) -> None:
        """Stages that these are the last versions of all values that there are. What lies beyond them was said by
        somebody who has forgotten it since, and goes."""
        rows, c = self._uow.rows(DICTIONARY_VALUES), dictionary_values.c
        last = {version.value.code: version.version for version in versions}
        held = sa.select(c.code, c.version).where(c.origin == origin, c.dictionary == dictionary)
        for code, number in self._uow.query(held).all():
            if number > last.get(code, 0):
                rows.get((origin, dictionary, code, number))
                rows.delete((origin, dictionary, code, number))
        for version in versions:
            (rows.insert if rows.get(version.key) is None else rows.update)(_row_of(version))

    def add(self, versions: Sequence[DictionaryVersion]) -> None:
        """Stages new versions."""
        rows = self._uow.rows(DICTIONARY_VALUES)
        for version in versions:
            rows.insert(_row_of(version))


def last_versions() -> sa.Select[tuple[object, ...]]:
    """The last version of each value."""
    table = dictionary_values
    later = table.alias("later")
    same = [later.c[name] == table.c[name] for name in ("origin", "dictionary", "code")]
    return sa.select(table).where(~sa.exists().where(*same, later.c.version > table.c.version))


def version_of(row: DictionaryValueRow) -> DictionaryVersion:
    """A stored row as what it means."""
    value = DictionaryValue(
        row.code, row.zh, row.en, row.place, bool(row.active), row.from_us, row.until_us, row.parent
    )
    return DictionaryVersion(row.origin, row.dictionary, value, row.version, row.set_at_us, row.set_by, row.reason)


def _row_of(version: DictionaryVersion) -> DictionaryValueRow:
    value = version.value
    return DictionaryValueRow(
        version.origin,
        version.dictionary,
        value.code,
        version.version,
        value.zh,
        value.en,
        value.place,
        int(value.active),
        value.from_us,
        value.until_us,
        value.parent,
        version.set_at_us,
        version.set_by,
        version.reason,
    )
