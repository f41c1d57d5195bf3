"""Keeps the book of parameters of a node's context as the database has it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from common.clock import Clock
from common.node_context import NodeContext
from common.parameters.events import NetworkParametersChanged, ParameterChanged
from common.parameters.model import Parameter, timelines_of
from common.parameters.queries import load_book


class ParameterKeeper:
    """For any thread: whoever reads takes the book of that moment from the context, without a lock or a query."""

    def __init__(
        self,
        context: NodeContext,
        declared: Mapping[str, Parameter[Any]],
        clock: Clock,
        of_others: Mapping[str, Parameter[Any]] | None = None,
    ) -> None:
        self._context = context
        self._declared = declared
        self._of_others = of_others or {}
        self._clock = clock
        self._lock = threading.Lock()

    def load(self, connection: sa.Connection) -> None:
        """Takes up what the database says: at the start, and when another process changed something."""
        # What is committed while this reads is told afterwards, by `changed`, which waits.
        with self._lock:
            self._context.parameters = load_book(connection, self._declared, self._clock.now_us(), self._of_others)

    def take_defaults(self, defaults: Mapping[str, Any]) -> None:
        """These defaults, by the parameters' names, are what the node's settings say. Raises ParameterValueUnfit."""
        with self._lock:
            declared = dict(self._declared)
            for name, default in defaults.items():
                declared[name] = replace(declared[name], default=declared[name].require_fit(default))
            self._declared = declared
            self._context.parameters = replace(self._context.parameters, declared=declared)

    def changed(self, event: ParameterChanged) -> None:
        """This process has committed a change."""
        with self._lock:
            self._context.parameters = self._context.parameters.with_version(event.version, self._clock.now_us())

    def published(self, event: NetworkParametersChanged) -> None:
        """This process has committed what headquarters publishes."""
        with self._lock:
            network = timelines_of(event.values, self._clock.now_us())
            self._context.parameters = self._context.parameters.with_published(network)
