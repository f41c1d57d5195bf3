"""Keys are made for a node once: where they are gone, that is said, and none are put in their place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from common.program.initialising import KeysLost
from common.security.keyring import KEYS_DIRECTORY, LIST_FILE
from hq_node import bootstrap as hq
from province_node import bootstrap as province


def test_no_keys_are_made_for_an_hq_that_has_lost_its_own(tmp_path: Path) -> None:
    hq.init(tmp_path / "hq")
    shutil.rmtree(tmp_path / "hq" / KEYS_DIRECTORY)
    with pytest.raises(KeysLost) as lost:
        hq.init(tmp_path / "hq")
    assert "backup" in lost.value.remedy("en")
    assert not (tmp_path / "hq" / KEYS_DIRECTORY / LIST_FILE).exists()


def test_a_province_that_never_took_part_may_have_new_ones(tmp_path: Path) -> None:
    province.init(tmp_path / "31", node="31")
    shutil.rmtree(tmp_path / "31" / KEYS_DIRECTORY)
    province.init(tmp_path / "31", node="31")
    assert (tmp_path / "31" / KEYS_DIRECTORY / LIST_FILE).exists()
