"""Traces of real programs: each node sends its own spans to a collector, and they are one trace."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from tests.support.processes import ProcessFederation
from tests.support.running import eventually


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Takes OTLP as a collector does; keeps trace, node and name of each span."""

    def __init__(self) -> None:
        self.spans: list[tuple[bytes, str, str]] = []

    def Export(self, request: Any, context: Any) -> Any:
        for resource in request.resource_spans:
            told = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [(span.trace_id, told["service.instance.id"], span.name) for span in scope.spans]
        return trace_service_pb2.ExportTraceServiceResponse()


@pytest.fixture
def collector() -> Iterator[tuple[Collector, int]]:
    made = Collector()
    server = grpc.server(futures.ThreadPoolExecutor(2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(made, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield made, port
    server.stop(None)


def test_three_programs_tell_one_trace(tmp_path: Path, collector: tuple[Collector, int]) -> None:
    told, port = collector
    settings = f'\n[tracing]\nendpoint = "http://127.0.0.1:{port}"\n'
    with ProcessFederation(tmp_path, ("31", "44"), settings) as federation:
        document = {"kind": "query-node-status", "destinations": ["44"], "content": {}}
        request_id = federation["31"].post("/requests", document)["request_id"]
        expected = {
            ("31", "leg QueryNodeStatus"),
            ("31", "origin queue QueryNodeStatus"),
            ("00", "hub QueryNodeStatus"),
            ("00", "hub queue QueryNodeStatus"),
            ("00", "home answers QueryNodeStatus"),
            ("44", "home QueryNodeStatus"),
        }

        def all_told() -> bool:
            of_request = {
                (node, name) for trace, node, name in told.spans if trace.hex() == request_id.replace("-", "")
            }
            return of_request == expected

        eventually(all_told, "all spans of the request are at the collector")
