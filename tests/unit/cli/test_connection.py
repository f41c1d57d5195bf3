"""The way to the node: over its socket where it runs, else in this process."""

import json
import os
import re
import shutil
import socket
import threading
from pathlib import Path

import pytest

from common.cli import connection
from common.cli.connection import NodeSlow, NodeUnreachable, live_socket
from common.cli.durations import format_duration, parse_duration_ms
from common.program.data_directory import DataDirectory
from tests.support.fake_admin import REQUEST, CommandLine, Failure, listening


def test_a_running_node_is_asked_over_its_socket(hq: CommandLine) -> None:
    with listening(hq.node.app, hq.data / "admin.sock"):
        result = hq("status", "--json")
        assert json.loads(result.out)["running"] is True
        assert hq("requests", "submit", "x", "--to", "44", "--set", "reason=丢失").code == 0
        hq.node.failures["/alarms"] = Failure(503, "STORAGE_UNAVAILABLE", "later")
        assert hq("alarms", "list").code == 4
    assert hq.node.posted[0][1]["content"] == {"reason": "丢失"}
    assert hq.bootstrap.calls == []


def test_a_node_that_does_not_run_is_acted_for_in_this_process(hq: CommandLine) -> None:
    result = hq("status", "--json")
    assert json.loads(result.out)["running"] is False
    assert hq.bootstrap.calls == [("build_offline_app", hq.data)]


def test_a_socket_that_a_crash_left_behind_is_no_running_node(hq: CommandLine) -> None:
    left_over = socket.socket(socket.AF_UNIX)
    left_over.bind(str(hq.data / "admin.sock"))
    left_over.close()
    assert json.loads(hq("status", "--json").out)["running"] is False


def test_a_socket_elsewhere_is_found_by_its_written_address(hq: CommandLine, tmp_path: Path) -> None:
    elsewhere = tmp_path / "short.sock"
    hq.data.chmod(0o700)
    (hq.data / "admin.address").write_text(f"{elsewhere}\n", encoding="utf-8")
    with DataDirectory(hq.data).locked(), listening(hq.node.app, elsewhere):
        assert live_socket(hq.data) == str(elsewhere)
    assert live_socket(hq.data) is None


def test_a_copied_directory_never_speaks_for_the_node_that_it_was_copied_from(hq: CommandLine, tmp_path: Path) -> None:
    hq.data.chmod(0o700)
    (hq.data / "admin.address").write_text(f"{hq.data / 'admin.sock'}\n", encoding="utf-8")
    copy = tmp_path / "copy"
    with DataDirectory(hq.data).locked():
        shutil.copytree(hq.data, copy)
        with listening(hq.node.app, hq.data / "admin.sock"):
            assert live_socket(hq.data) == str(hq.data / "admin.sock")
            assert live_socket(copy) is None


def test_a_data_directory_too_deep_for_a_socket_is_no_problem(hq: CommandLine) -> None:
    deep = hq.data / ("d" * 120)
    deep.mkdir()
    (deep / "node.toml").touch()
    assert hq("status", "--data", str(deep)).code == 0


def test_a_node_that_breaks_off_is_unreachable(data: Path) -> None:
    with pytest.raises(NodeUnreachable), SilentServer(data, answers=False) as transport:
        transport.send("GET", "/status", {}, None, 5)


def test_a_node_that_takes_too_long_is_slow(data: Path) -> None:
    with pytest.raises(NodeSlow), SilentServer(data, answers=True) as transport:
        transport.send("GET", "/status", {}, None, 0.05)


def test_a_node_that_refuses_before_it_has_read_everything_is_heard(data: Path) -> None:
    with SilentServer(data, answers=False, says=b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}") as transport:
        status, content = transport.send("POST", "/customers/import", {}, b"x" * (8 << 20), 5)
    assert (status, content) == (404, b"{}")


@pytest.mark.parametrize("arguments", ["status", "customers summary", "check", "serve", "init --node 31"])
def test_a_province_program_on_the_directory_of_hq_says_so(province: CommandLine, arguments: str) -> None:
    (province.data / "node.toml").write_text("[federation]\nlink_port = 7440\n", encoding="utf-8")
    for result in (province(*arguments.split()), province(*arguments.split(), "--lang", "zh")):
        assert (result.code, result.out) == (3, "")
        assert "hq-node" in result.err
        assert "DIRECTORY_OF_HQ" in result.err
    assert province.bootstrap.calls == []


def test_that_is_said_of_a_running_node_too(province: CommandLine) -> None:
    (province.data / "node.toml").write_text("[federation]\n", encoding="utf-8")
    with listening(province.node.app, province.data / "admin.sock"):
        assert province("customers", "summary").code == 3
    assert province.node.asked == []


@pytest.mark.parametrize("arguments", ["status", "nodes list", "check", "serve", "init"])
def test_hqs_program_on_the_directory_of_a_province_says_so(hq: CommandLine, arguments: str) -> None:
    (hq.data / "node.toml").write_text('node = "31"\n', encoding="utf-8")
    result = hq(*arguments.split())
    assert (result.code, result.out) == (3, "")
    assert "node 31" in result.err
    assert "province-node" in result.err


def test_an_answer_that_is_no_answer_of_a_node_is_reported(hq: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.cli.offline.InProcess.send", lambda *_: (502, b"<html>"))
    result = hq("status")
    assert result.code == 5
    assert "ANSWER_UNREADABLE" in result.err
    monkeypatch.setattr("common.cli.offline.InProcess.send", lambda *_: (500, b"[]"))
    assert hq("requests", "show", REQUEST).code == 5


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("10s", 10_000),
        ("30m", 1_800_000),
        ("1h30m", 5_400_000),
        ("250ms", 250),
        ("2d", 172_800_000),
        ("1.5s", 1_500),
        ("7", 7_000),
        (" 5S ", 5_000),
    ],
)
def test_lengths_of_time_are_read(text: str, milliseconds: int) -> None:
    assert parse_duration_ms(text) == milliseconds


@pytest.mark.parametrize("text", ["", "s", "10 minutes", "-5s", "1h-2m", "1e9s", "五秒"])
def test_what_is_no_length_of_time_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(text) + "$"):
        parse_duration_ms(text)


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (0, "0 µs"),
        (999, "999 µs"),
        (4_520, "4.5 ms"),
        (999_949, "999.9 ms"),
        (999_950, "1.0 s"),
        (12_000_000, "12.0 s"),
        (60_000_000, "1 m"),
        (200_000_000, "3 m 20 s"),
        (3_600_000_000, "1 h"),
        (18_600_000_000, "5 h 10 m"),
        (183_600_000_000, "2 d 3 h"),
        (-4_520, "-4.5 ms"),
    ],
)
def test_lengths_of_time_are_short_to_read(microseconds: int, text: str) -> None:
    assert format_duration(microseconds) == text


class SilentServer:
    """Accepts one connection and says nothing, or one thing: hangs up, or keeps the caller waiting."""

    def __init__(self, data: Path, *, answers: bool, says: bytes = b"") -> None:
        self._says = says
        self._address = str(data / "admin.sock")
        self._keeps = answers
        self._data = data

    def __enter__(self) -> connection._OverSocket:
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(self._address)
        self._listening.listen()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()
        return connection._OverSocket(self._address, self._data)

    def _accept(self) -> None:
        accepted, _ = self._listening.accept()
        with accepted:
            accepted.recv(1_000)
            accepted.sendall(self._says)
            if self._keeps:
                self._done.wait(10)

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._listening.close()
        os.unlink(self._address)
