"""Keeps the book of dictionaries of a node's context as the database has it."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import sqlalchemy as sa

from common.dictionaries.events import DictionaryChanged
from common.dictionaries.model import Dictionary, DictionaryVersion, book_of
from common.dictionaries.queries import load_versions
from common.node_context import NodeContext


class DictionaryKeeper:
    """For any thread: whoever reads takes the book of that moment from the context, without a lock or a query."""

    def __init__(self, context: NodeContext, declared: Mapping[str, Dictionary]) -> None:
        self._context = context
        self._declared = declared
        self._versions: dict[tuple[str, str, str], DictionaryVersion] = {}
        self._lock = threading.Lock()

    def load(self, connection: sa.Connection) -> None:
        """Takes up what the database says: at the start, and when another process changed something."""
        # What is committed while this reads is told afterwards, by `changed`, which waits.
        with self._lock:
            self._versions = {version.key[:3]: version for version in load_versions(connection)}
            self._context.dictionaries = book_of(self._declared, self._versions.values())

    def changed(self, event: DictionaryChanged) -> None:
        """This process has committed a change."""
        with self._lock:
            if event.replaced:
                gone = (event.replaced, event.dictionary)
                self._versions = {key: known for key, known in self._versions.items() if key[:2] != gone}
            for version in event.versions:
                known = self._versions.get(version.key[:3])
                if known is None or known.version < version.version:
                    self._versions[version.key[:3]] = version
            self._context.dictionaries = book_of(self._declared, self._versions.values())
