"""HQ as several programs on one PostgreSQL database, behind a balancer that gives them connections in turn."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Self

from hq_node import bootstrap as hq_bootstrap
from province_node import bootstrap as province_bootstrap
from tests.support.running import RunningFederation, RunningNode, eventually
from tests.support.tcp_proxy import TcpProxy

OPEN_WITHIN_S = 60.0
NAMES = "abcdef"
"""Of replicas."""


class ReplicatedFederation(RunningFederation):
    """Provinces on SQLite, save those in `province_urls`; `hq` is HQ's replica a, `second` its replica b, and so on.
    `roles`: of all replicas but the first, in their settings. `copy_keys`: they do not share the first one's keys."""

    def __init__(
        self,
        directory: Path,
        provinces: tuple[str, ...],
        url: str,
        settings: str,
        roles: str = "",
        *,
        copy_keys: bool = False,
        replicas: int = 2,
        province_urls: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._url = url
        self._copy_keys = copy_keys
        self._province_urls = province_urls
        super().__init__(directory, provinces, settings, '\n[replica]\nname = "a"\n')
        self.hq.url = url
        for code, of_province in province_urls.items():
            self.provinces[code].url = of_province
        self.replicas: dict[str, RunningNode] = {"a": self.hq}
        self._ports = {"a": self.port}
        self._further_reserved: list[socket.socket] = []
        for name in self.names(replicas)[1:]:
            reserved, self._ports[name] = _reserve()
            self._further_reserved.append(reserved)
            node = self.replicas[name] = RunningNode("hq_node", directory / f"hq-{name}")
            node.url = url
        self.balancer = TcpProxy(tuple(self._ports.values()))
        self._roles = roles

    @staticmethod
    def names(replicas: int) -> list[str]:
        """Of so many replicas."""
        return list(NAMES[:replicas])

    @property
    def second(self) -> RunningNode:
        return self.replicas["b"]

    def init_hq(self) -> None:
        """On PostgreSQL."""
        hq_bootstrap.init(
            self.hq.data_dir,
            listen_host="127.0.0.1",
            link_port=0,
            enrolment_port=0,
            http_port=0,
            database_url=self._url,
        )

    def init_province(self, code: str) -> None:
        province_bootstrap.init(
            self.provinces[code].data_dir, node=code, http_port=0, database_url=self._province_urls.get(code, "")
        )

    def __enter__(self) -> Self:
        self.balancer.__enter__()
        try:
            self._advertise_the_balancer()
            self.hq.start()
            for code in self.provinces:
                self.enrol(code)
            for name in self._further:
                self._add(name)
            # The replicas first, so that the balancer has them all to choose from.
            _start_at_once([self.replicas[name] for name in self._further])
            _start_at_once(self.provinces.values())
            eventually(self.all_open, "all links open", OPEN_WITHIN_S)
        except BaseException:
            self.close()
            raise
        return self

    def all_open(self) -> bool:
        """Whether every province has an open link with one of the replicas."""
        return all(link["state"] == "open" for node in self.provinces.values() for link in node.get("/status")["links"])

    def close(self) -> None:
        """Ends what still runs."""
        try:
            for name in self._further:
                if self.replicas[name].running:
                    self.replicas[name].kill()
            super().close()
        finally:
            for reserved in self._further_reserved:
                reserved.close()
            self.balancer.__exit__(None, None, None)

    def stop_all(self) -> dict[str, int]:
        """Stops all replicas but the first, then the provinces, then the first. Their exit codes."""
        further = {name: self.replicas[name].stop() for name in self._further if self.replicas[name].running}
        return {**further, **super().stop_all()}

    @property
    def _further(self) -> list[str]:
        return list(self.replicas)[1:]

    def _advertise_the_balancer(self) -> None:
        file = self.hq.data_dir / "node.toml"
        text = file.read_text(encoding="utf-8")
        assert "link_port = 0\n" in text
        port = f"link_port = 0\nadvertised_link_port = {self.balancer.port}\n"
        file.write_text(text.replace("link_port = 0\n", port, 1), encoding="utf-8")

    def _add(self, name: str) -> None:
        place = self.replicas[name].data_dir
        hq_bootstrap.add_replica(
            self.hq.data_dir,
            place,
            name,
            link_port=self._ports[name],
            enrolment_port=0,
            http_port=0,
            copy_keys=self._copy_keys,
        )
        if self._roles:
            file = place / "node.toml"
            text, own = file.read_text(encoding="utf-8"), f'name = "{name}"\n'
            assert own in text
            file.write_text(text.replace(own, f"{own}roles = {self._roles}\n"), encoding="utf-8")


def _start_at_once(nodes: Iterable[RunningNode]) -> None:
    """A process spends most of its start importing."""
    started = [(node, node.launch()) for node in nodes]
    for node, begun in started:
        node.wait_for("node serves", after=begun)


def _reserve() -> tuple[socket.socket, int]:
    """A port that the system gives to nobody else, and that a program may still take."""
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    return reserved, reserved.getsockname()[1]
