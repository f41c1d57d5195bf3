"""What is read of dictionaries: all values that count, and for screens each dictionary with its history."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from common.dictionaries.model import Dictionary, DictionaryBook, DictionaryVersion
from common.dictionaries.repository import DictionaryValueRow, dictionary_values, last_versions, version_of

HISTORY_MAX = 200


def load_versions(connection: sa.Connection) -> list[DictionaryVersion]:
    """The last version of each value."""
    return [version_of(DictionaryValueRow._make(row)) for row in connection.execute(last_versions())]


def list_dictionaries(book: DictionaryBook, now_us: int) -> dict[str, Any]:
    """All dictionaries by name, each with how many values may be used."""
    return {"items": [_shown(dictionary, book, now_us) for _, dictionary in sorted(book.declared.items())]}


def show_dictionary(connection: sa.Connection, book: DictionaryBook, name: str, now_us: int) -> dict[str, Any]:
    """One dictionary with its values, and the last HISTORY_MAX changes, the last first. Raises DictionaryUnknown."""
    dictionary = book.dictionary(name)
    c = dictionary_values.c
    newest = (c.set_at_us.desc(), c.origin, c.code, c.version.desc())
    changes = sa.select(dictionary_values).where(c.dictionary == name).order_by(*newest).limit(HISTORY_MAX)
    history = [DictionaryValueRow._make(row)._asdict() for row in connection.execute(changes)]
    return {
        **_shown(dictionary, book, now_us),
        "values": shown_values(book, name, now_us),
        "history": [{**each, "active": bool(each["active"])} for each in history],
    }


def shown_values(book: DictionaryBook, name: str, now_us: int) -> list[dict[str, Any]]:
    """The values of a dictionary in their order; `usable`: now."""
    return [
        {
            "code": entry.value.code,
            "zh": entry.value.zh,
            "en": entry.value.en,
            "place": entry.value.place,
            "active": entry.value.active,
            "from_us": entry.value.from_us,
            "until_us": entry.value.until_us,
            "parent": entry.value.parent,
            "origin": entry.origin,
            "usable": book.is_usable(name, entry.value.code, now_us),
        }
        for entry in book.of(name).values()
    ]


def _shown(dictionary: Dictionary, book: DictionaryBook, now_us: int) -> dict[str, Any]:
    return {
        "name": dictionary.name,
        "en": dictionary.en,
        "zh": dictionary.zh,
        "open": dictionary.open,
        "count": len(book.of(dictionary.name)),
        "usable": len(book.usable(dictionary.name, now_us)),
    }
