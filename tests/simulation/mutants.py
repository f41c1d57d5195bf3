"""All mistakes that are planted in the product, to see that the simulator's checkers would find them."""

from __future__ import annotations

from tests.simulation import (
    mutants_of_keys,
    mutants_of_legs,
    mutants_of_losses,
    mutants_of_messaging,
    mutants_of_publications,
    mutants_of_replicas,
    mutants_of_restores,
)
from tests.simulation.planting import MUTANTS, Mutant, planted

__all__ = ["MUTANTS", "Mutant", "planted"]

PLACES = (
    mutants_of_messaging,
    mutants_of_legs,
    mutants_of_replicas,
    mutants_of_keys,
    mutants_of_losses,
    mutants_of_restores,
    mutants_of_publications,
)
"""To import them is to register what they hold."""
