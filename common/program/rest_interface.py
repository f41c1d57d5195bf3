"""Where the public REST interface of a process listens, or why it does not: said in the same words by the log, `status`
and `check`."""

from __future__ import annotations

from enum import StrEnum

from common.program.data_directory import DataDirectory
from common.settings import NodeSettings

ADDRESS = "api"
"""`api.address` in the data directory holds host and port while the interface is served."""
WEB = "web"


class Off(StrEnum):
    """Why a process serves no REST interface."""

    NO_PORT = "NO_PORT"
    """`api.port` is 0."""
    NOT_ITS_ROLE = "NOT_ITS_ROLE"
    """`replica.roles` does not name web: another process has it."""


def why_off(settings: NodeSettings) -> Off | None:
    """Why there is no interface at this process; None: there is one."""
    if WEB not in settings.replica.roles:
        return Off.NOT_ITS_ROLE
    return None if settings.api.port else Off.NO_PORT


def url(settings: NodeSettings, address: str = "") -> str:
    """Where it is, by the address at which it listens or, without one, by the settings."""
    api = settings.api
    host = f"[{api.host}]" if ":" in api.host else api.host
    scheme = "https" if api.tls_certificate_file else "http"
    port = address.rpartition(":")[2] or api.port
    return f"{scheme}://{host}:{port}"


def state(settings: NodeSettings, data: DataDirectory) -> dict[str, str]:
    """`url`: where a serving process answers, empty where it does not; `off`: why."""
    off = why_off(settings)
    if off is not None:
        return {"url": "", "off": off.value}
    address = data.read_address(ADDRESS)
    return {"url": url(settings, address) if address else "", "off": ""}
