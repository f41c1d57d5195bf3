"""A federation for each attack; whatever was tried, honest traffic goes on afterwards."""

from collections.abc import Iterator

import pytest

from tests.support.federation import Federation
from tests.support.stores import Databases


@pytest.fixture
def federation(databases: Databases) -> Iterator[Federation]:
    running = Federation(databases)
    running.connect()
    yield running
    running.tamper = None
    running.reconnect()
    running.assert_honest_traffic("final")
    running.close()
