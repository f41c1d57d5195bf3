"""Everything that the OpenAPI document offers, called with made-up input: no fault, and every answer as it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from common.program.node import Node
from common.rest.app import build_api
from common.rest.documentation import documentation_routes
from common.rest.resource import Api
from province_node.web import rest_apis
from tests.support.rest import NOTE_API, RestNode, named_by_header
from tests.support.stores import Databases

EXAMPLES = 6
CALLER = {"Authorization": "Bearer clerk"}
CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]
UNBOUNDED = {"caller_calls_at_once": 10**9, "address_calls_at_once": 10**9}


def apis_of(node: Node) -> tuple[Api, ...]:
    """All that a province offers, and notes."""
    return (NOTE_API, *rest_apis(node))


@pytest.fixture(scope="module")
def node(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestNode]:
    running = RestNode(
        lasting_databases,
        apis_of,
        tmp_path_factory.mktemp("node"),
        **UNBOUNDED,
    )
    yield running
    running.close()


@pytest.fixture(scope="module")
def schema(node: RestNode) -> schemathesis.schemas.BaseSchema:
    further = documentation_routes("Quanwang CRM", "1", node.apis)
    app = build_api(node.node, node.apis, node.access, named_by_header, further)
    return openapi.from_asgi("/openapi.json", app, headers=CALLER)


def test_every_operation_keeps_its_word_whatever_it_is_sent(schema: schemathesis.schemas.BaseSchema) -> None:
    found = list(schema.get_all_operations())
    operations = [each.ok() for each in found if isinstance(each, Ok)]
    assert len(operations) == len(found), "an operation that cannot be read"
    assert len(operations) > 20
    seen: Counter[int] = Counter()
    for operation in operations:
        cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

        @given(case=cases)
        @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None)
        def keeps_its_word(case: schemathesis.Case) -> None:
            response = case.call(headers=CALLER)
            seen[response.status_code] += 1
            case.validate_response(response, checks=CHECKS, headers=CALLER)

        keeps_its_word()
    # Both what is taken and what is refused was among it.
    assert {200, 201, 400, 404, 422} <= seen.keys(), seen
