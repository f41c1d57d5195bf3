"""A province's node at which people sign in: one for all tests of a module, with nobody there at the start of each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.access import AccessNode
from tests.support.stores import Databases


@pytest.fixture(scope="module")
def running(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessNode]:
    made = AccessNode(lasting_databases, tmp_path_factory.mktemp("node"))
    yield made
    made.close()


@pytest.fixture
def node(running: AccessNode) -> AccessNode:
    running.empty()
    return running
