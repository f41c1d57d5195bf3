"""What an extract has said so far, so that a later line can be held against it."""

from __future__ import annotations

import hashlib
import sqlite3
from types import TracebackType

from province_node.customers.commands import CustomerRecord
from province_node.customers.events import RowProblem
from province_node.customers.row_findings import finding


class SeenRows:
    """Remembers the keys of the good rows of one file.

    They lie in a private temporary database that spills to disk and vanishes with this object, because an extract may
    have more rows than fit into memory; and as digests, because they are personal data.
    """

    def __init__(self) -> None:
        # An empty name is SQLite's for a private temporary file. Threads may take turns at the generator that uses it.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=OFF")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.execute("PRAGMA cache_size=-16384")
        self._database.execute(
            "CREATE TABLE seen (key BLOB PRIMARY KEY, line INTEGER NOT NULL, content BLOB NOT NULL) WITHOUT ROWID"
        )
        self._database.execute("BEGIN")

    def __enter__(self) -> SeenRows:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def contradiction(self, record: CustomerRecord, *, id_was_given: bool) -> RowProblem | None:
        """What earlier lines have against this one; if nothing, it is remembered.

        `id_was_given`: the subscription's id stood in the file, it was not made here.
        """
        customer = _digest("customer", record.customer_number)
        content = _content_of(record)
        subscription = record.subscription
        earlier = self._find(customer)
        if earlier is not None and earlier[1] != content:
            return _problem(record, "customer_number", "CUSTOMER_DIFFERS", earlier[0])
        new = [] if earlier is not None else [(customer, record.line, content)]
        if subscription is None:
            if earlier is not None:
                return _problem(record, "customer_number", "DUPLICATE_CUSTOMER", earlier[0])
        else:
            key = _digest("subscription", subscription.subscription_id)
            earlier = self._find(key)
            if earlier is not None:
                code = "DUPLICATE_SUBSCRIPTION" if id_was_given else "SUBSCRIPTION_UNNAMED"
                return _problem(record, "subscription_id", code, earlier[0])
            new.append((key, record.line, b""))
            if subscription.service_number and subscription.status != "terminated":
                key = _digest("number", subscription.service_number)
                earlier = self._find(key)
                if earlier is not None:
                    return _problem(record, "service_number", "DUPLICATE_SERVICE_NUMBER", earlier[0])
                new.append((key, record.line, b""))
        self._database.executemany("INSERT INTO seen VALUES (?, ?, ?)", new)
        return None

    def _find(self, key: bytes) -> tuple[int, bytes] | None:
        row: tuple[int, bytes] | None = self._database.execute(
            "SELECT line, content FROM seen WHERE key = ?", (key,)
        ).fetchone()
        return row


def _content_of(record: CustomerRecord) -> bytes:
    """Covers what a row says about the customer, so that two rows of one customer can be compared."""
    return _digest(
        record.kind,
        record.name,
        record.document_kind,
        record.document_number,
        record.contact_number,
        record.address,
        record.city_code,
    )


def _digest(*parts: str) -> bytes:
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).digest()


def _problem(record: CustomerRecord, column: str, code: str, other_line: int) -> RowProblem:
    return RowProblem(record.line, (finding(column, code, other_line=other_line),))
