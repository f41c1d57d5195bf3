"""What a backup says of itself, and what can be wrong with one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from common.errors import Fault, Refusal

FORMAT = 1

SQLITE, POSTGRES = "sqlite", "postgresql"

LINKS_MAX = 256
"""Links of a node: HQ has one with each province."""


class BackupSecretMissing(Refusal):
    """A backup holds private keys: without a secret there is none."""

    en = (
        "A backup holds this node's private keys and is always encrypted. Name a secret: backup.passphrase_file or "
        "backup.key_file in node.toml, --passphrase-file or --key-file, or the variable {variable}."
    )
    zh = (
        "备份包含本节点的私钥，必须加密。请指定密码：node.toml 中的 backup.passphrase_file 或 backup.key_file，"
        "命令行的 --passphrase-file 或 --key-file，或环境变量 {variable}。"
    )


class BackupSecretUnfit(Refusal):
    """The file with the secret cannot be used."""

    en = "The backup's secret cannot be used: {detail}. A passphrase has 8 bytes or more, a key file 32 or more."
    zh = "备份密码不可用：{detail}。口令至少 8 字节，密钥文件至少 32 字节。"


class BackupSecretWrong(Refusal):
    """The backup was encrypted under another secret."""

    en = "{path} was encrypted under another passphrase or key file."
    zh = "{path} 使用的是另一个口令或密钥文件。"


class BackupCutOff(Fault):
    """The end is missing: whoever wrote it did not finish."""

    en = "The backup {path} is cut off: its end is missing. It cannot be used; take another one."
    zh = "备份 {path} 不完整，缺少结尾，无法使用。请使用其他备份。"


class BackupDamaged(Fault):
    """Something in it is not what was written."""

    en = "The backup {path} is damaged ({detail}). It cannot be used; take another one."
    zh = "备份 {path} 已损坏（{detail}），无法使用。请使用其他备份。"


class NotABackup(Refusal):
    """The file is something else, or by a later release."""

    en = "{path} is not a backup that this release can read."
    zh = "{path} 不是当前版本可读取的备份。"


class BackupOfAnotherKind(Refusal):
    """A backup of HQ is not a province's, and the other way round."""

    en = "The backup is of node {node}: use {program}."
    zh = "该备份属于节点 {node}，请使用 {program}。"


class BackupTooNew(Refusal):
    """The backup was made by a later release."""

    en = "The backup has the schema {revisions}, which this release does not know. Use the release that made it."
    zh = "备份的结构版本为 {revisions}，当前软件不支持。请使用创建该备份的软件版本。"


class RestoreWouldOverwrite(Refusal):
    """Something is there already."""

    en = "{place} is not empty. A backup is restored into a directory or database with nothing in it; nothing was done."
    zh = "{place} 不为空。备份只能恢复到空目录或空数据库；未做任何更改。"


class DatabaseUrlNeeded(Refusal):
    """A backup of a PostgreSQL database goes into another, which must be named."""

    en = "The backup is of a PostgreSQL database. Make an empty one and name it with --database-url."
    zh = "该备份来自 PostgreSQL 数据库。请先创建空数据库，并用 --database-url 指定。"


class DatabaseUrlUnfit(Refusal):
    """A backup of an SQLite file is restored into the data directory."""

    en = "The backup is of an SQLite file, which goes into the data directory; leave --database-url out."
    zh = "该备份来自 SQLite 文件，将恢复到数据目录中；请勿使用 --database-url。"


@dataclass(frozen=True, slots=True)
class LinkCover:
    """How far a backup goes on a link: what the node had sealed for the peer and received of it, by number and hash."""

    peer: str
    sealed_seal_number: int
    sealed_hash: str
    received_seal_number: int
    received_hash: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What may be known of a backup without its secret. `created_at_us`: the moment that its database shows, by the
    node's clock."""

    node: str
    incarnation: str
    created_at_us: int
    release: str
    database: str
    revisions: tuple[str, ...]
    links: tuple[LinkCover, ...] = ()
    archives: bool = True

    def to_dict(self) -> dict[str, Any]:
        links = [{name: getattr(link, name) for name in LinkCover.__slots__} for link in self.links]
        return {name: getattr(self, name) for name in Facts.__slots__} | {"links": links}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """Raises KeyError, TypeError, ValueError where it is none."""
        known = {name: content[name] for name in cls.__slots__}
        if not isinstance(known["created_at_us"], int) or len(known["links"]) > LINKS_MAX:
            raise ValueError("facts")
        links = tuple(LinkCover(**link) for link in known["links"])
        return cls(**{**known, "revisions": tuple(known["revisions"]), "links": links})


@dataclass(slots=True)
class Manifest:
    """What a backup holds, written at its end: each file with its size and digest, each table with its rows, and the
    archives that were left out."""

    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    tables: dict[str, int] = field(default_factory=dict)
    left_out: list[dict[str, Any]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        return {"files": self.files, "tables": self.tables, "left_out": self.left_out}
