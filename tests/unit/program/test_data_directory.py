"""A data directory is private, and one program's at a time."""

import os
import stat
from pathlib import Path

import pytest

from common.checks import check_data_directory
from common.program.data_directory import DataDirectory, DataDirectoryInUse, DataDirectoryMissing
from common.program.http_servers import PortInUse, listen_tcp, listen_unix
from common.program.serving import sticky_port
from common.security.private_files import PermissionsTooWide


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path / "node")
    directory.create()
    return directory


def test_only_one_program_holds_it(data: DataDirectory) -> None:
    with data.locked(), pytest.raises(DataDirectoryInUse), DataDirectory(data.path).locked():
        pass
    with data.locked():
        pass


def test_it_must_be_there_and_private(tmp_path: Path, data: DataDirectory) -> None:
    with pytest.raises(DataDirectoryMissing), DataDirectory(tmp_path / "none").locked():
        pass
    data.path.chmod(0o755)
    with pytest.raises(PermissionsTooWide), data.locked():
        pass


def test_an_address_is_read_as_it_was_written(data: DataDirectory) -> None:
    assert data.read_address("http") == ""
    data.write_address("http", "127.0.0.1:80")
    assert data.read_address("http") == "127.0.0.1:80"


def test_a_socket_below_a_long_path_is_elsewhere_and_private(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path / ("x" * 120))
    data.create()
    path = data.new_admin_socket()
    assert len(os.fsencode(path)) < 100
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with listen_unix(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    data.remove_admin_socket(path)
    assert not path.parent.exists()


def test_a_port_that_the_system_chose_is_kept_while_it_is_free(data: DataDirectory) -> None:
    assert sticky_port(data, "http", 0) == 0
    with listen_tcp("127.0.0.1", 0, "http.port") as listening:
        port = listening.getsockname()[1]
        data.write_address("http", f"127.0.0.1:{port}")
        assert sticky_port(data, "http", 0) == 0
    assert sticky_port(data, "http", 0) == port
    assert sticky_port(data, "http", 81) == 81


def test_a_taken_port_is_told_with_its_setting() -> None:
    with listen_tcp("127.0.0.1", 0, "http.port") as listening:
        port = listening.getsockname()[1]
        with pytest.raises(PortInUse, match=r"http\.port"):
            listen_tcp("127.0.0.1", port, "http.port")


def test_check_says_that_a_restored_node_has_to_recover_first(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path / "node")
    data.path.mkdir(mode=0o700)
    assert [finding.severity for finding in check_data_directory(data)] == ["ok"]
    data.restored_file.touch()
    (finding,) = check_data_directory(data)
    assert finding.severity == "error"
    assert "recover" in finding.mend("en")
