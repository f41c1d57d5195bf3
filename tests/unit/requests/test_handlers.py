"""Asking: what is refused before anything is stored or sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from common.requests.commands import ActingFor, CancelServiceRequest, SubmitServiceRequest
from common.requests.model import (
    DestinationsAndRegion,
    NotAskedThere,
    RegionEmpty,
    UnknownAuthentication,
    UnknownRegion,
    UnknownState,
)
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


def test_a_region_in_which_nobody_takes_part_is_refused_by_its_name(federation: Federation) -> None:
    federation.connect()
    federation.adopt(federation.sign_directory(federation.directory, regions={"north-china": ("11", "12")}))
    federation.offer(federation.signed_directory, [SHANGHAI])
    with pytest.raises(RegionEmpty, match="north-china") as refused:
        federation.execute(SHANGHAI, SubmitServiceRequest("query-node-status", region="north-china"))
    assert refused.value.facts["members"] == "11, 12"


def test_a_leg_that_a_request_does_not_have_is_refused_with_those_it_has(federation: Federation) -> None:
    wish = SubmitServiceRequest("query-node-status", (GUANGDONG,))
    request_id = federation.execute(SHANGHAI, wish).request_id
    with pytest.raises(NotAskedThere, match="it went to: 44") as refused:
        federation.execute(SHANGHAI, CancelServiceRequest(request_id, "33"))
    assert refused.value.facts["destination"] == "33"


def test_a_kind_that_a_node_only_relays_has_a_short_name_too(federation: Federation) -> None:
    kinds = federation.cores["00"].context.kinds
    name = "quanwang.customers.v1.QueryCustomerProfile"
    assert kinds.known(name) is None
    assert kinds.alias_of(name) == "query-customer-profile"
    assert kinds.alias_of("whatever/else") == "whatever/else"


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
