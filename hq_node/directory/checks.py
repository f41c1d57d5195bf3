"""What `check` finds of HQ's own keys, and of the draft that waits for the root's signature."""

from __future__ import annotations

from common.checks import Finding
from common.directory.model import Directory
from common.directory.wire import decode_directory
from common.ids import HQ
from common.security.keyring import Keyring


def check_own_keys(directory: Directory, keyring: Keyring) -> list[Finding]:
    """The directory names the key that this data directory signs with: a replica may have been left behind by a
    change of keys."""
    entry, held = directory.node(HQ), {signer.key_id for signer in keyring.signers}
    if entry is not None and any(key.key_id in held for key in entry.keys):
        return []
    en = "The directory names none of the signing keys of this data directory."
    zh = "目录未列出此数据目录的任何签名密钥。"
    mend = (
        "Bring keys/ and tls/ from the replica where the keys were changed, and start this one again.",
        "请从更换密钥的副本复制 keys/ 和 tls/，然后重新启动本副本。",
    )
    return [Finding("error", "keys", en, zh, *mend)]


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
