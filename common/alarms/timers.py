"""When the rules are evaluated: asked by the writer some times a second."""

from __future__ import annotations

from typing import Any

from common.alarms.commands import EvaluateAlarms
from common.alarms.readings import node_readings
from common.program.clock_guard import ClockGuard
from common.program.node import Node


class AlarmTimers:
    """Every `alarms.every_ms`, what is read of the node's memory goes to the rules."""

    def __init__(self, node: Node, guard: ClockGuard) -> None:
        self._node = node
        self._guard = guard
        self._next_us = 0

    def due(self) -> list[Any]:
        """The command that is due now, if any."""
        monotonic_us = self._node.clock.monotonic_us()
        if monotonic_us < self._next_us:
            return []
        self._next_us = monotonic_us + self._node.settings.alarms.every_ms * 1000
        return [EvaluateAlarms(node_readings(self._node, self._guard), monotonic_us)]
