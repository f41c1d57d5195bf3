"""HQ's enrolment desk on files of its own, run inline; and a new node that comes to it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from common.clock import Clock
from common.db.engine import open_writer, store_of
from common.directory.invitation import Invitation, decode_invitation
from common.directory.model import Directory
from common.directory.proof import enrolment_proof_bytes
from common.directory.repository import latest
from common.directory.signing import open_directory
from common.ids import IdSource
from common.security import tls
from common.security.keyring import Keyring
from common.security.signing import Ed25519Signer
from hq_node.directory.authority import Authority, AuthorityLimits, create_hq_certificates, founding_command
from hq_node.directory.commands import InviteNode, RequestEnrolment
from hq_node.directory.handlers import handlers
from hq_node.directory.repository import DirectoryUnitOfWork
from hq_node.hub.repository import last_word_us

START_US = 1_800_000_000_000_000


class HandClock:
    """A clock that is moved by hand."""

    def __init__(self, at_us: int = START_US) -> None:
        self.at_us = at_us

    def now_us(self) -> int:
        return self.at_us

    def monotonic_us(self) -> int:
        return self.at_us


def counted_entropy() -> Callable[[int], bytes]:
    """Bytes that look random, are never the same twice, and are the same in every run."""
    count = 0

    def entropy(size: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.shake_256(b"%d" % count).digest(size)

    return entropy


class DeskUnitOfWork(DirectoryUnitOfWork):
    """Of a federation that works already."""

    def last_word_us(self, node: str, around_us: int) -> int:
        return last_word_us(self, node, around_us)


class EnrolmentDesk:
    """HQ's keys, database and handlers; each command is a group of its own, as with the dispatcher."""

    def __init__(self, data_dir: Path, url: str, clock: Clock, enrolment_address: str = "hq.example:7001") -> None:
        self.clock = clock
        self.keyring = Keyring.create(data_dir, hq=True)
        entropy = counted_entropy()
        limits = AuthorityLimits()
        self.certificates = create_hq_certificates(
            data_dir, self.keyring, ["localhost"], os.urandom, clock.now_us(), limits
        )
        self.authority = Authority(
            root_public_key=self.keyring.root_signer.public_key,
            root_signers=lambda: self.keyring.root_signers,
            tls=tls.TlsAuthority(self.keyring.tls_authority_key, self.certificates.authority),
            entropy=entropy,
            enrolment_address=enrolment_address,
            link_address="hq.example:7002",
            limits=limits,
        )
        self._engine = open_writer(url)
        self.connection = self._engine.connect()
        self._ids = IdSource(clock, entropy)
        self.events: list[Any] = []

    def found(self) -> Directory:
        """Version 1 of the directory."""
        directory: Directory = self.run(founding_command(self.keyring, self.certificates))
        return directory

    def run(self, command: Any) -> Any:
        """One command in one group; what it raises undoes it."""
        store = store_of(self.connection)
        store.begin(self.connection)
        uow = DeskUnitOfWork(self.connection, self._ids, self.clock.now_us())
        uow.alone = True
        uow.begin_item()
        try:
            result = handlers(self.authority)[type(command)](command, uow)
        except BaseException:
            uow.drop_item()
            store.roll_back(self.connection)
            raise
        uow.keep_item()
        uow.flush()
        store.commit(self.connection)
        self.events.extend(uow.events)
        return result

    async def execute(self, command: Any) -> Any:
        """The same, as the dispatcher offers it to servicers."""
        return self.run(command)

    def invite(self, node: str) -> str:
        """An invitation as text."""
        text: str = self.run(InviteNode(node, invited_by="operator")).text
        return text

    @property
    def directory(self) -> Directory:
        """The latest version that was published."""
        signed = latest(self.connection)
        assert signed is not None
        return open_directory(signed, self.authority.root_public_key)

    def close(self) -> None:
        self.connection.close()
        self._engine.dispose()


class Candidate:
    """A node that asks to join, honestly unless told otherwise."""

    def __init__(self, node: str, seed: int = 1) -> None:
        self.node = node
        self.signer = Ed25519Signer(bytes([seed]) * 32)
        self.private_body_public_key = bytes([9]) + bytes([seed]) * 31
        self.tls_key = ec.derive_private_key(seed + 1_000, ec.SECP256R1())

    def request(self, invitation: str | Invitation, **changes: Any) -> RequestEnrolment:
        """The request; `changes` are made after the proof was computed."""
        invited = decode_invitation(invitation) if isinstance(invitation, str) else invitation
        certificate_request = tls.certificate_request(self.tls_key, self.node)
        proof = self.signer.sign(
            enrolment_proof_bytes(
                self.node,
                invited.secret,
                self.signer.public_key,
                self.private_body_public_key,
                certificate_request,
            )
        )
        parts: dict[str, Any] = {
            "node": self.node,
            "invitation_secret": invited.secret,
            "signing_public_key": self.signer.public_key,
            "private_body_public_key": self.private_body_public_key,
            "tls_certificate_request": certificate_request,
            "proof_of_possession": proof,
            "software_version": "0.1.0",
        }
        return RequestEnrolment(**(parts | changes))
