"""One trace over all nodes of a request, told by each for itself; and nothing at all where tracing is off."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from common.ids import HQ
from common.live.events import HUB, ORIGIN, WHOLE, LegFinished
from common.settings import TracingSettings
from common.tracing.exporting import Tracer, otlp_processor
from common.tracing.model import NAMES, PARENTS, sampled, span_id, spans_of
from common.tracing.starting import start_tracing
from tests.support.federation import SHANGHAI, Federation
from tests.support.holdings import GUANGDONG
from tests.support.stores import Databases

ROOT = Path(__file__).resolve().parents[3]
EVENT = LegFinished(HUB, b"r" * 16 + b"3144", "44", 1, "a.b.Suspend", "completed", "", ((WHOLE, 5, 9),))


@pytest.fixture
def federation(databases: Databases) -> Iterator[Federation]:
    made = Federation(databases)
    yield made
    made.close()


def trace_all(federation: Federation, ratio: float = 1.0) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    for code, core in federation.cores.items():
        tracer = Tracer(code, "0.1.0", ratio, SimpleSpanProcessor(exporter))
        core.dispatcher.subscribe(LegFinished, tracer.leg_finished)
    return exporter


def ids(span: ReadableSpan) -> tuple[int, int, int]:
    assert span.context is not None
    return span.context.trace_id, span.context.span_id, span.parent.span_id if span.parent is not None else 0


def test_one_trace_goes_over_all_nodes_of_a_request(federation: Federation) -> None:
    exporter = trace_all(federation)
    federation.connect()
    leg = federation.suspend()
    federation.run()
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert set(spans) == {f"{name} SuspendSubscription" for name in NAMES.values()}
    assert {ids(span)[0] for span in spans.values()} == {int.from_bytes(leg[:16], "big")}
    assert {name: span.resource.attributes["service.instance.id"] for name, span in spans.items()} == {
        "leg SuspendSubscription": SHANGHAI,
        "origin queue SuspendSubscription": SHANGHAI,
        "hub SuspendSubscription": HQ,
        "hub queue SuspendSubscription": HQ,
        "home answers SuspendSubscription": HQ,
        "home SuspendSubscription": GUANGDONG,
    }
    own = {ids(span)[1]: name for name, span in spans.items()}
    above = {name: own.get(ids(span)[2], "") for name, span in spans.items()}
    assert above == {
        "leg SuspendSubscription": "",
        "origin queue SuspendSubscription": "leg SuspendSubscription",
        "hub SuspendSubscription": "leg SuspendSubscription",
        "hub queue SuspendSubscription": "hub SuspendSubscription",
        "home answers SuspendSubscription": "hub SuspendSubscription",
        "home SuspendSubscription": "home answers SuspendSubscription",
    }


def test_spans_tell_nothing_of_people(federation: Federation) -> None:
    exporter = trace_all(federation)
    federation.connect()
    federation.suspend()
    federation.run()
    allowed = {"node", "role", "peer", "kind", "message_class", "outcome", "reason_code"}
    for span in exporter.get_finished_spans():
        assert set(span.attributes or {}) == {f"quanwang.{name}" for name in allowed}
        assert not span.events


def test_a_request_is_traced_at_all_its_nodes_or_at_none(federation: Federation) -> None:
    exporter = trace_all(federation, 0.5)
    federation.connect()
    legs = []
    for _ in range(12):
        legs.append(federation.suspend())
        federation.run()
    nodes: dict[int, set[Any]] = {}
    for span in exporter.get_finished_spans():
        nodes.setdefault(ids(span)[0], set()).add(span.resource.attributes["service.instance.id"])
    assert set(nodes) == {int.from_bytes(leg[:16], "big") for leg in legs if sampled(leg, 0.5)}
    assert all(found == {SHANGHAI, HQ, GUANGDONG} for found in nodes.values())


@pytest.mark.parametrize("ratio", [0.0, 0.1, 0.5, 1.0])
def test_as_many_are_traced_as_the_ratio_says(ratio: float) -> None:
    step = 0x9E3779B97F4A7C15F39CC0605CEDC835
    legs = [(number * step % 2**128).to_bytes(16, "big") + b"3144" for number in range(4_000)]
    assert sum(sampled(leg, ratio) for leg in legs) / len(legs) == pytest.approx(ratio, abs=0.02)


def test_every_place_but_the_origin_has_one_above_it_and_an_id_of_its_own() -> None:
    assert set(PARENTS) == set(NAMES) - {(ORIGIN, WHOLE)}
    assert set(PARENTS.values()) <= set(NAMES)
    assert len({span_id(EVENT.leg_id, place) for place in NAMES}) == len(NAMES)


def test_what_did_not_happen_has_no_span() -> None:
    steps = ((WHOLE, 5, 9), ("queue", 5, 0), ("answer", 0, 0), ("whole", 9, 5))
    found = list(spans_of(LegFinished(HUB, EVENT.leg_id, "44", 1, "", "expired", "", steps)))
    assert [(span.name, span.begin_us, span.end_us) for span in found] == [("hub", 5, 9), ("hub", 9, 9)]


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Takes OTLP as a collector does."""

    def __init__(self) -> None:
        self.requests: list[trace_service_pb2.ExportTraceServiceRequest] = []

    def Export(self, request: Any, context: Any) -> Any:
        self.requests.append(request)
        return trace_service_pb2.ExportTraceServiceResponse()


def test_spans_reach_a_collector_over_otlp() -> None:
    collector = Collector()
    server = grpc.server(futures.ThreadPoolExecutor(2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        tracer = Tracer(HQ, "0.1.0", 1.0, otlp_processor(f"http://127.0.0.1:{port}"))
        tracer.leg_finished(EVENT)
        tracer.stop()
    finally:
        server.stop(None)
    ((resource,),) = [request.resource_spans for request in collector.requests]
    ((span,),) = [scope.spans for scope in resource.scope_spans]
    assert (span.name, span.trace_id) == ("hub Suspend", b"r" * 16)
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (5_000, 9_000)


def test_off_it_does_nothing_and_imports_nothing() -> None:
    class Node:
        class settings:
            tracing = TracingSettings()

    assert start_tracing(Node) is start_tracing(Node)  # type: ignore[arg-type]
    code = "import sys, hq_node.bootstrap, province_node.bootstrap; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    imported = done.stdout.split()
    assert "common.tracing.starting" in imported
    assert not [name for name in imported if name.startswith("opentelemetry")]
