"""What the next directory changes, in words: for whoever signs it, and must know what.

Everything is compared that a directory says; what no rule here names is still told, as another change of the node.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from common.clock import iso
from common.directory.model import Directory, NodeEntry, NodeKey, NodeStatus
from common.security.signing import ED25519, key_id_of


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different, in both languages. `grave`: it ends something, or lets somebody in."""

    en: str
    zh: str
    grave: bool = False

    def text(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en


_STATUS_ZH = {
    NodeStatus.ACTIVE: "启用",
    NodeStatus.SUSPENDED: "暂停",
    NodeStatus.REVOKED: "吊销",
    NodeStatus.UNKNOWN: "未知",
}


def changes_of(before: Directory, after: Directory) -> list[Change]:
    """What `after` changes of `before`; its renewed validity is always among it."""
    found = [
        Change(
            f"version {after.version} after {before.version}, valid until {iso(after.valid_until_us)}",
            f"版本 {before.version} 之后的版本 {after.version}，有效期至 {iso(after.valid_until_us)}",
        )
    ]
    for root in after.roots[len(before.roots) :]:
        key_id = key_id_of(ED25519, root.public_key)
        found.append(Change(f"the next root key: {key_id}", f"新的根密钥：{key_id}", grave=True))
    for entry in after.nodes:
        found += _changes_of_node(before.node(entry.node), entry)
    found += [
        Change(f"node {entry.node} is not listed any more", f"不再列出节点 {entry.node}", grave=True)
        for entry in before.nodes
        if after.node(entry.node) is None
    ]
    for name in sorted({*before.region_lists, *after.region_lists}):
        if before.region_lists.get(name) != after.region_lists.get(name):
            members = ", ".join(after.region_lists.get(name, ())) or "-"
            found.append(Change(f"region {name}: {members}", f"区域 {name}：{members}"))
    return [*found, *_changes_of_ceilings(before, after)]


def _changes_of_ceilings(before: Directory, after: Directory) -> Iterator[Change]:
    known = {each.key: each for each in before.ceilings}
    kept = {each.key: each for each in after.ceilings}
    for key in sorted(known.keys() | kept.keys()):
        former, each = known.get(key), kept.get(key)
        if former == each:
            continue
        subject, node = key
        for_en, for_zh = (f"node {node}", f"节点 {node}") if node else ("all provinces", "各省")
        if each is None:
            yield Change(f"{subject} is no longer limited for {for_en}", f"取消{for_zh}的 {subject} 上限", grave=True)
        else:
            most, why, by = each.most, each.reason, each.set_by
            yield Change(
                f"{subject} is limited to {most} for {for_en}, by {by}: {why}",
                f"{for_zh}的 {subject} 上限为 {most}，操作员 {by}：{why}",
                grave=True,
            )


def _changes_of_node(before: NodeEntry | None, after: NodeEntry) -> Iterator[Change]:
    node, name = after.node, after.name_en
    if before is None:
        keys = ", ".join(key.key_id for key in after.keys)
        yield Change(
            f"node {node} {name} is let in with {keys}",
            f"批准节点 {node} {after.name_zh} 入网，密钥 {keys}",
            grave=True,
        )
        if after.status is not NodeStatus.ACTIVE:
            yield _status(after)
        return
    told = before
    for broken in after.re_enrolments[len(before.re_enrolments) :]:
        by = broken.approved_by
        yield Change(
            f"node {node} {name} is enrolled anew with {broken.signing_key_id}, approved by {by}",
            f"节点 {node} {after.name_zh} 以 {broken.signing_key_id} 重新入网，批准人 {by}",
            grave=True,
        )
        told = replace(told, re_enrolments=after.re_enrolments)
    if after.status is not before.status:
        yield _status(after)
    told = replace(
        told,
        status=after.status,
        status_since_us=after.status_since_us,
        status_reason=after.status_reason,
        status_by=after.status_by,
    )
    known = {key.key_id: key for key in before.keys}
    for key in after.keys:
        yield from _changes_of_key(node, known.get(key.key_id), key)
    for key_id in known.keys() - {key.key_id for key in after.keys}:
        yield Change(f"node {node}: {key_id} is not listed any more", f"节点 {node}：不再列出 {key_id}")
    told = replace(told, keys=after.keys)
    if after.tls_fingerprint != before.tls_fingerprint:
        fingerprint = after.tls_fingerprint.hex()[:16]
        yield Change(f"node {node}: TLS certificate {fingerprint}", f"节点 {node}：TLS 证书 {fingerprint}")
    told = replace(
        told,
        tls_fingerprint=after.tls_fingerprint,
        former_tls_fingerprint=after.former_tls_fingerprint,
        former_tls_until_us=after.former_tls_until_us,
    )
    if told != after:
        yield Change(f"node {node}: its name: {name}", f"节点 {node}：名称：{after.name_zh}")


def _status(entry: NodeEntry) -> Change:
    by, why, since = entry.status_by, entry.status_reason, iso(entry.status_since_us)
    return Change(
        f"node {entry.node} {entry.name_en} is {entry.status.value} since {since}, by {by}: {why}",
        f"节点 {entry.node} {entry.name_zh} 自 {since} 起{_STATUS_ZH[entry.status]}，操作员 {by}：{why}",
        grave=True,
    )


def _changes_of_key(node: str, before: NodeKey | None, after: NodeKey) -> Iterator[Change]:
    if before is None:
        by = after.signed_by or "-"
        yield Change(
            f"node {node}: next key for {after.use.value}: {after.key_id}, signed by {by}",
            f"节点 {node}：{after.use.value} 的新密钥 {after.key_id}，由 {by} 签名",
        )
    elif after.valid_until_us != before.valid_until_us:
        until = iso(after.valid_until_us)
        yield Change(f"node {node}: {after.key_id} ends {until}", f"节点 {node}：{after.key_id} 于 {until} 终止")
