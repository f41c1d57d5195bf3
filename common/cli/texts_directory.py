"""What the commands for the directory and its root key say, by key: English, simplified Chinese."""

from __future__ import annotations

from collections.abc import Mapping

DIRECTORY: Mapping[str, tuple[str, str]] = {
    "directory.published": ("Version {version} of the directory is published.", "目录版本 {version} 已发布。"),
    "directory.next_root": (
        "Version {version} of the directory will name the next root key.",
        "目录版本 {version} 将列出新的根密钥。",
    ),
    "directory.waits": (
        "Version {version} waits for the root's signature; HQ itself goes by a suspension or revocation already. "
        "Next: `hq-node directory export --out FILE`.",
        "版本 {version} 等待根密钥签名；暂停和吊销在总部已经生效。下一步：`hq-node directory export --out FILE`。",
    ),
    "directory.waiting": (
        "Version {version} ({hash}) waits for the root's signature:",
        "版本 {version}（{hash}）等待根密钥签名：",
    ),
    "directory.nothing_waits": ("Nothing waits for the root's signature.", "没有等待根密钥签名的变更。"),
    "directory.exported_before": ("Exported {at}: {hash}", "{at} 已导出：{hash}"),
    "directory.next": (
        "Next: `hq-node directory export --out FILE`; sign it where the root is kept (`hq-node root sign`); then "
        "`hq-node directory import-signed FILE`.",
        "下一步：`hq-node directory export --out FILE`；在保管根密钥的机器上签名（`hq-node root sign`）；再执行 "
        "`hq-node directory import-signed FILE`。",
    ),
    "directory.exported": (
        "Version {version} of the directory, unsigned, is in {file}. It changes:",
        "未签名的目录版本 {version} 已写入 {file}。变更如下：",
    ),
    "directory.next_sign": (
        "Next, where the root key is kept: `hq-node root sign {file} --key KEYFILE --out SIGNED`.",
        "下一步，在保管根密钥的机器上执行：`hq-node root sign {file} --key KEYFILE --out SIGNED`。",
    ),
    "root.new_passphrase": ("Passphrase of the file with the root key", "根密钥文件的口令"),
    "root.passphrase": ("Passphrase of the root key", "根密钥的口令"),
    "root.exported": ("The root key {key} is in {file}, encrypted.", "根密钥 {key} 已加密写入 {file}。"),
    "root.next_forget": (
        "HQ holds it still. Keep two copies in two places; then: `hq-node root forget --exported {file}`.",
        "总部仍持有该密钥。请在两处各存一份，然后执行：`hq-node root forget --exported {file}`。",
    ),
    "root.confirm_forget": (
        "From now on nothing of the directory changes without {file}. Take the root key {key} out of HQ?",
        "此后没有 {file} 就无法更改目录。是否从总部移除根密钥 {key}？",
    ),
    "root.forgotten": ("HQ does not hold the root key {key} any more.", "总部不再持有根密钥 {key}。"),
    "root.imported": (
        "HQ holds the root key {key} again, and signs by itself. Put the file away, or destroy it.",
        "总部已重新持有根密钥 {key}，并自行签名。请妥善收存或销毁该文件。",
    ),
    "root.confirm_sign": ("Sign version {version}?", "是否签署版本 {version}？"),
    "root.signed_before": (
        "This very version {version} was signed before; it is signed again.",
        "此前已签署过完全相同的版本 {version}，现再次签署。",
    ),
    "root.signed": ("Version {version} is signed, in {file}.", "版本 {version} 已签署，写入 {file}。"),
    "root.next_import": (
        "Next, at HQ: `hq-node directory import-signed {file}`.",
        "下一步，在总部执行：`hq-node directory import-signed {file}`。",
    ),
    "root.rotated": ("The next root key {key} is in {file}, encrypted.", "新的根密钥 {key} 已加密写入 {file}。"),
    "root.next_root": (
        "Next, at HQ: `hq-node directory import-root {file}`, then export; sign that with the next key.",
        "下一步，在总部执行：`hq-node directory import-root {file}` 并导出，再用新的根密钥签名。",
    ),
}
