"""Times of several clocks put on one, as far as that can be done honestly.

What one node says and another hears bounds the difference of their clocks: nothing arrives before it was sent. Where a
word went there and another came back, and both together took little, the difference lies in between, and the ways
there and back are taken for equally long. Where something waited on the way that would be nonsense: then the clocks
are taken to agree, as long as that contradicts nothing. Else, and where no word came back, nothing is estimated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

THERE_AND_BACK_US_MOST = 1_000_000
"""A message that travels, and the answer to it, take no longer together; where they did, something waited."""

WORDS = (
    ("submitted", "admitted"),
    ("forwarded", "received by home"),
    ("answered by home", "answer at hub"),
    ("answer at hub", "ended"),
)
"""Steps at two nodes of which the first causes the second: a word said, and heard."""


class Passed(NamedTuple):
    """What passed before a step: which step it is, from when to when in microseconds from the first step, and what is
    known of that: `took_us` is None where it is not known."""

    number: int
    begin_us: int
    end_us: int
    took_us: int | None
    estimated: bool
    is_first: bool


class _Offset(NamedTuple):
    """By how much a clock is ahead of the first step's; how well that is known."""

    us: int
    known: bool


def in_order_of_time(steps: Sequence[Mapping[str, Any]]) -> list[Passed]:
    """For each step of a leg what passed since the one before, all on the first step's clock, in the order of time."""
    offsets = _offsets(steps)
    first_us = min(_on_first_clock(step, offsets) for step in steps)
    order = sorted(range(len(steps)), key=lambda number: (_on_first_clock(steps[number], offsets), number))
    result: list[Passed] = []
    end = 0
    for place, number in enumerate(order):
        step, before = steps[number], steps[order[place - 1]]
        begin, end = end, _on_first_clock(step, offsets) - first_us
        other_clock = place > 0 and step.get("clock") != before.get("clock")
        known = not other_clock or (offsets[step.get("clock")].known and offsets[before.get("clock")].known)
        result.append(Passed(number, begin, end, end - begin if known else None, other_clock and known, place == 0))
    return result


def _on_first_clock(step: Mapping[str, Any], offsets: Mapping[Any, _Offset]) -> int:
    return int(step["at_us"]) - offsets[step.get("clock")].us


def _offsets(steps: Sequence[Mapping[str, Any]]) -> dict[Any, _Offset]:
    """The offset of each clock, found from the first clock outwards, along the words between them."""
    found = {steps[0].get("clock"): _Offset(0, True)}
    clocks = list(dict.fromkeys(step.get("clock") for step in steps))
    for _ in clocks:
        for clock in clocks:
            if clock not in found:
                offset = _offset(clock, steps, found)
                if offset is not None:
                    found[clock] = offset
    return {clock: found.get(clock, _Offset(0, False)) for clock in clocks}


def _offset(clock: Any, steps: Sequence[Mapping[str, Any]], found: Mapping[Any, _Offset]) -> _Offset | None:
    """By how much `clock` is ahead, from the words between it and a clock whose offset is found; None without any."""
    by_name = {str(step.get("step")): step for step in steps}
    at_most: list[int] = []
    at_least: list[int] = []
    sure = True
    for said, heard in WORDS:
        sender, receiver = by_name.get(said), by_name.get(heard)
        if sender is None or receiver is None:
            continue
        if receiver.get("clock") == clock and sender.get("clock") in found:
            at_most.append(int(receiver["at_us"]) - _on_first_clock(sender, found))
            sure = sure and found[sender.get("clock")].known
        elif sender.get("clock") == clock and receiver.get("clock") in found:
            at_least.append(int(sender["at_us"]) - _on_first_clock(receiver, found))
            sure = sure and found[receiver.get("clock")].known
    if not at_most and not at_least:
        return None
    return _between(max(at_least, default=None), min(at_most, default=None), sure)


def _between(least: int | None, most: int | None, sure: bool) -> _Offset:
    if least is not None and most is not None:
        if 0 <= most - least <= THERE_AND_BACK_US_MOST:
            return _Offset((least + most) // 2, sure)
        if least <= 0 <= most:
            return _Offset(0, sure)
        return _Offset(most, False)
    # Nothing came back. That the clocks agree is believed where the way there then took a credible time.
    if most is not None:
        return _Offset(min(0, most), sure) if abs(most) <= THERE_AND_BACK_US_MOST else _Offset(most, False)
    assert least is not None, "one of them is there"
    return _Offset(max(0, least), sure) if abs(least) <= THERE_AND_BACK_US_MOST else _Offset(least, False)
