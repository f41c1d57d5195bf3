"""Programs are loaded without searches for garbage, and searched as ever afterwards."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from common.cli.loading import loaded_for_good

SAID = """
import gc
from {package} import __main__
before = gc.get_stats()[2]["collections"]
__main__._bootstrap()
print(gc.get_stats()[2]["collections"] - before, gc.get_freeze_count() > 100_000, gc.isenabled())
"""


@pytest.mark.parametrize("package", ["hq_node", "province_node"])
def test_loading_a_program_searches_for_no_garbage_and_leaves_it_out_of_later_searches(package: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", SAID.format(package=package)], check=True, capture_output=True, text=True
    )
    assert run.stdout.split() == ["0", "True", "True"]


def test_searches_go_on_after_loading_failed() -> None:
    with pytest.raises(ImportError), loaded_for_good():
        raise ImportError
    assert gc.isenabled()
    gc.unfreeze()
