"""Transition tables as data that the code runs.

A life (of a leg, later of a reservation) is a tuple of rows: in these states, on this event, from this party, under
this guard, go there, mark that, emit these. The table decides; the caller carries out. What no row names is an alarm
and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.errors import Fault

UNCHANGED = "unchanged"
"""As a new state: stay. As part of `emits`: nothing is said."""

Guard = Callable[[Any, Any], bool]


class UnnamedTransition(Fault):
    """No row of the table names this event in this state: an alarm; nothing is changed."""

    en = "In table {table}, no row names the event {event} by {by} in the state {state}. Nothing was changed."
    zh = "状态表 {table} 中没有任何一行允许在状态 {state} 下处理来自 {by} 的事件 {event}。未做任何更改。"


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `guard` takes the subject (the leg) and the event's facts; `new_state` may be a function of the
    facts."""

    states: tuple[str, ...]
    event: str
    by: str
    new_state: str | Callable[[Any], str]
    emits: tuple[str, ...] = ()
    guard: Guard | None = None
    guard_name: str = ""
    marks: Mapping[str, Any] = field(default_factory=dict)

    def next_state(self, current: str, facts: Any) -> str:
        """The state after this row, for a subject that is now in `current`."""
        if self.new_state == UNCHANGED:
            return current
        return self.new_state if isinstance(self.new_state, str) else self.new_state(facts)


class StateTable:
    """The rows of one life at one party, ready to be asked."""

    def __init__(self, name: str, states: Iterable[str], rows: Iterable[Row]) -> None:
        self.name = name
        self.states = tuple(states)
        self.rows = tuple(rows)
        self._by_state_and_event: dict[tuple[str, str], list[Row]] = {}
        for row in self.rows:
            for state in row.states:
                self._by_state_and_event.setdefault((state, row.event), []).append(row)

    def row_for(self, state: str, event: str, by: str, subject: Any, facts: Any = None) -> Row:
        """The first row that names `event` by `by` in `state` and whose guard holds; raises UnnamedTransition."""
        for row in self._by_state_and_event.get((state, event), ()):
            if row.by == by and (row.guard is None or row.guard(subject, facts)):
                return row
        raise UnnamedTransition(table=self.name, state=state, event=event, by=by)
