"""A federation with one completed request, and the evidence of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from common.ids import HQ
from tests.support.evidence import Forgery, export
from tests.support.federation import Federation
from tests.support.stores import Databases


@pytest.fixture
def federation(databases: Databases) -> Iterator[Federation]:
    federation = Federation(databases)
    federation.connect()
    yield federation
    federation.close()


@pytest.fixture
def request_id(federation: Federation) -> bytes:
    """Shanghai has had Guangdong suspend a subscription."""
    leg = federation.suspend()
    federation.run()
    return leg[:16]


@pytest.fixture
def file(federation: Federation, request_id: bytes) -> bytes:
    """HQ's evidence of it."""
    return export(federation, HQ, request_id)


@pytest.fixture
def forgery(federation: Federation, file: bytes) -> Forgery:
    return Forgery(federation, file)
