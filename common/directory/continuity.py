"""The line of a node's keys: each new one signed by one that the node had, or the break said for good.

HQ publishes the directory, but it cannot give a node a key of HQ's own making: every node that takes a directory over
checks here that each key it has not seen before was signed by the node itself, unless the entry says that the node was
enrolled anew, which is never taken back. So a key that HQ slipped in stands out for ever, or is not taken at all.
"""

from __future__ import annotations

from collections.abc import Iterable

from common.directory.model import Directory, KeyUse, NodeEntry, NodeKey, NodeStatus
from common.errors import Fault
from common.security.encoding import pae
from common.security.signing import Signer, verify

NODE_KEY_DOMAIN = b"quanwang/node-key/v1"
KEY_ROTATION_DOMAIN = b"quanwang/key-rotation/v1"


class KeyNotContinued(Fault):
    """A node has a key that none of its former ones signed, and the directory does not say that it was enrolled
    anew."""

    en = (
        "HQ's directory version {version} gives node {node} the key {key_id}, which no former key of that node signed. "
        "It was not taken; ask that node's operators whether the key is theirs."
    )
    zh = "总部目录版本 {version} 为节点 {node} 列出密钥 {key_id}，但未经该节点原有密钥签名。未予采用，请向该节点核实。"


class DirectoryTakesBack(Fault):
    """The directory takes back what an earlier one said for good."""

    en = "HQ's directory version {version} takes back what was said of node {node}: {detail}. It was not taken."
    zh = "总部目录版本 {version} 撤回了此前对节点 {node} 的记载：{detail_zh}。未予采用。"


def key_statement(node: str, use: KeyUse, suite: str, public_key: bytes, previous_key_id: str, signed_by: str) -> bytes:
    """What a node signs to say: this is my next key for `use`, in the place of `previous_key_id`."""
    return pae(
        NODE_KEY_DOMAIN,
        node.encode("utf-8"),
        use.value.encode("utf-8"),
        suite.encode("utf-8"),
        public_key,
        previous_key_id.encode("utf-8"),
        signed_by.encode("utf-8"),
    )


def rotation_bytes(rotation: bytes) -> bytes:
    """What the signature of a serialised KeyRotation is over."""
    return pae(KEY_ROTATION_DOMAIN, rotation)


def continued_key(
    node: str, use: KeyUse, suite: str, public_key: bytes, key_id: str, previous: NodeKey, signer: Signer, from_us: int
) -> NodeKey:
    """A node's next key for `use`, signed by its key in force."""
    statement = key_statement(node, use, suite, public_key, previous.key_id, signer.key_id)
    return NodeKey(
        key_id=key_id,
        use=use,
        suite=suite,
        public_key=public_key,
        valid_from_us=from_us,
        previous_key_signature=signer.sign(statement),
        previous_key_id=previous.key_id,
        signed_by=signer.key_id,
    )


def signed_by_node(node: str, key: NodeKey, signers: Iterable[NodeKey]) -> bool:
    """Whether one of `signers`, signing keys of the node, signed `key`."""
    statement = key_statement(node, key.use, key.suite, key.public_key, key.previous_key_id, key.signed_by)
    return any(
        signer.use is KeyUse.SIGNING
        and signer.key_id == key.signed_by
        and signer.key_id != key.key_id
        and verify(signer.suite, signer.public_key, key.previous_key_signature, statement)
        for signer in signers
    )


def check_continuity(current: Directory | None, new: Directory) -> None:
    """Judges what `new` makes of the nodes that `current` names. A node that `current` does not name has no past here.

    Raises KeyNotContinued, DirectoryTakesBack.
    """
    for before in current.nodes if current is not None else ():
        after = new.node(before.node)
        if after is None:
            raise _taken_back(new, before, "it is not listed any more", "不再列出")
        _check_history(before, after, new)
        _check_keys(before, after, new)


def _check_history(before: NodeEntry, after: NodeEntry, new: Directory) -> None:
    if after.re_enrolments[: len(before.re_enrolments)] != before.re_enrolments:
        raise _taken_back(new, before, "that it was enrolled anew", "重新入网的记录")
    if (
        before.status is NodeStatus.REVOKED
        and after.status is not NodeStatus.REVOKED
        and len(after.re_enrolments) == len(before.re_enrolments)
    ):
        raise _taken_back(new, before, "that it was revoked", "吊销的记录")
    known = {key.key_id: key for key in before.keys}
    for key in after.keys:
        former = known.get(key.key_id)
        if former is None:
            continue
        prolonged = not former.open and (key.open or key.valid_until_us > former.valid_until_us)
        if prolonged or (key.use, key.suite, key.valid_from_us) != (former.use, former.suite, former.valid_from_us):
            raise _taken_back(new, before, f"the validity of key {key.key_id}", f"密钥 {key.key_id} 的有效期")


def _check_keys(before: NodeEntry, after: NodeEntry, new: Directory) -> None:
    """Each key is known, or signed by one that is; or begins with an enrolment anew that `before` did not know."""
    known = {key.key_id for key in before.keys}
    breaks_us = [broken.at_us for broken in after.re_enrolments[len(before.re_enrolments) :]]
    unproved = [key for key in after.keys if key.key_id not in known and key.valid_from_us not in breaks_us]
    # What came with an enrolment anew may sign what came after it.
    proved = [*before.keys, *(key for key in after.keys if key.key_id not in known and key.valid_from_us in breaks_us)]
    while unproved:
        signed = [key for key in unproved if signed_by_node(after.node, key, proved)]
        if not signed:
            raise KeyNotContinued(version=new.version, node=after.node, key_id=unproved[0].key_id)
        proved += signed
        unproved = [key for key in unproved if key not in signed]


def _taken_back(new: Directory, before: NodeEntry, detail: str, detail_zh: str) -> DirectoryTakesBack:
    return DirectoryTakesBack(version=new.version, node=before.node, detail=detail, detail_zh=detail_zh)
