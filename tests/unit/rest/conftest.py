"""A node with the resource of notes: one for all tests of a module, empty again for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.rest import NOTE_API, RestNode
from tests.support.stores import Databases


@pytest.fixture(scope="module")
def running(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestNode]:
    node = RestNode(lasting_databases, lambda _node: (NOTE_API,), tmp_path_factory.mktemp("node"))
    yield node
    node.close()


@pytest.fixture
def node(running: RestNode) -> RestNode:
    running.empty()
    return running
