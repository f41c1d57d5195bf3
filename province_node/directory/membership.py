"""What a province keeps of its enrolment: one file, `federation.json`, so that it is there in full or not at all.

The root key that the node trusts stands in a file of its own besides. Whoever loses the one enrols again with an
invitation, which names the root key of that day; what the node stored before may be signed by the one before.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path

from common.directory.model import Directory, OwnKeys
from common.directory.own_keys import NodeKeys
from common.directory.signing import DirectoryNotByRoot, open_directory
from common.directory.wire import decode_directory, decode_signed
from common.errors import Fault
from common.gen.quanwang.federation.v1 import directory_pb2
from common.security.keyring import Keyring
from common.security.private_files import read_private, write_private

MEMBERSHIP_FILE = "federation.json"
TRUSTED_ROOT_FILE = "trusted-root"

_FORMAT = 1
_ROOT_KEY = re.compile(r"[0-9a-f]{64}", re.ASCII)


class NotEnrolled(Fault):
    """The node has not joined a federation yet."""

    en = "This node has not joined the federation yet ({path} is missing)."
    zh = "本节点尚未入网（缺少 {path}）。"
    mend_en = "Enrol it with an invitation from HQ."
    mend_zh = "请使用总部签发的邀请码办理入网。"


class MembershipDamaged(Fault):
    """The file is there but cannot be read."""

    en = "{path} is damaged."
    zh = "{path} 已损坏。"
    mend_en = "Enrol the node again with the same keys; nothing else is lost."
    mend_zh = "请使用原有密钥重新办理入网，其他数据不受影响。"


class TrustedRootLost(Fault):
    """Nothing says any more by which root key the node took what it stored."""

    en = "Directory version {version}, which this node stored, is not by the root key that federation.json names."
    zh = "本节点保存的目录版本 {version} 并非由 federation.json 所列根密钥签名。"
    mend_en = (
        "The federation's root key was replaced, and this node was enrolled again without the one from before. Put "
        "federation.json or trusted-root back from a backup of this node; with trusted-root, enrol it once more."
    )
    mend_zh = (
        "联邦的根密钥已更换，而本节点重新入网时缺少原根密钥。请从本节点的备份中恢复 federation.json 或 trusted-root；"
        "若恢复的是 trusted-root，请再办理一次入网。"
    )


@dataclass(frozen=True, slots=True)
class Membership:
    """An enrolled province: who it is, whom it believes, where it dials, and with what certificate. Holds no secret."""

    node: str
    link_address: str
    """host:port of HQ's federation port."""
    root_public_key: bytes
    tls_authority_pem: bytes
    tls_certificate_pem: bytes
    signed_directory: bytes
    """The directory at the time of enrolment (a serialised SignedDirectory); later ones are in the database."""

    def directory(self) -> Directory:
        """The directory at the time of enrolment. Raises DirectoryNotByRoot, MalformedDirectory."""
        return open_directory(self.signed(), self.root_public_key)

    def signed(self) -> directory_pb2.SignedDirectory:
        """The same, as it was signed. Raises MalformedDirectory."""
        return decode_signed(self.signed_directory)

    def stored(self, signed: directory_pb2.SignedDirectory) -> Directory:
        """A directory that the node stored. Raises TrustedRootLost, MalformedDirectory."""
        try:
            return open_directory(signed, self.root_public_key)
        except DirectoryNotByRoot as error:
            raise TrustedRootLost(version=decode_directory(signed.directory).version) from error

    def own_keys(self, keyring: Keyring) -> OwnKeys:
        """What the directory must say about this node."""
        return NodeKeys(self.node, Path(), keyring).own_keys(self.tls_certificate_pem)

    def save(self, data_dir: Path) -> None:
        """Writes the file, durably and at once; the root key first. Raises OSError."""
        self.keep_root(data_dir)
        content = {
            "format": _FORMAT,
            "node": self.node,
            "link_address": self.link_address,
            "root_public_key": self.root_public_key.hex(),
            "tls_authority": self.tls_authority_pem.decode("ascii"),
            "tls_certificate": self.tls_certificate_pem.decode("ascii"),
            "directory": base64.b64encode(self.signed_directory).decode("ascii"),
        }
        write_private(data_dir / MEMBERSHIP_FILE, json.dumps(content, indent=2).encode("utf-8") + b"\n")

    def keep_root(self, data_dir: Path) -> None:
        """Writes the root key into its own file, where it is not there. Raises OSError."""
        if trusted_root(data_dir) != self.root_public_key:
            write_private(data_dir / TRUSTED_ROOT_FILE, self.root_public_key.hex().encode() + b"\n")

    @classmethod
    def load(cls, data_dir: Path) -> Membership:
        """Reads the file. Raises NotEnrolled, MembershipDamaged, PermissionsTooWide."""
        path = data_dir / MEMBERSHIP_FILE
        try:
            content = json.loads(read_private(path))
            if content["format"] != _FORMAT:
                raise MembershipDamaged(path=path)
            return cls(
                node=str(content["node"]),
                link_address=str(content["link_address"]),
                root_public_key=bytes.fromhex(content["root_public_key"]),
                tls_authority_pem=content["tls_authority"].encode("ascii"),
                tls_certificate_pem=content["tls_certificate"].encode("ascii"),
                signed_directory=base64.b64decode(content["directory"], validate=True),
            )
        except FileNotFoundError as error:
            raise NotEnrolled(path=path) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise MembershipDamaged(path=path) from error


def trusted_root(data_dir: Path) -> bytes | None:
    """The root key that the node trusts, by its own file; None where that is missing or damaged. Raises
    PermissionsTooWide, OSError."""
    path = data_dir / TRUSTED_ROOT_FILE
    if not path.exists():
        return None
    text = read_private(path).decode("ascii", "replace").strip()
    return bytes.fromhex(text) if _ROOT_KEY.fullmatch(text) else None
