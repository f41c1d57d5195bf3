"""A province's node with four administrators and somebody who is none; and what they do about approvals."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from common.operators.commands import CreateOperator, Post
from tests.support.access import HALL, AccessNode
from tests.support.federation import SHANGHAI
from tests.support.stores import Databases


@pytest.fixture(scope="module")
def running(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessNode]:
    made = AccessNode(lasting_databases, tmp_path_factory.mktemp("node"))
    made.plant_organisations()
    yield made
    made.close()


@pytest.fixture
def node(running: AccessNode) -> AccessNode:
    running.empty()
    for name in ("an", "bo", "chen", "dong"):
        running.run(CreateOperator(name, name.title(), SHANGHAI, (Post(SHANGHAI, "administrator"),)))
    running.run(CreateOperator("clerk", "李娜", HALL, (Post(HALL, "counter-clerk"),)))
    return running
