"""Telling a database that takes nothing from work that is wrong."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from common.db.engine import is_storage_fault

FULL = "database or disk is full"


@pytest.mark.parametrize("text", [FULL, "disk I/O error", "database is locked", "attempt to write a readonly database"])
def test_the_database_could_not_take_the_work_whether_the_driver_or_its_wrapper_says_so(text: str) -> None:
    assert is_storage_fault(sqlite3.OperationalError(text))
    assert is_storage_fault(OperationalError("COMMIT", (), sqlite3.OperationalError(text)))


@pytest.mark.parametrize(
    "error",
    [
        sqlite3.IntegrityError("UNIQUE constraint failed: inbox.source"),
        IntegrityError("INSERT", (), sqlite3.IntegrityError("UNIQUE constraint failed: full_names.disk")),
        sqlite3.OperationalError("no such table: boxes"),
        ValueError(FULL),
    ],
)
def test_work_that_is_wrong_is_no_fault_of_the_storage(error: Exception) -> None:
    assert not is_storage_fault(error)
