"""Looks a node over and says what is wrong and how to mend it. Changes nothing, and may run beside the serving node.

Each check is a function that gives its findings; none of them raises. What cannot be looked at because something before
it is broken is left out: the first finding says why.
"""

from __future__ import annotations

import shutil
import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, TypeVar

import sqlalchemy as sa
from cryptography import x509
from sqlalchemy.exc import SQLAlchemyError

from common.clock import Clock, iso
from common.db.engine import reading, store_at, store_of
from common.db.faults import DatabaseDamaged
from common.db.schema import Schema, require_schema
from common.directory.model import Directory
from common.errors import Fault, QuanwangError
from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import HQ, link_name
from common.messaging.links import journal, node_identity
from common.program import rest_interface
from common.program.data_directory import DataDirectory
from common.program.http_servers import PortInUse, listen_tcp
from common.settings import ApiSettings, NodeSettings
from common.settings_file import SettingsInvalid

Severity = Literal["ok", "warning", "error"]
T = TypeVar("T")

DAY_US = 86_400_000_000
CERTIFICATE_WARNING_US = 30 * DAY_US
FREE_BYTES_ERROR = 256 * 1_048_576
FREE_BYTES_WARNING = 2 * 1_073_741_824
PLAUSIBLE_FROM_US = 1_767_225_600_000_000
"""2026-01-01: this software did not exist before."""
SKEW_WARNING_US = 60_000_000
SKEW_SEALS = 50
CONNECT_TIMEOUT_S = 5.0
PORT_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: how grave it is, what was found, how to mend it."""

    severity: Severity
    subject: str
    en: str
    zh: str
    mend_en: str = ""
    mend_zh: str = ""

    def text(self, language: str) -> str:
        """What was found, in `language` ("zh..." is Chinese, all else English)."""
        return self.zh if language.startswith("zh") else self.en

    def mend(self, language: str) -> str:
        """How to mend it; empty where there is nothing to mend."""
        return self.mend_zh if language.startswith("zh") else self.mend_en


def good(subject: str, en: str, zh: str) -> Finding:
    """Nothing is wrong with it."""
    return Finding("ok", subject, en, zh)


class InWords(Protocol):
    """What says itself, and what to do, in both languages."""

    def fact(self, language: str) -> str: ...

    def remedy(self, language: str) -> str: ...


def told(subject: str, what: InWords) -> Finding:
    """What is wrong, as it says itself."""
    return Finding("error", subject, what.fact("en"), what.fact("zh"), what.remedy("en"), what.remedy("zh"))


def tried(subject: str, look: Callable[[], T]) -> tuple[T | None, list[Finding]]:
    """What `look` gives, or the finding that its error is. Errors say themselves how to mend them."""
    try:
        return look(), []
    except SettingsInvalid as error:
        return None, [told(subject, problem) for problem in error.problems]
    except QuanwangError as error:
        return None, [told(subject, error)]
    except OSError as error:
        detail = f"{error.filename or ''} {error.strerror}".strip()
        return None, [
            Finding(
                "error",
                subject,
                f"It cannot be read: {detail}.",
                f"无法读取：{detail}。",
                "Let the node's user read it, or run the command as that user.",
                "请授予节点用户读取权限，或以该用户身份执行命令。",
            )
        ]


def check_data_directory(data: DataDirectory) -> list[Finding]:
    """Only the node's own user may enter it."""
    _, findings = tried("data directory", data.require)
    if not findings:
        _, findings = tried("data directory", data.require_recovered)
    return findings or [good("data directory", f"{data.path} is private.", f"{data.path} 权限正确。")]


def check_disk(data: DataDirectory) -> list[Finding]:
    """Room to grow. A full disk stops the node from taking new work."""
    usage, findings = tried("disk", lambda: shutil.disk_usage(data.path))
    if usage is None:
        return findings
    free = usage.free // 1_048_576
    en, zh = f"{free} MiB are free.", f"剩余 {free} MiB。"
    severity: Severity = "ok"
    if usage.free < FREE_BYTES_WARNING:
        severity = "error" if usage.free < FREE_BYTES_ERROR else "warning"
    if severity == "ok":
        return [good("disk", en, zh)]
    return [
        Finding(severity, "disk", en, zh, "Free some space, or move the data directory.", "请清理空间或迁移数据目录。")
    ]


def check_database(data: DataDirectory, node: str, schema: Schema) -> list[Finding]:
    """It is there, sound, of the right schema, and this node's."""
    name = data.database_name
    if not store_at(data.url).is_there(data.url):
        mend = f"Run {schema.migrate_command}."
        return [Finding("error", "database", f"{name} is missing.", f"缺少 {name}。", mend, mend)]
    try:
        with reading(data.url) as connection:
            return _check_database(connection, node, schema)
    except Fault as fault:
        return [told("database", fault)]
    except SQLAlchemyError as error:
        damaged = DatabaseDamaged(database=name, detail=type(getattr(error, "orig", error)).__name__)
        return [told("database", damaged)]


def _check_database(connection: sa.Connection, node: str, schema: Schema) -> list[Finding]:
    verdict = store_of(connection).check_integrity(connection)
    if verdict:
        mend = DatabaseDamaged.mend_en, DatabaseDamaged.mend_zh
        return [Finding("error", "database", f"It is damaged: {verdict}.", f"数据库已损坏：{verdict}。", *mend)]
    _, findings = tried("schema", lambda: require_schema(connection, schema))
    if findings:
        return findings
    owner = connection.execute(sa.select(node_identity.c.node)).scalar()
    if owner != node:
        en, zh = f"The database is that of node {owner}, not {node}.", f"数据库属于节点 {owner}，而非 {node}。"
        return [Finding("error", "database", en, zh, "Correct node.toml.", "请更正 node.toml。")]
    return [good("database", "It is sound and of this release's schema.", "数据库完好，结构版本正确。")]


class Port(NamedTuple):
    """A port that the node listens on: its name (`<name>.address` says which it is), where, and its setting."""

    name: str
    host: str
    port: int
    setting: str


def check_ports(data: DataDirectory, ports: Iterable[Port]) -> list[Finding]:
    """While the node runs, each port answers; while it does not, nobody else has it."""
    look = _answering if data.in_use() else _free
    return [finding for port in ports for finding in look(data, port)]


def check_rest(data: DataDirectory, settings: NodeSettings, now_us: int) -> list[Finding]:
    """The REST interface answers, or can, and its certificate is one; or why it is off."""
    subject, off = "REST interface", rest_interface.why_off(settings)
    if off is rest_interface.Off.NO_PORT:
        en, zh = "It is off: api.port is 0.", "未启用：api.port 为 0。"
        return [good(subject, en, zh)]
    if off is not None:
        en, zh = "Not at this process: replica.roles does not name web.", "不在此进程：replica.roles 未包含 web。"
        return [good(subject, en, zh)]
    api = settings.api
    where = rest_interface.url(settings)
    findings = [
        replace(finding, subject=subject)
        for finding in check_ports(data, [Port(rest_interface.ADDRESS, api.host, api.port, "api.port")])
    ]
    if not only(findings, "error"):
        findings += [good(subject, f"Callers reach it at {where}.", f"访问地址为 {where}。")]
    if api.tls_certificate_file:
        findings += _check_rest_certificate(subject, api, now_us)
    return findings


def _check_rest_certificate(subject: str, api: ApiSettings, now_us: int) -> list[Finding]:
    """Both files can be read and belong together."""
    mend = (
        "Give a certificate chain and its key in PEM (api.tls_certificate_file, api.tls_key_file).",
        "请在 api.tls_certificate_file 和 api.tls_key_file 中提供 PEM 格式的证书链及其私钥。",
    )
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(api.tls_certificate_file, api.tls_key_file)
        certificate = Path(api.tls_certificate_file).read_bytes()
    except OSError as error:
        detail = error.strerror or type(error).__name__
        en, zh = f"Its certificate or key cannot be used ({detail}).", f"其证书或私钥无法使用（{detail}）。"
        return [Finding("error", subject, en, zh, *mend)]
    return check_certificate(subject, certificate, now_us, mend)


def _answering(data: DataDirectory, port: Port) -> list[Finding]:
    number = data.read_address(port.name).rpartition(":")[2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(port.host, port.host)  # noqa: S104 - what stands in settings.
    try:
        socket.create_connection((host, int(number)), PORT_TIMEOUT_S).close()
    except (OSError, ValueError) as error:
        detail = getattr(error, "strerror", None) or type(error).__name__
        en = f"The node runs, but nothing answers on {host}:{number} ({port.setting}; {detail})."
        zh = f"节点正在运行，但 {host}:{number}（{port.setting}）没有应答（{detail}）。"
        mend = "If it is not just starting, look at its log.", "若节点并非刚刚启动，请查看其日志。"
        return [Finding("error", "ports", en, zh, *mend)]
    where = f"{host}:{number} ({port.setting})"
    return [good("ports", f"The node answers on {where}.", f"节点在 {where} 上应答。")]


def _free(_data: DataDirectory, port: Port) -> list[Finding]:
    where = f"{port.host}:{port.port} ({port.setting})"
    if not port.port:
        en, zh = f"{port.setting} is chosen by the system when the node starts.", f"{port.setting} 在启动时由系统选择。"
        return [good("ports", en, zh)]
    try:
        listen_tcp(port.host, port.port, port.setting).close()
    except PortInUse as error:
        return [told("ports", error)]
    return [good("ports", f"{where} is free; the node does not run.", f"{where} 空闲；节点未运行。")]


def check_clock(clock: Clock) -> list[Finding]:
    """The date is one at which this software can exist."""
    now_us = clock.now_us()
    if now_us < PLAUSIBLE_FROM_US:
        en, zh = f"The clock says {iso(now_us)}.", f"时钟显示为 {iso(now_us)}。"
        return [Finding("error", "clock", en, zh, "Set the clock; let it be kept by NTP.", "请校准时钟并启用 NTP。")]
    return [good("clock", f"It is {iso(now_us)}.", f"当前时间 {iso(now_us)}。")]


def check_clock_against_hq(data: DataDirectory, node: str) -> list[Finding]:
    """The difference to HQ's clock, as the latest batches show it: the least of (received here - sealed there), since
    what took long on the way only adds to it."""
    try:
        with reading(data.url) as connection:
            statement = (
                sa.select(journal.c.stored_at_us, journal.c.batch)
                .where(journal.c.link == link_name(HQ, node))
                .order_by(journal.c.seal_number.desc())
                .limit(SKEW_SEALS)
            )
            differences = [stored - _sealed_at_us(batch) for stored, batch in connection.execute(statement)]
    except (Fault, SQLAlchemyError):
        return []  # The database has findings of its own.
    if not differences:
        return []
    least_s = min(differences) / 1e6
    en, zh = f"It differs from HQ's by at most {least_s:.1f} s.", f"与总部时钟相差不超过 {least_s:.1f} 秒。"
    if abs(min(differences)) <= SKEW_WARNING_US:
        return [good("clock", en, zh)]
    en, zh = f"It differs from HQ's by {least_s:.0f} s.", f"与总部时钟相差 {least_s:.0f} 秒。"
    return [Finding("warning", "clock", en, zh, "Let NTP keep the clocks of both.", "请为双方启用 NTP 校时。")]


def _sealed_at_us(batch: bytes) -> int:
    return seal_pb2.Seal.FromString(seal_pb2.SealedBatch.FromString(batch).seal.seal).sealed_at_us


def check_certificate(subject: str, certificate_pem: bytes, now_us: int, mend: tuple[str, str]) -> list[Finding]:
    """It is valid, and will be for a while. `mend`: how to get a new one, in English and Chinese."""
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem)
    except ValueError:
        return [Finding("error", subject, "The certificate cannot be read.", "无法解析证书。", *mend)]
    from_us = int(certificate.not_valid_before_utc.timestamp() * 1e6)
    until_us = int(certificate.not_valid_after_utc.timestamp() * 1e6)
    until = iso(until_us)
    if not from_us <= now_us < until_us:
        en, zh = f"It is valid only from {iso(from_us)} to {until}.", f"证书仅在 {iso(from_us)} 至 {until} 有效。"
        return [Finding("error", subject, en, zh, *mend)]
    if until_us - now_us < CERTIFICATE_WARNING_US:
        return [Finding("warning", subject, f"It expires at {until}.", f"证书将于 {until} 到期。", *mend)]
    return [good(subject, f"It is valid until {until}.", f"证书有效期至 {until}。")]


def check_directory(directory: Directory, node: str, now_us: int) -> list[Finding]:
    """It is valid, and the node is in it."""
    until, version = iso(directory.valid_until_us), directory.version
    if directory.expired(now_us):
        en, zh = f"Version {version} expired at {until}.", f"版本 {version} 已于 {until} 过期。"
        return [Finding("warning", "directory", en, zh, "Restore the link with HQ.", "请恢复与总部的连接。")]
    if not directory.is_active(node):
        en, zh = f"Version {version} does not name this node as active.", f"版本 {version} 未将本节点列为启用。"
        return [Finding("error", "directory", en, zh, "Ask HQ's operators.", "请联系总部运维人员。")]
    return [good("directory", f"Version {version}, valid until {until}.", f"版本 {version}，有效期至 {until}。")]


def check_hq_reachable(address: str, server_name: str, authority_pem: bytes) -> list[Finding]:
    """Somebody answers at HQ's address, and with a certificate of the federation for HQ."""
    host, _, port = address.rpartition(":")
    context = ssl.create_default_context(cadata=authority_pem.decode("ascii"))
    context.set_alpn_protocols(["h2"])
    try:
        with (
            socket.create_connection((host, int(port)), CONNECT_TIMEOUT_S) as connection,
            context.wrap_socket(connection, server_hostname=server_name),
        ):
            return [good("link", f"HQ answers at {address}.", f"总部 {address} 可达。")]
    except ssl.SSLCertVerificationError:
        en, zh = f"What answers at {address} is not HQ.", f"{address} 的应答方不是总部。"
        return [Finding("error", "link", en, zh, "Tell HQ at once.", "请立即通知总部。")]
    except (OSError, ValueError) as error:
        detail = type(error).__name__
        en, zh = f"HQ cannot be reached at {address} ({detail}).", f"无法连接总部 {address}（{detail}）。"
        mend = "Check the network; the node serves on without HQ.", "请检查网络；无总部连接时节点仍可独立服务。"
        return [Finding("warning", "link", en, zh, *mend)]


def only(findings: Iterable[Finding], severity: Severity) -> list[Finding]:
    """The findings of one severity."""
    return [finding for finding in findings if finding.severity == severity]
