"""What a kind says of itself is what happens to those who ask for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from common.requests.commands import SubmitServiceRequest
from common.requests.registry import RequestKind
from hq_node.core import KINDS as HQ_KINDS
from province_node.core import KINDS
from tests.support.federation import GUANGDONG, SHANGHAI, Federation
from tests.support.stores import Databases


@pytest.fixture
def federation(databases: Databases) -> Iterator[Federation]:
    federation = Federation(databases)
    federation.connect()
    yield federation
    federation.close()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.alias)
def test_an_authentication_is_asked_for_where_the_kind_says_so(federation: Federation, kind: RequestKind) -> None:
    content = {need.split("|")[0]: "44-1" for need in kind.needs}
    body, private = kind.encode_request(content)
    command = SubmitServiceRequest(kind=kind.name, destinations=(GUANGDONG,), body=body, private=private)
    request_id = bytes(federation.execute(SHANGHAI, command).request_id)
    federation.run()
    leg = federation.serving(GUANGDONG, request_id + f"{SHANGHAI}{GUANGDONG}".encode())
    assert (leg.reason_code == "CUSTOMER_NOT_AUTHENTICATED") == kind.needs_authentication


def test_hq_says_the_same_of_a_kind_as_the_provinces() -> None:
    at_provinces = {kind.name: kind for kind in KINDS}
    for kind in HQ_KINDS:
        other = at_provinces[kind.name]
        said = (kind.needs, kind.needs_authentication, kind.message_class)
        assert said == (other.needs, other.needs_authentication, other.message_class)
