"""Private bodies: personal data that travels encrypted, and that only its readers can open.

The plaintext is encrypted once, with a fresh content key; the content key is wrapped for every reader (the recipient,
and the sender, who must be able to show what it sent). Both steps are bound to the digest of the routing bytes: under
another header neither opens, so nobody can resend a body as part of another message.

AES-GCM alone would let a dishonest sender make one ciphertext that opens to two different texts under two content keys.
So 32 zero bytes stand before the text: they can come out right under one key only, and all readers see the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError

from common.errors import Fault, Refusal
from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.security.encoding import tagged_digest
from common.security.reader import HPKE_X25519, Reader
from common.security.signing import key_id_of
from common.security.token_keys import TokenKey

__all__ = [
    "HPKE_X25519",
    "PLAINTEXT_BYTES_MAX",
    "PRIVATE_BODY_BYTES_MAX",
    "READERS_MAX",
    "NotAReader",
    "PrivateBodyAltered",
    "PrivateBodyMalformed",
    "PrivateBodyTooLarge",
    "PrivateBodyUnreadable",
    "PrivateKeys",
    "Reader",
    "ReaderKeyUnknown",
    "ReadersUnusable",
    "X25519PrivateKeys",
    "decrypt_private_body",
    "encrypt_private_body",
]

PRIVATE_BODY_DOMAIN = b"quanwang/private-body/v1"

READERS_MAX = 8
PRIVATE_BODY_BYTES_MAX = 262_144
"""Of the serialised, encrypted body."""
PLAINTEXT_BYTES_MAX = PRIVATE_BODY_BYTES_MAX - 4_096
"""What remains for the text beside the wrapped keys of READERS_MAX readers."""

_KEY_BYTES = 32
_NONCE_BYTES = 12
_COMMITMENT = bytes(32)
_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class PrivateBodyTooLarge(Refusal):
    """More personal data than one message takes."""

    en = "The personal data of this message is {bytes} bytes; the limit is {bytes_max}."
    zh = "该报文的个人信息为 {bytes} 字节，超过上限 {bytes_max} 字节。"


class ReadersUnusable(Fault):
    """The body cannot be encrypted for these readers: none, too many, or one whose key is no key."""

    en = "A private body needs between 1 and {readers_max} readers with valid keys (node {node})."
    zh = "加密个人信息需要 1 至 {readers_max} 个密钥有效的读取方（节点 {node}）。"


class PrivateBodyUnreadable(Fault):
    """Base of the reasons for which a private body cannot be opened; `code` names the reason."""

    en = "The private body cannot be opened by node {node}."
    zh = "节点 {node} 无法打开该加密内容。"


class NotAReader(PrivateBodyUnreadable):
    """The body was not encrypted for this node."""

    en = "The private body was not encrypted for node {node}."
    zh = "该加密内容不是为节点 {node} 加密的。"


class ReaderKeyUnknown(PrivateBodyUnreadable):
    """The body was encrypted for this node, with a key that it does not hold."""

    en = "The private body was encrypted for node {node} with a key that it does not hold ({key_id})."
    zh = "该加密内容使用了节点 {node} 未持有的密钥（{key_id}）加密。"


class PrivateBodyAltered(PrivateBodyUnreadable):
    """The bytes were changed, or belong to another message."""

    en = "The private body was altered, or was sent before under another header (node {node})."
    zh = "该加密内容已被篡改，或是从其他报文转发而来（节点 {node}）。"


class PrivateBodyMalformed(PrivateBodyUnreadable):
    """The bytes are no private body, or are larger than the limit."""

    en = "This is not a private body, or it is larger than the limit (node {node})."
    zh = "内容不是有效的加密内容，或超过大小上限（节点 {node}）。"


class PrivateKeys(Protocol):
    """A node's private keys for private bodies; they may live in files or in a hardware module."""

    def unwrap(self, key_id: str, wrapped: bytes, info: bytes) -> bytes | None:
        """The content key, or None where it was not wrapped for this key and this `info`. KeyError: not held.

        Raises KeyTokenUnavailable, KeyNotOnToken where it lives in a token."""


class X25519PrivateKeys:
    """Keys held in memory or in a token: the current one first, then the former ones, with which earlier bodies are
    still read."""

    def __init__(self, keys: Iterable[X25519PrivateKey | TokenKey]) -> None:
        self._keys: dict[str, X25519PrivateKey | TokenKey] = {}
        self.public_keys: dict[str, bytes] = {}
        """Public keys by key id, the current one first."""
        for key in keys:
            public_key = key.public_key if isinstance(key, TokenKey) else key.public_key().public_bytes_raw()
            key_id = key_id_of(HPKE_X25519, public_key)
            self._keys[key_id] = key
            self.public_keys[key_id] = public_key

    def __repr__(self) -> str:
        return f"X25519PrivateKeys({', '.join(self._keys)})"

    def reader(self, node: str) -> Reader:
        """This node as a reader, with its current key."""
        key_id, public_key = next(iter(self.public_keys.items()))
        return Reader(node, key_id, public_key)

    def unwrap(self, key_id: str, wrapped: bytes, info: bytes) -> bytes | None:
        key = self._keys[key_id]
        if isinstance(key, TokenKey):
            return key.unwrap(wrapped, info)
        try:
            return _SUITE.decrypt(wrapped, key, info)
        except (InvalidTag, ValueError):
            return None


def encrypt_private_body(plaintext: bytes, routing: bytes, readers: Sequence[Reader]) -> bytes:
    """A serialised PrivateBody for `readers` (the sender among them), bound to the `routing` bytes of its message.

    Raises PrivateBodyTooLarge, ReadersUnusable.
    """
    if len(plaintext) > PLAINTEXT_BYTES_MAX:
        raise PrivateBodyTooLarge(bytes=len(plaintext), bytes_max=PLAINTEXT_BYTES_MAX)
    if not 0 < len(readers) <= READERS_MAX:
        raise ReadersUnusable(node="-", readers_max=READERS_MAX)
    binding = _binding(routing)
    content_key, nonce = os.urandom(_KEY_BYTES), os.urandom(_NONCE_BYTES)
    body = pb.PrivateBody(nonce=nonce, ciphertext=AESGCM(content_key).encrypt(nonce, _COMMITMENT + plaintext, binding))
    for reader in dict.fromkeys(readers):
        try:
            wrapped = _SUITE.encrypt(content_key, X25519PublicKey.from_public_bytes(reader.public_key), binding)
        except ValueError as error:
            raise ReadersUnusable(node=reader.node, readers_max=READERS_MAX) from error
        body.keys.add(node=reader.node, key_id=reader.key_id, wrapped=wrapped)
    return body.SerializeToString()


def decrypt_private_body(private_body: bytes, routing: bytes, node: str, keys: PrivateKeys) -> bytes:
    """The plaintext, for `node`. `routing`: the exact routing bytes of the message that the body came with.

    Raises a PrivateBodyUnreadable: NotAReader, ReaderKeyUnknown, PrivateBodyAltered or PrivateBodyMalformed; never
    anything else, whatever the bytes are, but what the keys' token raises.
    """
    body = _parse(private_body, node)
    own = [wrapped for wrapped in body.keys if wrapped.node == node]
    if not own:
        raise NotAReader(node=node)
    binding = _binding(routing)
    key_held = False
    for wrapped in own:
        try:
            content_key = keys.unwrap(wrapped.key_id, wrapped.wrapped, binding)
        except KeyError:
            continue
        key_held = True
        if content_key is not None and len(content_key) == _KEY_BYTES:
            return _open(body, content_key, binding, node)
    if not key_held:
        raise ReaderKeyUnknown(node=node, key_id=own[0].key_id)
    raise PrivateBodyAltered(node=node)


def _open(body: pb.PrivateBody, content_key: bytes, binding: bytes, node: str) -> bytes:
    try:
        padded = AESGCM(content_key).decrypt(body.nonce, body.ciphertext, binding)
    except InvalidTag as error:
        raise PrivateBodyAltered(node=node) from error
    if not padded.startswith(_COMMITMENT):
        raise PrivateBodyAltered(node=node)
    return padded[len(_COMMITMENT) :]


def _parse(private_body: bytes, node: str) -> pb.PrivateBody:
    if len(private_body) > PRIVATE_BODY_BYTES_MAX:
        raise PrivateBodyMalformed(node=node)
    try:
        body = pb.PrivateBody.FromString(private_body)
    except DecodeError as error:
        raise PrivateBodyMalformed(node=node) from error
    if len(body.nonce) != _NONCE_BYTES or len(body.keys) > READERS_MAX:
        raise PrivateBodyMalformed(node=node)
    return body


def _binding(routing: bytes) -> bytes:
    return tagged_digest(PRIVATE_BODY_DOMAIN, routing)
