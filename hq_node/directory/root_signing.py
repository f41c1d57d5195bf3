"""The root key's own judgement, on a machine that knows nothing but the key's file and the draft: what is signed there.

The draft brings the directory that it follows, signed by the root's line; against that, and against what the key signed
last, everything is checked that a node would check, before the key is used.
"""

from __future__ import annotations

from typing import NamedTuple

from common.directory.continuity import check_continuity
from common.directory.model import Directory, DirectoryForked, accept
from common.directory.signing import DirectoryNotByRoot, open_directory, root_in_force
from common.directory.wire import decode_directory, decode_signed
from common.errors import Refusal
from common.security.signing import ED25519, key_id_of
from hq_node.directory.changes import Change, changes_of
from hq_node.directory.exchange import DraftFile
from hq_node.directory.root_key_file import RootKeyFile


class OtherFederationsDraft(Refusal):
    """The directory that the draft follows is not one of this root's federation."""

    en = "The draft is not of this root key's federation ({federation}): what it follows was signed by another root."
    zh = "该草稿不属于此根密钥的联邦（{federation}）：其上一版本由其他根密钥签名。"


class RootNotInForce(Refusal):
    """The next directory must be signed by another root key."""

    en = "Version {version} must be signed by the root key {wanted}, not by {held}."
    zh = "版本 {version} 须由根密钥 {wanted} 签名，而非 {held}。"


class DraftTampered(Refusal):
    """The draft is not as HQ made it."""

    en = "The draft was altered, or was not made by HQ: its signature by HQ's key {key_id} does not hold."
    zh = "草稿被篡改，或并非总部制作：总部密钥 {key_id} 的签名不成立。"


class VersionGap(Refusal):
    """A version is missing between the directory that was signed last and the draft."""

    en = "Version {version} does not follow version {previous} directly."
    zh = "版本 {version} 并非紧接版本 {previous}。"


class DraftGoesBack(Refusal):
    """The key has signed later versions: HQ was restored from a backup, or the draft is an old one."""

    en = "This root key has signed version {signed} already; the draft is of version {version}, which goes back."
    zh = "此根密钥已签署版本 {signed}，而草稿为版本 {version}，属于回退。"


class SignedOtherwise(Refusal):
    """The key has signed another directory of this version: two would be a fork."""

    en = (
        "This root key has signed another version {version} before ({signed}). Import that one at HQ, or export it "
        "again (`directory export --hash {signed}`) and have it signed; then export what was decided since."
    )
    zh = (
        "此根密钥此前已签署另一份版本 {version}（{signed}）。请将其导入总部，或重新导出"
        "（`directory export --hash {signed}`）并签名，然后再导出此后的变更。"
    )


class Judged(NamedTuple):
    """A draft that may be signed."""

    directory: Directory
    changes: list[Change]
    signed_before: bool
    """Whether the key has signed this very directory before."""


def judge_draft(draft: DraftFile, key: RootKeyFile) -> Judged:
    """Whether `key` may sign `draft`, and what it says.

    Raises OtherFederationsDraft, RootNotInForce, DraftTampered, VersionGap, DraftGoesBack, SignedOtherwise,
    DirectoryForked, RootWentBack, KeyNotContinued, DirectoryTakesBack, MalformedDirectory.
    """
    signer = key.signer
    previous = _previous(draft, key)
    if not draft.is_by_hq(previous):
        raise DraftTampered(key_id=draft.key_id)
    directory = decode_directory(draft.directory)
    if directory.version != previous.version + 1:
        raise VersionGap(version=directory.version, previous=previous.version)
    accept(previous, directory)
    check_continuity(previous, directory)
    wanted = root_in_force(key.first_root, directory.roots)
    if wanted != signer.public_key:
        raise RootNotInForce(
            version=directory.version, wanted=key_id_of(ED25519, wanted), held=key_id_of(ED25519, signer.public_key)
        )
    signed_before = _compare_with_last(directory, previous, key)
    return Judged(directory, changes_of(previous, directory), signed_before)


def _previous(draft: DraftFile, key: RootKeyFile) -> Directory:
    try:
        return open_directory(decode_signed(draft.previous), key.first_root)
    except DirectoryNotByRoot as error:
        raise OtherFederationsDraft(federation=key_id_of(ED25519, key.first_root)) from error


def _compare_with_last(directory: Directory, previous: Directory, key: RootKeyFile) -> bool:
    """What the key signed last stands in the line of directories that the draft continues, or is this very one."""
    if directory.version < key.version:
        raise DraftGoesBack(signed=key.version, version=directory.version)
    if directory.version == key.version:
        if directory.hash != key.hash:
            raise SignedOtherwise(version=directory.version, signed=key.hash.hex()[:16])
        return True
    if previous.version == key.version and previous.hash != key.hash:
        raise DirectoryForked(new=previous.version, current=key.version)
    return False
