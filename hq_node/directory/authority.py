"""What HQ needs beside its database to let nodes in: the root key, the TLS authority, addresses, chance, and limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from common.directory.model import Directory
from common.directory.signing import root_in_force
from common.ids import HQ
from common.security import tls
from common.security.keyring import Keyring
from common.security.private_files import make_private_directory, read_private, write_private
from common.security.signing import ED25519, Signer, key_id_of
from hq_node.directory.commands import FoundFederation
from hq_node.directory.model import RootKeyNotHeld

DAY_US = 86_400_000_000

TLS_DIRECTORY = "tls"
AUTHORITY_FILE = "authority.pem"
SERVER_FILE = "server.pem"


@dataclass(frozen=True, slots=True)
class AuthorityLimits:
    """How long things are valid, in microseconds."""

    invitation_valid_us: int = 3 * DAY_US
    invitation_valid_us_max: int = 30 * DAY_US
    directory_valid_us: int = 30 * DAY_US
    key_overlap_us: int = DAY_US
    """How long a key and the one that takes its place are both good, at least."""
    client_certificate_valid_us: int = 2 * 365 * DAY_US
    server_certificate_valid_us: int = 2 * 365 * DAY_US
    tls_authority_valid_us: int = 20 * 365 * DAY_US


@dataclass(frozen=True)
class Authority:
    """Bound to the directory's handlers when HQ starts. `entropy(n)`: n random bytes; addresses are host:port."""

    root_public_key: bytes
    """The federation's first root key, from which the directory's line of roots is followed."""
    root_signers: Callable[[], Sequence[Signer]] = field(repr=False)
    """The root keys that HQ holds at present: the one in force, and one that is to take its place."""
    tls: tls.TlsAuthority = field(repr=False)
    entropy: Callable[[int], bytes] = field(repr=False)
    enrolment_address: str
    link_address: str
    limits: AuthorityLimits = AuthorityLimits()
    host_names: tuple[str, ...] = ()
    """Names and addresses under which provinces may look for HQ, beside its own in certificates."""

    def signer_of(self, root_public_key: bytes) -> Signer:
        """The root key of that public key. Raises RootKeyNotHeld."""
        for signer in self.root_signers():
            if signer.public_key == root_public_key:
                return signer
        raise RootKeyNotHeld(key_id=key_id_of(ED25519, root_public_key))

    def holds_root_of(self, directory: Directory) -> bool:
        """Whether HQ itself can sign the version after `directory`."""
        in_force = self.root_of(directory)
        return any(signer.public_key == in_force for signer in self.root_signers())

    def root_of(self, directory: Directory) -> bytes:
        """The root key that signs `directory`."""
        return root_in_force(self.root_public_key, directory.roots)


class HqCertificates(NamedTuple):
    """HQ's TLS certificates, PEM: the authority's, and the one that both ports listen with."""

    authority: bytes
    server: bytes


def create_hq_certificates(
    data_dir: Path,
    keyring: Keyring,
    host_names: Sequence[str],
    entropy: Callable[[int], bytes],
    now_us: int,
    limits: AuthorityLimits,
) -> HqCertificates:
    """Issues and stores the TLS authority and HQ's server certificate. What is there already, and fits, stays: the
    directory names it by its fingerprint.

    `host_names`: host names and IP addresses under which provinces may look for HQ. Raises OSError, PermissionsTooWide.
    """
    directory = data_dir / TLS_DIRECTORY
    make_private_directory(directory)
    authority_file = directory / AUTHORITY_FILE
    if authority_file.exists():
        authority = tls.TlsAuthority(keyring.tls_authority_key, read_private(authority_file))
    else:
        serial = entropy(tls.SERIAL_BYTES)
        authority = tls.issue_authority(keyring.tls_authority_key, serial, now_us, limits.tls_authority_valid_us)
        write_private(authority_file, authority.certificate_pem)
    server = _stored_server_certificate(directory / SERVER_FILE, authority, keyring)
    if not server:
        server = tls.issue_server_certificate(
            authority,
            keyring.tls_key.public_key(),
            HQ,
            host_names,
            entropy(tls.SERIAL_BYTES),
            now_us,
            limits.server_certificate_valid_us,
        )
        write_private(directory / SERVER_FILE, server)
    return HqCertificates(authority.certificate_pem, server)


def _stored_server_certificate(file: Path, authority: tls.TlsAuthority, keyring: Keyring) -> bytes:
    """The server certificate (PEM) that is there for the key in use; empty: there is none."""
    if not file.exists():
        return b""
    server = read_private(file)
    try:
        tls.require_issued_for(server, authority.certificate_pem, HQ, keyring.tls_key.public_key())
    except tls.CertificateUnusable:
        return b""
    return server


def store_server_certificate(data_dir: Path, certificate: bytes) -> None:
    """Puts the next server certificate (PEM) in the place of the former one. Raises OSError."""
    write_private(server_certificate_file(data_dir), certificate)


def server_certificate_file(data_dir: Path) -> Path:
    """Where the certificate of HQ's ports is; it is replaced as a whole."""
    return data_dir / TLS_DIRECTORY / SERVER_FILE


def load_hq_certificates(data_dir: Path) -> HqCertificates:
    """Reads what `create_hq_certificates` stored. Raises OSError, PermissionsTooWide."""
    directory = data_dir / TLS_DIRECTORY
    return HqCertificates(read_private(directory / AUTHORITY_FILE), read_private(directory / SERVER_FILE))


def founding_command(keyring: Keyring, certificates: HqCertificates) -> FoundFederation:
    """The command by which HQ puts itself into version 1 of the directory."""
    return FoundFederation(
        signing_public_key=keyring.signer.public_key,
        private_body_public_key=keyring.private_body_keys.reader(HQ).public_key,
        tls_fingerprint=tls.fingerprint(certificates.server),
    )
