"""Planting mistakes in the product, and taking them out again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Put = Callable[[Any, str, Any], None]
"""`put(owner, name, value)`: replaces an attribute while the mistake is planted."""

Plant = Callable[[Put], None]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake; at least one of the checkers named must see it."""

    name: str
    plant: Plant
    caught_by: frozenset[str]
    emphasis: Mapping[str, float]
    """Fault rates under which the mistake shows soon."""


MUTANTS: list[Mutant] = []


def mutant(*caught_by: str, **emphasis: float) -> Callable[[Plant], Plant]:
    """Registers a mistake under its function's name."""

    def register(plant: Plant) -> Plant:
        MUTANTS.append(Mutant(plant.__name__.replace("_", "-"), plant, frozenset(caught_by), emphasis))
        return plant

    return register


@contextmanager
def planted(one: Mutant) -> Iterator[None]:
    """The mistake is in the product while this lasts."""
    before: list[tuple[Any, str, Any]] = []

    def put(owner: Any, name: str, value: Any) -> None:
        before.append((owner, name, owner.__dict__[name]))
        setattr(owner, name, value)

    try:
        one.plant(put)
        yield
    finally:
        for owner, name, value in reversed(before):
            setattr(owner, name, value)
