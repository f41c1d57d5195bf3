"""A broker that is not installed is left out, and it is said how to get it."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from tests.benchmark import broker_comparison, brokers
from tests.benchmark.workload import Stretch


@pytest.mark.parametrize(("name", "package"), [("nats", "nats-py"), ("rabbitmq", "aio-pika")])
def test_what_is_missing_is_named(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _module: None)
    assert package in brokers.missing(name)


def test_nothing_is_missing_where_server_and_client_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _module: object())
    monkeypatch.setattr(shutil, "which", lambda _program: "/usr/sbin/nats-server")
    assert brokers.missing("nats") == ""


async def test_the_relay_is_measured_alone_where_no_broker_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_comparison, "missing", lambda name: f"the server of {name}")
    monkeypatch.setattr(broker_comparison, "Fleet", NoFleet)
    told: list[str] = []
    result = await broker_comparison.measure(tmp_path, [4], 0.1, 1, told.append)
    assert result["absent"] == {"nats": "the server of nats", "rabbitmq": "the server of rabbitmq"}
    assert set(result["paths"]) == {"relay"}
    assert result["paths"]["relay"]["4"]["relay_is_times"] == 1.0
    assert told[0] == "nats is left out: install the server of nats."


class NoFleet:
    """Processes that need not be started for this."""

    def __init__(self, path: str, place: Path) -> None:
        assert (path, (place / "federation.json").exists()) == ("relay", True)

    async def start(self) -> None:
        pass

    async def load(self, depth: int, _warm_up: Stretch, _stretch: Stretch) -> broker_comparison.Measured:
        return broker_comparison.Measured(depth, 1.0, [1_000] * 10, {"00": 0.1})

    async def stop(self) -> None:
        pass
