"""HQ as two programs on one PostgreSQL database, behind a balancer that gives them connections in turn."""

from __future__ import annotations

import socket
from pathlib import Path

from hq_node import bootstrap as hq_bootstrap
from tests.support.running import RunningFederation, RunningNode, eventually
from tests.support.tcp_proxy import TcpProxy

OPEN_WITHIN_S = 60.0


class ReplicatedFederation(RunningFederation):
    """Provinces on SQLite; `hq` is HQ's replica a, `second` its replica b. `roles`: of b, in its settings."""

    def __init__(self, directory: Path, provinces: tuple[str, ...], url: str, settings: str, roles: str = "") -> None:
        self._url = url
        super().__init__(directory, provinces, settings, '\n[replica]\nname = "a"\n')
        self.hq.url = url
        self._second_reserved, self.second_port = _reserve()
        self.balancer = TcpProxy((self.port, self.second_port))
        self.second = RunningNode("hq_node", directory / "hq-b")
        self.second.url = url
        self._roles = roles

    @property
    def replicas(self) -> tuple[RunningNode, RunningNode]:
        return self.hq, self.second

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

    def __enter__(self) -> ReplicatedFederation:
        self.balancer.__enter__()
        try:
            self._advertise_the_balancer()
            self.hq.start()
            for code in self.provinces:
                self.enrol(code)
            self._add_second()
            self.second.start()
            for node in self.provinces.values():
                node.launch()
            for node in self.provinces.values():
                node.wait_for("node serves")
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
            if self.second.running:
                self.second.kill()
            super().close()
        finally:
            self._second_reserved.close()
            self.balancer.__exit__(None, None, None)

    def stop_all(self) -> dict[str, int]:
        """Stops the provinces, then the replicas. Their exit codes."""
        return {"b": self.second.stop() if self.second.running else 0, **super().stop_all()}

    def _advertise_the_balancer(self) -> None:
        file = self.hq.data_dir / "node.toml"
        text = file.read_text(encoding="utf-8")
        assert "link_port = 0\n" in text
        port = f"link_port = 0\nadvertised_link_port = {self.balancer.port}\n"
        file.write_text(text.replace("link_port = 0\n", port, 1), encoding="utf-8")

    def _add_second(self) -> None:
        hq_bootstrap.add_replica(
            self.hq.data_dir, self.second.data_dir, "b", link_port=self.second_port, enrolment_port=0, http_port=0
        )
        if self._roles:
            file = self.second.data_dir / "node.toml"
            text = file.read_text(encoding="utf-8")
            file.write_text(text.replace('name = "b"\n', f'name = "b"\nroles = {self._roles}\n'), encoding="utf-8")


def _reserve() -> tuple[socket.socket, int]:
    """A port that the system gives to nobody else, and that a program may still take."""
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    return reserved, reserved.getsockname()[1]
