"""The naive implementations are what figures are ratios of: they stay as they are."""

import hashlib
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).resolve().parents[3] / "tests" / "benchmark"

# Whoever changes one of these digests changes what every published ratio means. A change that the nodes' interfaces
# force on the yardstick is fine; one that makes it slower is not: measure both versions side by side, and say so in the
# commit.
DIGESTS = {
    "naive_node.py": "64c4403bdbbaa3c9a46d1aaa80ed747831d73e68fd8e8acd3c78c20139977944",
    "open_api.py": "6c1f1377f81dd6a33022d1975c18201ed72d15e7691fda034b6d5a89b35abb1c",
}


@pytest.mark.parametrize("name", DIGESTS)
def test_yardstick_is_the_one_that_ratios_were_published_for(name: str) -> None:
    assert hashlib.sha256((BENCHMARK / name).read_bytes()).hexdigest() == DIGESTS[name]
