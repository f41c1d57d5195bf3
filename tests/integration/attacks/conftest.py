"""A federation for each attack; whatever was tried, honest traffic goes on afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.federation import Federation


@pytest.fixture
def federation(tmp_path: Path) -> Iterator[Federation]:
    running = Federation(tmp_path)
    running.connect()
    yield running
    running.tamper = None
    running.reconnect()
    running.assert_honest_traffic("final")
    running.close()
