"""A federation whose journals have something to archive."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.federation import Federation
from tests.support.stores import Databases


@pytest.fixture
def federation(databases: Databases) -> Iterator[Federation]:
    federation = Federation(databases)
    federation.connect()
    yield federation
    federation.close()
