"""Sends spans to a collector. Imported only where tracing is on: the libraries cost memory and start-up time."""

from __future__ import annotations

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from common.live.classes import class_name
from common.live.events import HUB, LegFinished
from common.tracing.model import SpanFacts, sampled, spans_of

SAMPLED = TraceFlags(TraceFlags.SAMPLED)
EXPORT_TIMEOUT_S = 2
"""A node that stops does not wait longer for its collector."""

SCOPE = InstrumentationScope("quanwang")


def otlp_processor(endpoint: str) -> SpanProcessor:
    """Sends in the background, in batches; where the collector does not keep up, spans are dropped, never held up."""
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    insecure = endpoint.startswith("http://")
    exporter: SpanExporter = OTLPSpanExporter(endpoint=endpoint, insecure=insecure, timeout=EXPORT_TIMEOUT_S)
    return BatchSpanProcessor(exporter)


class Tracer:
    """Makes spans of what one node tells of its legs, and hands them to a processor."""

    def __init__(self, node: str, software_version: str, sample_ratio: float, processor: SpanProcessor) -> None:
        self._node = node
        self._ratio = sample_ratio
        self._processor = processor
        self._resource = Resource.create(
            {"service.name": "quanwang-crm", "service.version": software_version, "service.instance.id": node}
        )

    def leg_finished(self, event: LegFinished) -> None:
        """After the commit, on the writer's thread."""
        if sampled(event.leg_id, self._ratio):
            for facts in spans_of(event):
                self._processor.on_end(self._span(facts, event))

    def stop(self) -> None:
        """Sends what is left, for as long as the processor waits for it."""
        self._processor.shutdown()

    def _span(self, facts: SpanFacts, event: LegFinished) -> ReadableSpan:
        context = SpanContext(facts.trace_id, facts.span_id, is_remote=False, trace_flags=SAMPLED)
        parent = SpanContext(facts.trace_id, facts.parent_id, is_remote=True, trace_flags=SAMPLED)
        # No customer, no operator, no content: what is told here leaves the node.
        attributes = {
            "quanwang.node": self._node,
            "quanwang.role": event.role,
            "quanwang.peer": event.peer,
            "quanwang.kind": event.kind,
            "quanwang.message_class": class_name(event.message_class),
            "quanwang.outcome": event.outcome,
            "quanwang.reason_code": event.reason_code,
        }
        return ReadableSpan(
            name=facts.name,
            context=context,
            parent=parent if facts.parent_id else None,
            resource=self._resource,
            attributes=attributes,
            kind=SpanKind.INTERNAL if event.role == HUB else SpanKind.SERVER,
            status=Status(StatusCode.ERROR if event.outcome == "expired" else StatusCode.UNSET),
            start_time=facts.begin_us * 1_000,
            end_time=facts.end_us * 1_000,
            instrumentation_scope=SCOPE,
        )
