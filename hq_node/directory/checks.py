"""What `check` finds of HQ's own keys, and of the draft that waits for the root's signature."""

from __future__ import annotations

from common.checks import Finding
from common.directory.model import Directory
from common.directory.own_keys import not_held
from common.directory.wire import decode_directory
from common.ids import HQ
from common.security.keyring import Keyring
from common.security.tls import fingerprint


def check_own_keys(directory: Directory, keyring: Keyring) -> list[Finding]:
    """This replica holds every key that the directory names for HQ: a copy of the keys may have been left behind by a
    change."""
    missing = not_held(directory, HQ, keyring)
    if directory.node(HQ) is not None and not missing:
        return []
    en = f"The directory names keys of HQ that are not here: {', '.join(missing)}."
    zh = f"目录所列的总部密钥不在此处：{'、'.join(missing)}。"
    mend = (
        "Let keys.directory name the directory that the replicas share, or bring keys/ and tls/ from the replica where "
        "the keys were changed; a running replica goes on by itself.",
        "请将 keys.directory 设为各副本共用的目录，或从更换密钥的副本复制 keys/ 和 tls/；运行中的副本会自动继续。",
    )
    return [Finding("error", "keys", en, zh, *mend)]


def check_named(directory: Directory, certificate_pem: bytes, now_us: int) -> list[Finding]:
    """HQ's server certificate is one that the directory names: only such a one is replaced by the next."""
    entry = directory.node(HQ)
    if entry is not None and entry.welcomes(fingerprint(certificate_pem), now_us):
        return []
    en = "The server certificate is one that the directory does not name: TLS keys cannot be replaced."
    zh = "服务器证书不是目录中登记的证书，无法更换 TLS 密钥。"
    mend = ("Put tls/server.pem back from a backup.", "请从备份恢复 tls/server.pem。")
    return [Finding("error", "certificate", en, zh, *mend)]


def check_draft(draft: bytes) -> list[Finding]:
    """Whether something waits for a root key that is kept elsewhere."""
    if not draft:
        return []
    version = decode_directory(draft).version
    en = f"Version {version} of the directory waits for the root's signature."
    zh = f"目录版本 {version} 正在等待根密钥签名。"
    mend = (
        "hq-node directory export --out FILE; have it signed with hq-node root sign; then hq-node directory "
        "import-signed FILE.",
        "执行 hq-node directory export --out FILE，用 hq-node root sign 签名，"
        "再执行 hq-node directory import-signed FILE。",
    )
    return [Finding("warning", "directory draft", en, zh, *mend)]
