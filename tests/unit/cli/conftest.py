"""Both programs' command lines on fake nodes; the language is English unless a test says otherwise."""

from pathlib import Path

import pytest

from hq_node.__main__ import PROGRAM as HQ
from province_node.__main__ import PROGRAM as PROVINCE
from tests.support.fake_admin import CommandLine


@pytest.fixture(autouse=True)
def neutral_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QUANWANG_LANG", "LC_ALL", "LC_MESSAGES", "LANG", "COLUMNS", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "Asia/Shanghai")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with a node that is not running."""
    directory = tmp_path / "node"
    directory.mkdir(mode=0o700)
    (directory / "node.toml").touch()
    monkeypatch.setenv("QUANWANG_DATA", str(directory))
    return directory


@pytest.fixture
def hq(data: Path, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(HQ, data, capsys)


@pytest.fixture
def province(data: Path, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(PROVINCE, data, capsys)
