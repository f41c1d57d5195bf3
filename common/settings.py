"""The settings of a node: from `<data directory>/node.toml` and from the environment, which comes first.

`QUANWANG_HTTP__PORT=8080` is `port` of the table `[http]`. Everything that is wrong is said at once, each problem with
where it stands and how to mend it; a key that nobody knows is an error, since it is mostly one that was mistyped.
"""

from __future__ import annotations

import ipaddress
from dataclasses import asdict
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from common.backup.settings import BackupSettings
from common.journal.settings import RetentionSettings
from common.link.settings import LinkSettings
from common.messaging.intake import RetryPolicy
from common.messaging.sealer import SealLimits
from common.messaging.writer import WriterLimits
from common.node_context import RequestLimits
from common.sign_in.settings import SignInSettings
from common.validation import Unfit

ENVIRONMENT_PREFIX = "QUANWANG_"
PORT_MAX = 65_535

ReplicaRole = Literal["link", "worker", "web"]
REPLICA_ROLES: tuple[ReplicaRole, ...] = ("link", "worker", "web")


class Section(BaseModel):
    """A table of the settings file. Unknown keys are errors; numbers are never negative."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HttpSettings(Section):
    """Health and metrics over TCP. The admin API is never here: it is on the Unix socket in the data directory."""

    host: str = "127.0.0.1"
    """The address to listen on."""
    port: int = Field(default=0, ge=0, le=PORT_MAX)
    """The port; 0: the system chooses one, and `http.address` in the data directory says which."""
    request_body_bytes_max: int = Field(default=2 * 1_048_576, ge=1_024)
    """The largest body that the admin API takes."""


class ApiSettings(Section):
    """The public REST interface, on a port of its own."""

    host: str = "127.0.0.1"
    """The address to listen on. Without TLS it must be one of this machine alone."""
    port: int = Field(default=0, ge=0, le=PORT_MAX)
    """The port; 0: the interface is off."""
    tls_certificate_file: str = ""
    """The certificate chain (PEM) that callers see; empty: no TLS."""
    tls_key_file: str = ""
    """The key of that certificate (PEM)."""
    body_bytes_max: int = Field(default=262_144, ge=1_024)
    """The largest body that is taken."""
    body_seconds_max: float = Field(default=10.0, gt=0)
    """So long may a body take to arrive."""
    head_seconds_max: float = Field(default=10.0, gt=0)
    """So long may the head of a call take to arrive."""
    connections_max: int = Field(default=1_000, ge=1)
    """How many connections are open at a time; what comes beyond is refused (503)."""
    caller_calls_a_second: float = Field(default=50.0, gt=0)
    """How many calls a caller may make, on the average."""
    caller_calls_at_once: int = Field(default=100, ge=1)
    """How many of them at once."""
    address_calls_a_second: float = Field(default=200.0, gt=0)
    """The same for all callers behind one address, known or not."""
    address_calls_at_once: int = Field(default=400, ge=1)
    """How many of them at once."""
    idempotency_hours: int = Field(default=24, ge=1, le=24 * 90)
    """So long the answer to a call with an Idempotency-Key is kept."""

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if bool(self.tls_certificate_file) != bool(self.tls_key_file):
            raise Unfit(
                "give tls_certificate_file and tls_key_file, or neither",
                "tls_certificate_file 与 tls_key_file 须同时提供，或都不提供",
            )
        if not self.tls_certificate_file and not _is_loopback(self.host):
            raise Unfit(
                "without tls_certificate_file and tls_key_file it listens on this machine alone: "
                f"set host to 127.0.0.1, not {self.host}",
                "未提供 tls_certificate_file 和 tls_key_file 时只能监听本机："
                f"请将 host 设为 127.0.0.1，而不是 {self.host}",
            )
        return self


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class ReadSettings(Section):
    """Queries, which run beside the writer."""

    connections_max: int = Field(default=4, ge=1, le=64)
    """How many queries run at a time."""


class DatabaseSettings(Section):
    """Where the node keeps its records."""

    url: SecretStr = SecretStr("")
    """A PostgreSQL database, `postgresql://user@host/database`; empty: an SQLite file in the data directory."""

    @field_validator("url", mode="after")
    @classmethod
    def _names_a_database(cls, url: SecretStr) -> SecretStr:
        """A URL of a known kind, in its one form. What is wrong is said without it: it may hold a password."""
        text = url.get_secret_value()
        if not text:
            return url
        # Imported here: most commands have no use for it.
        import sqlalchemy as sa

        try:
            parsed = sa.make_url(text)
        except sa.exc.ArgumentError:
            raise Unfit(
                "it is not a URL such as postgresql://user@host/database",
                "不是有效的 URL，正确写法如 postgresql://user@host/database",
            ) from None
        if parsed.get_backend_name() not in ("postgresql", "postgres"):
            raise Unfit(
                "only postgresql:// is known; leave it out for the SQLite file in the data directory",
                "仅支持 postgresql://；如使用数据目录中的 SQLite 文件，请不要设置",
            )
        if not parsed.database:
            raise Unfit(
                "it names no database; write postgresql://user@host/database",
                "未指明数据库，请写成 postgresql://user@host/database",
            )
        return SecretStr(parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False))


class ReplicaSettings(Section):
    """Which of a node's processes this is, where the node has several on one PostgreSQL database."""

    name: str = Field(default="", max_length=64)
    """A name that no other process of the node has; empty: the machine's host name."""
    roles: tuple[ReplicaRole, ...] = REPLICA_ROLES
    """What this process does: `link` terminates streams and takes enrolments, `worker` processes what waits and does
    what time asks, `web` serves the admin API. On SQLite a process does everything."""

    @field_validator("roles", mode="after")
    @classmethod
    def _some_role(cls, roles: tuple[ReplicaRole, ...]) -> tuple[ReplicaRole, ...]:
        if not roles or len(set(roles)) != len(roles):
            raise Unfit(
                "name each role once, and at least one of link, worker, web",
                "每个角色只能列一次，且至少包含 link、worker、web 之一",
            )
        return roles


class ProgramSettings(Section):
    """The program itself."""

    stop_timeout_ms: int = Field(default=8_000, ge=100)
    """How long the node may take to stop in good order before it just stops."""
    clock_jump_ms: int = Field(default=2_000, ge=100)
    """The wall clock has jumped when it moves by more than this against the monotonic one, between two looks."""
    clock_hold_ms: int = Field(default=600_000, ge=0)
    """After a jump nothing expires until the wall clock is back, or for so long; then the new time counts."""


class RuleSettings(Section):
    """When a condition raises an alarm."""

    on: bool = True
    """Whether it is watched at all."""
    value: float = 0.0
    """The threshold, in the unit of the rule."""
    for_ms: int = Field(default=0, ge=0)
    """How long the condition must hold before it is raised."""
    severity: Literal["info", "warning", "critical"] = "warning"
    """How grave it is."""


class AlarmSettings(Section):
    """The rules by which alarms are raised, and what becomes of them later."""

    every_ms: int = Field(default=5_000, ge=100)
    """How often the rules are evaluated."""
    quiet_ms: int = Field(default=86_400_000, ge=0)
    """An acknowledged alarm about something that happened clears when it was not repeated for so long."""
    history_days: int = Field(default=400, ge=1)
    """For how long cleared alarms and their history are kept."""
    link_away: RuleSettings = RuleSettings(value=60, severity="critical")
    """A link is not open. Seconds."""
    sealing_stopped: RuleSettings = RuleSettings(severity="critical")
    """Nothing may be sealed for a peer."""
    queue_old: RuleSettings = RuleSettings(value=300)
    """The oldest request that waits for a peer. Seconds."""
    queue_full: RuleSettings = RuleSettings(value=80)
    """How much of a peer's queue is used. Per cent."""
    parked: RuleSettings = RuleSettings()
    """Parked messages."""
    retrying: RuleSettings = RuleSettings(value=300)
    """The oldest received message that is still being retried. Seconds."""
    overdue: RuleSettings = RuleSettings(for_ms=60_000)
    """Legs past their time limit that a province has not answered (HQ)."""
    interface_down: RuleSettings = RuleSettings(value=60)
    """Another system does not answer. Seconds since it last did."""
    clock_off: RuleSettings = RuleSettings(value=2, for_ms=60_000)
    """The own clock has jumped, or differs from a peer's. Seconds."""
    disk_full: RuleSettings = RuleSettings(value=90, severity="critical")
    """How much of the disk is used. Per cent."""
    directory_ending: RuleSettings = RuleSettings(value=7, severity="critical")
    """How long the directory is still valid. Days."""
    key_ending: RuleSettings = RuleSettings(value=14)
    """How long an own key is still valid. Days."""
    draft_waiting: RuleSettings = RuleSettings(value=24)
    """The next directory waits for the signature of a root key that is kept elsewhere (HQ). Hours."""
    own_keys_missing: RuleSettings = RuleSettings(severity="critical")
    """A replica lacks keys of the node that the directory names (HQ)."""


class KeySettings(Section):
    """The node's own keys: where their passphrase is, and how often they are replaced by schedule."""

    passphrase_file: str = ""
    """The file with the passphrase of the key files; empty: none is needed, or QUANWANG_KEY_PASSPHRASE has it."""
    token: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,64}$")
    """The key token in which the signing key and the one for private bodies live: the name of an installed entry point
    of `quanwang.key_tokens`; empty: they are files."""
    token_file: str = ""
    """The token's own settings, as its plug-in reads them."""
    signing_days: int = Field(default=365, ge=0, le=3_650)
    """The signing key is replaced at this age; 0: never by schedule."""
    private_bodies_days: int = Field(default=180, ge=0, le=3_650)
    """The same for the key by which private bodies are read."""
    tls_days: int = Field(default=180, ge=0, le=600)
    """The same for the TLS key and its certificate."""
    private_keys_kept_days: int = Field(default=60, ge=31, le=3_650)
    """So long after its end a key for private bodies is kept: no message under it can be on its way any longer."""
    look_ms: int = Field(default=60_000, ge=100)
    """How often the node looks after its keys."""


class PersonalDataSettings(Section):
    """How personal data is kept (docs/privacy.md)."""

    master_key_file: str = "master.key"
    """The file with the master key, below the data directory or absolute; QUANWANG_MASTER_KEY in its place."""
    keys_cached_max: int = Field(default=4_096, ge=16, le=1_000_000)
    """How many customers' keys are kept ready in memory, of about 300 bytes each."""
    kept_after_service_days: int = Field(default=730, ge=0, le=36_500)
    """For so long after a customer's last service ended the law keeps their data: before that nobody erases it."""


class LiveSettings(Section):
    """The history that the live view keeps, in buckets of two widths."""

    fine_s: int = Field(default=10, ge=1, le=3_600)
    """The width of a narrow bucket."""
    fine_keep_s: int = Field(default=3_600, ge=60, le=86_400)
    """For how long narrow buckets are kept."""
    coarse_s: int = Field(default=300, ge=10, le=86_400)
    """The width of a wide bucket."""
    coarse_keep_s: int = Field(default=604_800, ge=3_600)
    """For how long wide buckets are kept."""

    @property
    def widths(self) -> tuple[tuple[int, int], ...]:
        """Each width with how long it is kept, the narrow one first."""
        return (self.fine_s, self.fine_keep_s), (self.coarse_s, self.coarse_keep_s)


class TracingSettings(Section):
    """Traces for OpenTelemetry (needs `quanwang-crm[tracing]`)."""

    endpoint: str = Field(default="", pattern=r"^(https?://[^\s/]+)?$")
    """Where the collector takes OTLP over gRPC, such as http://localhost:4317 (https: with TLS); empty: no traces."""
    sample_ratio: float = Field(default=1.0, ge=0, le=1)
    """How many of all requests are traced, from 0 to 1; the same at all nodes, so that they trace the same ones."""


class NodeSettings(BaseSettings):
    """What both kinds of node have in common."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """What is logged: this and everything graver."""
    http: HttpSettings = HttpSettings()
    api: ApiSettings = ApiSettings()
    database: DatabaseSettings = DatabaseSettings()
    keys: KeySettings = KeySettings()
    replica: ReplicaSettings = ReplicaSettings()
    reads: ReadSettings = ReadSettings()
    program: ProgramSettings = ProgramSettings()
    alarms: AlarmSettings = AlarmSettings()
    live: LiveSettings = LiveSettings()
    tracing: TracingSettings = TracingSettings()
    requests: RequestLimits = Field(default_factory=RequestLimits)
    link: LinkSettings = LinkSettings()
    sealing: SealLimits = SealLimits()
    writer: WriterLimits = WriterLimits()
    retry: RetryPolicy = RetryPolicy()
    retention: RetentionSettings = RetentionSettings()
    backup: BackupSettings = BackupSettings()
    sign_in: SignInSettings = SignInSettings()

    @property
    def code(self) -> str:
        """The node's code."""
        raise NotImplementedError

    @property
    def keys_directory(self) -> str:
        """Where the keys are, if not in the data directory; empty: there."""
        return ""

    @field_validator("requests", "link", "sealing", "writer", "retry", "retention", "sign_in", mode="after")
    @classmethod
    def _limits_are_positive(cls, limits: Any) -> Any:
        wrong = [name for name, value in asdict(limits).items() if not isinstance(value, str) and value <= 0]
        if wrong:
            raise Unfit(f"{', '.join(wrong)} must be greater than 0", f"{'、'.join(wrong)} 必须大于 0")
        return limits

    @field_validator("backup", mode="after")
    @classmethod
    def _backups_are_kept(cls, backup: BackupSettings) -> BackupSettings:
        if backup.every_hours < 0 or backup.keep < 1:
            raise Unfit(
                "every_hours must not be negative, and keep must be greater than 0",
                "every_hours 不得为负数，keep 必须大于 0",
            )
        if backup.every_hours and not (backup.passphrase_file or backup.key_file):
            raise Unfit(
                "every_hours needs passphrase_file or key_file: a backup holds private keys",
                "设置 every_hours 时须提供 passphrase_file 或 key_file：备份中含有私钥",
            )
        return backup

    @model_validator(mode="after")
    def _what_is_refused_is_pruned_no_earlier(self) -> Self:
        lifetime_days = self.requests.message_lifetime_ms / 86_400_000
        if min(self.retention.inbox_days, self.retention.journal_days) <= lifetime_days:
            raise Unfit(
                "retention.inbox_days and journal_days must be longer than requests.message_lifetime_ms",
                "retention.inbox_days 和 journal_days 必须长于 requests.message_lifetime_ms",
            )
        if self.requests.message_lifetime_ms <= self.requests.time_to_live_ms_max:
            raise Unfit(
                "requests.message_lifetime_ms must be longer than requests.time_to_live_ms_max",
                "requests.message_lifetime_ms 必须长于 requests.time_to_live_ms_max",
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment before the file, whose content is given as arguments."""
        return env_settings, init_settings
