"""From when on a link is expected: a province that was let in a moment ago has not been away for long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from common.alarms.readings import expected_since
from common.directory.model import Directory, ReEnrolment
from tests.support.federation import HQ, SHANGHAI, Federation
from tests.support.stores import SQLITE, Databases

HOUR_US = 3_600_000_000


@pytest.fixture
def directory(tmp_path: object) -> Iterator[Directory]:
    federation = Federation(Databases(SQLITE, tmp_path))  # type: ignore[arg-type]
    yield federation.cores[HQ].context.directory
    federation.close()


def test_a_link_is_expected_from_when_its_node_was_let_in(directory: Directory) -> None:
    entry = directory.node(SHANGHAI)
    assert entry is not None
    let_in_us = min(key.valid_from_us for key in entry.keys)
    assert expected_since(directory, SHANGHAI) == let_in_us
    anew = ReEnrolment(let_in_us + HOUR_US, "new", "old", "li.na")
    for later in (replace(entry, status_since_us=let_in_us + HOUR_US), replace(entry, re_enrolments=(anew,))):
        changed = Directory(2, b"", b"", 0, 0, (later,), {})
        assert expected_since(changed, SHANGHAI) == let_in_us + HOUR_US


def test_of_a_stranger_nothing_is_known(directory: Directory) -> None:
    assert expected_since(directory, "99") == 0
