"""The node's log: one JSON object a line on standard error, for whoever collects it. Never personal data: statements
are logged without their parameters, exceptions without local variables."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog


def configure_logs(level: str, node: str) -> None:
    """Sends this program's log, and that of the libraries, to standard error; each line names the node."""

    def name_node(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
        event.setdefault("node", node)
        return event

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_node,
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(_level(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # What libraries say in passing is not the node's log.
    root.setLevel(max(_level(level), logging.WARNING))


def _level(name: str) -> int:
    return int(logging.getLevelNamesMapping()[name.upper()])
