"""The keys of the running node: held in its keyring, in force as the directory says.

A node makes its next key, has HQ name it in a directory, and signs with it from the moment when it has taken that
directory. So nothing has to be switched, and a node that stops anywhere on the way goes on with the key that the
directory in its database names.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from common.directory.model import Directory, KeyUse, NodeEntry, NodeKey, OwnKeys
from common.directory.rotation import SUITES, KeyRotation, NextKey, held_and_not_listed
from common.errors import TemporaryFault
from common.security import tls
from common.security.keyring import Keyring, KeyringUse
from common.security.private_keys import public_bytes
from common.security.signing import Signer, key_id_of

ROTATED_USES = {KeyUse.SIGNING: KeyringUse.SIGNING, KeyUse.PRIVATE_BODIES: KeyringUse.PRIVATE_BODIES}


class OwnKeysMissing(TemporaryFault):
    """The directory names keys of this node that this process does not hold."""

    en = "This process does not hold the node's keys {keys}, which the directory names: it seals and opens nothing."
    zh = "本进程不持有目录所列的本节点密钥 {keys}，因此不签封、也不解密任何内容。"
    mend_en = "Bring keys/ and tls/ from the process where the keys were replaced to {path}; it goes on by itself."
    mend_zh = "请将更换密钥的进程的 keys/ 和 tls/ 复制到 {path}，本进程会自动继续。"


class _InForce(NamedTuple):
    directory: Directory
    keyring: Keyring
    keys: tuple[tuple[NodeKey, Signer], ...]


class NodeKeys:
    """What the node signs and reads with. `keyring` is replaced as keys come and go; this object stays.

    Safe to read on any thread: each reading takes the keyring once.
    """

    def __init__(self, node: str, data_dir: Path, keyring: Keyring) -> None:
        self.node = node
        self.data_dir = data_dir
        self.keyring = keyring
        self.missing: tuple[str, ...] = ()
        """Keys of the node that the directory names and this process does not hold, where others of its processes do.
        As long as there are any, nothing is sealed or opened here: what is on its way belongs to those others."""
        self.not_read_because = ""
        """Why the files could not be read anew the last time, in words; empty: they were."""
        self._in_force: _InForce | None = None

    @property
    def missing_and_why(self) -> str:
        """Which keys are missing, and why where that is known, for whoever must bring them; empty: none are."""
        return ": ".join(filter(None, (", ".join(self.missing), self.not_read_because))) if self.missing else ""

    # In force

    def choose_signer(self, directory: Directory, now_us: int) -> Signer:
        """The newest of the node's keys that the directory names and that is valid; where none is (the node was shut
        out), the newest that it names, so that the node says what it has to say as itself.

        A key is valid once a directory names it, though this node's clock be behind HQ's, or be set back later: a node
        that has sealed by its next key never goes back to the former one, which HQ may have ended.

        Raises OwnKeysMissing.
        """
        self._require_all()
        known, keyring = self._in_force, self.keyring
        if known is None or known.directory is not directory or known.keyring is not keyring:
            known = self._in_force = _InForce(directory, keyring, _listed_signers(self.node, directory, keyring))
        at_us = max(now_us, directory.issued_at_us)
        for key, signer in known.keys:
            if key.valid_at(at_us):
                return signer
        return known.keys[0][1] if known.keys else keyring.signers[-1]

    def unwrap(self, key_id: str, wrapped: bytes, info: bytes) -> bytes | None:
        """As `common.security.private_bodies.PrivateKeys`. Raises OwnKeysMissing."""
        self._require_all()
        return self.keyring.private_body_keys.unwrap(key_id, wrapped, info)

    def own_keys(self, certificate_pem: bytes) -> OwnKeys:
        """What the directory must say about this node."""
        keyring = self.keyring
        return OwnKeys(
            node=self.node,
            signing=frozenset(signer.key_id for signer in keyring.signers),
            private_bodies=frozenset(keyring.private_body_keys.public_keys),
            tls_fingerprint=tls.fingerprint(certificate_pem),
            tls_renewing=self._certificate_is_old(certificate_pem),
        )

    def not_held(self, directory: Directory) -> tuple[str, ...]:
        """The open keys that a directory names for this node, and its keyring lacks."""
        return not_held(directory, self.node, self.keyring)

    def reread(self) -> None:
        """Takes up what other processes of the node have stored. Raises what `Keyring.reread` raises."""
        self.keyring = self.keyring.reread(self.data_dir)

    def _require_all(self) -> None:
        if self.missing:
            raise OwnKeysMissing(keys=", ".join(self.missing), path=self.data_dir)

    # Replaced

    def add(self, entry: NodeEntry, certificate_pem: bytes, uses: Iterable[KeyringUse]) -> None:
        """Makes the next keys for `uses`, all of them or none, and stores them. A use whose next key is there already,
        and which HQ has not named yet, gets no other. Raises KeyNotHeld, OSError."""
        wanted = tuple(dict.fromkeys(uses))

        def not_begun(stored: Keyring) -> list[KeyringUse]:
            begun = _unfinished(stored, entry, certificate_pem)
            return [use for use in wanted if use not in begun]

        # Asked of what is stored: another process of the node may have begun at the same moment.
        self.keyring = self.keyring.with_new_keys_where(self.data_dir, not_begun)

    def unfinished(self, entry: NodeEntry, certificate_pem: bytes) -> set[KeyringUse]:
        """The uses with a key that HQ has yet to name."""
        return _unfinished(self.keyring, entry, certificate_pem)

    def rotation(self, directory: Directory, certificate_pem: bytes, now_us: int) -> KeyRotation:
        """What to ask of HQ so that `unfinished` keys are named. The same keys and directory give the same wish."""
        entry, signer, keyring = directory.node(self.node), self.choose_signer(directory, now_us), self.keyring
        assert entry is not None, "only a node that is in the directory replaces its keys"
        keys = []
        listed = {key.key_id for key in entry.keys}
        for use, of_use in ROTATED_USES.items():
            newest = keyring.keys(of_use)[0]
            if key_id_of(SUITES[use], public_bytes(newest)) not in listed:
                keys.append(self._next_key(use, public_bytes(newest), entry, signer))
        renewing = self._certificate_is_old(certificate_pem)
        return KeyRotation(
            node=self.node,
            signed_by=signer.key_id,
            keys=tuple(keys),
            tls_certificate_request=tls.certificate_request(keyring.tls_key, self.node) if renewing else b"",
            former_tls_fingerprint=tls.fingerprint(certificate_pem) if renewing else b"",
        )

    def drop(self, entry: NodeEntry, certificate_pem: bytes, now_us: int, private_keys_kept_us: int) -> list[str]:
        """Does away with the private halves of keys that have ended: signing keys at once, keys for private bodies when
        no message under them can be on its way any more, TLS keys of former certificates. Returns the key ids.

        Raises OSError.
        """
        dropped = []
        kept_us = {KeyUse.SIGNING: 0, KeyUse.PRIVATE_BODIES: private_keys_kept_us}
        for use, of_use in ROTATED_USES.items():
            ended = {
                key.public_key: key.key_id
                for key in entry.keys
                if key.use is use and not key.open and key.valid_until_us + kept_us[use] <= now_us
            }
            held = {public_bytes(key) for key in self.keyring.keys(of_use)[1:]}
            gone = ended.keys() & held
            if gone:
                self.keyring = self.keyring.without(self.data_dir, of_use, gone)
                dropped += [ended[public_key] for public_key in gone]
        dropped += self._drop_tls_keys(entry, certificate_pem, now_us)
        return dropped

    def _drop_tls_keys(self, entry: NodeEntry, certificate_pem: bytes, now_us: int) -> list[str]:
        keys = self.keyring.keys(KeyringUse.TLS)
        in_use = public_bytes(self.keyring.tls_key_of(certificate_pem))
        former = {public_bytes(key) for key in keys[1:] if public_bytes(key) != in_use}
        if not former or now_us < entry.former_tls_until_us:
            return []
        self.keyring = self.keyring.without(self.data_dir, KeyringUse.TLS, former)
        return [key_id_of("ecdsa-p256", public_key) for public_key in former]

    def _certificate_is_old(self, certificate_pem: bytes) -> bool:
        return _is_old(certificate_pem, self.keyring)

    def _next_key(self, use: KeyUse, public_key: bytes, entry: NodeEntry, signer: Signer) -> NextKey:
        previous = entry.newest(use)
        key = NextKey(use, SUITES[use], public_key, previous.key_id if previous is not None else "", b"")
        statement = key.statement(self.node, signer.key_id)
        proof = self.keyring.signers[0].sign(statement) if use is KeyUse.SIGNING else b""
        return NextKey(use, key.suite, public_key, key.previous_key_id, signer.sign(statement), proof)


def not_held(directory: Directory, node: str, keyring: Keyring) -> tuple[str, ...]:
    """The open keys that a directory names for a node, and a keyring lacks."""
    entry = directory.node(node)
    held = {signer.key_id for signer in keyring.signers} | set(keyring.private_body_keys.public_keys)
    return tuple(key.key_id for key in (entry.keys if entry is not None else ()) if key.open and key.key_id not in held)


def _unfinished(keyring: Keyring, entry: NodeEntry, certificate_pem: bytes) -> set[KeyringUse]:
    signing = tuple(signer.key_id for signer in keyring.signers)
    found = {KeyringUse.SIGNING} if held_and_not_listed(entry, signing) else set()
    if held_and_not_listed(entry, tuple(keyring.private_body_keys.public_keys)):
        found.add(KeyringUse.PRIVATE_BODIES)
    if _is_old(certificate_pem, keyring):
        found.add(KeyringUse.TLS)
    return found


def _is_old(certificate_pem: bytes, keyring: Keyring) -> bool:
    """Whether the node has made a newer TLS key than its certificate's."""
    return keyring.tls_key_of(certificate_pem) is not keyring.tls_key


def _listed_signers(node: str, directory: Directory, keyring: Keyring) -> tuple[tuple[NodeKey, Signer], ...]:
    """The node's own keys that the directory names, the newest first."""
    entry = directory.node(node)
    held: dict[str, Signer] = {signer.key_id: signer for signer in keyring.signers}
    listed = [key for key in (entry.keys if entry is not None else ()) if key.use is KeyUse.SIGNING]
    newest_first = sorted(enumerate(listed), key=lambda placed: (placed[1].valid_from_us, placed[0]), reverse=True)
    return tuple((key, held[key.key_id]) for _, key in newest_first if key.key_id in held)
