"""Switches tracing on where the settings name a collector."""

from __future__ import annotations

from collections.abc import Callable

from common.errors import Fault
from common.live.events import LegFinished
from common.program.node import Node


class TracingNotInstalled(Fault):
    """The settings want traces, but the libraries for them are not there."""

    en = (
        "tracing.endpoint is set, but OpenTelemetry is not installed ({detail}). "
        "Run `pip install quanwang-crm[tracing]`, or remove the setting."
    )
    zh = (
        "已设置 tracing.endpoint，但未安装 OpenTelemetry（{detail}）。"
        "请执行 `pip install quanwang-crm[tracing]`，或删除该设置。"
    )


def nothing() -> None:
    """Tracing is off."""


def start_tracing(node: Node) -> Callable[[], None]:
    """What ends tracing, and sends what is left. Raises TracingNotInstalled."""
    settings = node.settings.tracing
    if not settings.endpoint:
        return nothing
    try:
        from common.tracing.exporting import Tracer, otlp_processor

        processor = otlp_processor(settings.endpoint)
    except ImportError as error:
        raise TracingNotInstalled(detail=error.name or "opentelemetry") from error
    tracer = Tracer(node.context.node, node.context.software_version, settings.sample_ratio, processor)
    node.core.dispatcher.subscribe(LegFinished, tracer.leg_finished)
    return tracer.stop
