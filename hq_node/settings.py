"""HQ's settings: what both nodes have, and where the federation finds it."""

from __future__ import annotations

from pydantic import Field

from common.ids import HQ
from common.settings import PORT_MAX, KeySettings, NodeSettings, Section


class FederationSettings(Section):
    """The two ports of the federation. Port 0: the system chooses one, and keeps to it; `federation.address` and
    `enrolment.address` in the data directory say which."""

    listen_host: str = "0.0.0.0"  # noqa: S104 - provinces dial from elsewhere.
    """The address to listen on."""
    advertised_host: str = "localhost"
    """The host name or IP address under which provinces find HQ; invitations name it."""
    link_port: int = Field(default=7440, ge=0, le=PORT_MAX)
    """For nodes of the federation (mutual TLS)."""
    enrolment_port: int = Field(default=7441, ge=0, le=PORT_MAX)
    """For nodes that want to join."""
    advertised_link_port: int = Field(default=0, ge=0, le=PORT_MAX)
    """The port that provinces dial, where it is a balancer's; 0: `link_port` itself."""
    advertised_enrolment_port: int = Field(default=0, ge=0, le=PORT_MAX)
    """The same for nodes that want to join."""


class HqKeySettings(KeySettings):
    """HQ's own keys, which all its replicas share."""

    directory: str = ""
    """Where `keys/`, `tls/` and `root.pub` are, one directory for all replicas; empty: the data directory."""


class HubSettings(Section):
    """What time does at the hub, and how much of it a province may have."""

    expiry_grace_ms: int = Field(default=60_000, ge=0)
    """After a start nothing expires for so long: links must have had time to resume."""
    admissions_a_second_max: int = Field(default=5_000, ge=0, le=1_000_000)
    """Requests of one province that are admitted in a second, in the long run; 0: no limit."""
    admissions_burst_max: int = Field(default=100_000, ge=1, le=1_000_000_000)
    """Requests of one province that may be admitted at once, as when HQ was away and they have waited."""


class DirectorySettings(Section):
    """The directory that HQ publishes."""

    valid_days: int = Field(default=30, ge=2, le=366)
    """How long a directory is good; the next one comes when half of that is over."""
    key_overlap_minutes: int = Field(default=1_440, ge=0, le=527_040)
    """A key and the one that takes its place are both good for at least so long."""


class HqSettings(NodeSettings):
    """The settings of HQ's node."""

    keys: HqKeySettings = HqKeySettings()
    federation: FederationSettings = FederationSettings()
    directory: DirectorySettings = DirectorySettings()
    hub: HubSettings = HubSettings()

    @property
    def code(self) -> str:
        return HQ

    @property
    def keys_directory(self) -> str:
        return self.keys.directory
