"""The rules of the house hold in this repository."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.architecture import layers, purity, text

ROOT = Path(__file__).resolve().parents[2]
RULES = [
    layers.demo_imports_a_node,
    layers.features_import_each_other,
    layers.link_machine_does_io,
    layers.node_parts_import_upwards,
    layers.roles_import_upwards,
    purity.core_reads_clock_or_chance,
    purity.edges_decide,
    purity.features_commit,
    purity.tests_sleep,
    text.files_named_utils,
    text.files_too_long,
    text.leftovers,
    text.packages_without_init,
    text.words_of_one_machine,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_nothing_in_the_repository_breaks_the_rule(rule: Callable[[Path], Iterator[str]]) -> None:
    offences = list(rule(ROOT))
    assert not offences, "\n".join(["", *offences])
