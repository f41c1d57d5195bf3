"""Erasing a customer reaches what requests hold of them, and what was signed still verifies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.errors import Refusal
from common.evidence.verifier import PROVED
from common.gen.quanwang.customers.v1 import profile_pb2
from common.ids import leg_id
from common.requests.commands import ActingFor, SubmitServiceRequest
from province_node.customers.commands import CustomerRecord, ImportCustomers
from province_node.customers.erasing import erase_everywhere
from province_node.serving.queries import requests_about
from tests.support.evidence import Forgery, export, verify
from tests.support.federation import GUANGDONG, SHANGHAI, Federation
from tests.support.pruning import pruning_node
from tests.support.stores import Databases


@pytest.fixture
def federation(databases: Databases) -> Iterator[Federation]:
    federation = Federation(databases)
    federation.connect()
    rows = tuple(
        CustomerRecord(line, f"44-{line}", "individual", f"客户{line}", "passport", f"E1234567{line}")
        for line in (1, 2)
    )
    federation.execute(GUANGDONG, ImportCustomers(rows))
    yield federation
    federation.close()


def query_profile(federation: Federation, customer_number: str) -> bytes:
    """A request that asks for a customer's profile, not answered yet."""
    command = SubmitServiceRequest(
        kind="query-customer-profile",
        destinations=(GUANGDONG,),
        body=profile_pb2.QueryCustomerProfileRequest(customer_number=customer_number).SerializeToString(),
        acting=ActingFor(customer_authentication="SERVICE_PASSWORD"),
    )
    return bytes(federation.execute(SHANGHAI, command).request_id)


def private_bodies(federation: Federation, request_id: bytes) -> int:
    """How many ciphertexts the home province holds of a request."""
    file = export(federation, GUANGDONG, request_id, private_bodies=True)
    return sum(bool(envelope.private_body) for envelope in Forgery(federation, file).bundle.envelopes)


async def test_what_requests_hold_of_an_erased_customer_is_purged_and_the_rest_is_proved(
    federation: Federation, tmp_path: Path
) -> None:
    about = [query_profile(federation, "44-1") for _ in range(2)]
    another = query_profile(federation, "44-2")
    federation.run()
    assert all(private_bodies(federation, request_id) for request_id in (*about, another))
    # What is said next confirms that the answers have arrived.
    federation.suspend()
    federation.run()
    with pruning_node(federation, GUANGDONG, tmp_path) as node:
        done = await erase_everywhere(node, "44-1", "asked for", 0, requests_about)
        assert (done.requests, done.requests_left) == (2, [])
        again = await erase_everywhere(node, "44-1", "asked for", 0, requests_about)
        assert again.erased == done.erased
    assert [private_bodies(federation, request_id) for request_id in about] == [0, 0]
    assert private_bodies(federation, another) > 0
    for request_id in (*about, another):
        assert verify(federation, export(federation, GUANGDONG, request_id)).verdict == PROVED
    late = query_profile(federation, "44-1")
    federation.run()
    leg = federation.asked(SHANGHAI, leg_id(late, SHANGHAI, GUANGDONG))
    assert (leg.state, leg.reason_code) == ("rejected", "CUSTOMER_ERASED")


async def test_nothing_is_purged_of_a_customer_who_is_not_erased(federation: Federation, tmp_path: Path) -> None:
    request_id = query_profile(federation, "44-2")
    federation.run()
    with pruning_node(federation, GUANGDONG, tmp_path) as node, pytest.raises(Refusal):
        await erase_everywhere(node, "44-9", "asked for", 0, requests_about)
    assert private_bodies(federation, request_id) > 0
