"""The naive implementation is what figures are ratios of: it stays as it is."""

import hashlib
from pathlib import Path

YARDSTICK = Path(__file__).resolve().parents[3] / "tests" / "benchmark" / "naive_node.py"

# Whoever changes this digest changes what every published ratio means. A change that the nodes' interfaces force on the
# yardstick is fine; one that makes it slower is not: measure both versions side by side, and say so in the commit.
DIGEST = "64c4403bdbbaa3c9a46d1aaa80ed747831d73e68fd8e8acd3c78c20139977944"


def test_yardstick_is_the_one_that_ratios_were_published_for() -> None:
    assert hashlib.sha256(YARDSTICK.read_bytes()).hexdigest() == DIGEST
