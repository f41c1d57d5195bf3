"""A node's wish to replace its keys: what it asks of HQ, signed by its key in force. Pure; bytes are made elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from common.directory.continuity import key_statement
from common.directory.model import KeyUse, NodeEntry, NodeKey
from common.security.reader import HPKE_X25519
from common.security.signing import ED25519, key_id_of, verify

SUITES = {KeyUse.SIGNING: ED25519, KeyUse.PRIVATE_BODIES: HPKE_X25519}


@dataclass(frozen=True, slots=True)
class NextKey:
    """A node's next key for a use, in the place of `previous_key_id`.

    `signature`: by the node's signing key in force, as it will stand in the directory; `proof_of_possession`: by the
    new key itself, where it can sign.
    """

    use: KeyUse
    suite: str
    public_key: bytes
    previous_key_id: str
    signature: bytes
    proof_of_possession: bytes = b""

    @property
    def key_id(self) -> str:
        return key_id_of(self.suite, self.public_key)

    def statement(self, node: str, signed_by: str) -> bytes:
        """What both signatures are over."""
        return key_statement(node, self.use, self.suite, self.public_key, self.previous_key_id, signed_by)

    def is_proved(self, node: str, signer: NodeKey) -> bool:
        """Whether the node's key `signer` signed it, and whoever asks holds it."""
        statement = self.statement(node, signer.key_id)
        held = self.use is not KeyUse.SIGNING or verify(
            self.suite, self.public_key, self.proof_of_possession, statement
        )
        return held and verify(signer.suite, signer.public_key, self.signature, statement)

    def listed(self, signed_by: str, from_us: int) -> NodeKey:
        """The key as the directory lists it."""
        return NodeKey(
            key_id=self.key_id,
            use=self.use,
            suite=self.suite,
            public_key=self.public_key,
            valid_from_us=from_us,
            previous_key_signature=self.signature,
            previous_key_id=self.previous_key_id,
            signed_by=signed_by,
        )


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """The next keys of a node, and the request (PKCS#10, DER) for its next certificate; empty where that stays."""

    node: str
    signed_by: str
    keys: tuple[NextKey, ...] = ()
    tls_certificate_request: bytes = b""
    former_tls_fingerprint: bytes = b""

    @property
    def is_empty(self) -> bool:
        return not self.keys and not self.tls_certificate_request


def held_and_not_listed(entry: NodeEntry, key_ids: tuple[str, ...]) -> tuple[str, ...]:
    """Of a node's own keys, the newest first, those that are newer than any that the directory names: a rotation that
    is not finished. What stands behind a named one was given up, when the node was enrolled anew meanwhile."""
    listed = {key.key_id for key in entry.keys}
    return tuple(takewhile(lambda key_id: key_id not in listed, key_ids))
