"""HQ's root key: replaced, and the former one done away with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from common.cli.offline import InProcess
from common.db.engine import reading
from common.directory.repository import latest
from common.directory.signing import open_directory
from common.program.data_directory import DataDirectory
from common.security.keyring import Keyring
from common.security.private_files import write_private
from hq_node import bootstrap as hq
from hq_node.directory.root_file import ROOT_FILE, RootUnknown
from hq_node.settings import HqSettings


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    hq.init(tmp_path / "hq", link_port=0, enrolment_port=0, http_port=0)
    return tmp_path / "hq"


@contextmanager
def admin(data_dir: Path) -> Iterator[InProcess]:
    with hq.build_offline_app(data_dir) as app, InProcess(app) as transport:
        yield transport


def rotate_root(data_dir: Path) -> dict[str, Any]:
    with admin(data_dir) as transport:
        headers = {"Content-Type": "application/json"}
        status, content = transport.send("POST", "/keys/rotate", headers, b'{"uses": ["root"]}', 60.0)
    assert status == 200, content
    answer: dict[str, Any] = json.loads(content)
    return answer


def test_a_replaced_root_key_is_done_away_with_at_once_and_hq_goes_on(data_dir: Path) -> None:
    first = Keyring.load(data_dir).root_signer
    for turn in (2, 3):
        before = Keyring.load(data_dir).root_signer
        assert rotate_root(data_dir)["directory_version"] == turn
        held = Keyring.load(data_dir).root_signers
        assert [signer.key_id for signer in held] != [before.key_id]
        assert len(held) == 1
        assert len(list((data_dir / "keys").glob("root-*"))) == 1
    assert {finding.severity for finding in hq.check(data_dir)} == {"ok"}
    data = DataDirectory(data_dir)
    data.load_settings(HqSettings)
    with reading(data.url) as connection:
        signed = latest(connection)
    assert signed is not None
    assert signed.key_id == Keyring.load(data_dir).root_signer.key_id
    # Who trusts the very first root still follows.
    assert len(open_directory(signed, first.public_key).roots) == 2


def test_without_the_first_root_nothing_is_believed(data_dir: Path) -> None:
    rotate_root(data_dir)
    write_private(data_dir / ROOT_FILE, b"no key\n")
    with pytest.raises(RootUnknown), admin(data_dir):
        pass


def test_a_data_directory_of_an_earlier_release_learns_its_first_root(data_dir: Path) -> None:
    first = Keyring.load(data_dir).root_signer.public_key
    (data_dir / ROOT_FILE).unlink()
    rotate_root(data_dir)
    assert (data_dir / ROOT_FILE).read_text().strip() == first.hex()
