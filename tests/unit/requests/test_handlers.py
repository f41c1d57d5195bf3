"""Asking: what is refused before anything is stored or sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from common.requests.commands import ActingFor, SubmitServiceRequest
from common.requests.model import DestinationsAndRegion, UnknownAuthentication, UnknownRegion, UnknownState
from common.requests.queries import list_requests
from tests.support.federation import GUANGDONG, SHANGHAI, Federation
from tests.support.stores import Databases


@pytest.fixture
def federation(databases: Databases) -> Iterator[Federation]:
    running = Federation(databases)
    yield running
    running.close()


def test_nodes_beside_a_region_are_refused_instead_of_being_left_out(federation: Federation) -> None:
    both = SubmitServiceRequest("query-node-status", destinations=(GUANGDONG,), region="all-provinces")
    with pytest.raises(DestinationsAndRegion):
        federation.execute(SHANGHAI, both)


def test_a_region_that_does_not_exist_is_refused_with_those_that_do(federation: Federation) -> None:
    with pytest.raises(UnknownRegion, match="all-provinces") as refused:
        federation.execute(SHANGHAI, SubmitServiceRequest("query-node-status", region="north-chna"))
    assert "all-provinces" in refused.value.text("zh")


def test_a_way_to_authenticate_that_does_not_exist_is_refused_with_those_that_do(federation: Federation) -> None:
    acting = ActingFor(customer_authentication="PASSWORD")
    with pytest.raises(UnknownAuthentication, match="SERVICE_PASSWORD") as refused:
        federation.execute(SHANGHAI, SubmitServiceRequest("query-node-status", (GUANGDONG,), acting=acting))
    assert "SERVICE_PASSWORD" in refused.value.text("zh")
    assert "UNSPECIFIED" not in str(refused.value)


def test_a_list_of_a_state_that_does_not_exist_is_refused_instead_of_being_empty(federation: Federation) -> None:
    core = federation.cores[SHANGHAI]
    with pytest.raises(UnknownState, match="overdue"):
        list_requests(core.connection, core.context.kinds, "foo")
