"""The federation's TLS: one authority at HQ, a certificate a node, and credentials for gRPC made of them.

A node's name in certificates is `<node>.quanwang.node`, whatever the machine is called; provinces dial an address and
expect that name. Which certificate a node may use now is said by the directory, which names its fingerprint.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from common.errors import Fault, Refusal
from common.ids import HQ, NODE_PATTERN

SERIAL_BYTES = 19
"""Random bytes of a serial number; below the 20 that X.509 allows."""
BACKDATED_US = 3_600_000_000
"""Certificates begin an hour before they are issued, since clocks differ."""

_AUTHORITY_NAME = "Quanwang federation TLS authority"
_REQUEST_BYTES_MAX = 4_096


class CertificateRequestInvalid(Refusal):
    """A certificate request is not one, is for another node, or its key is not P-256."""

    en = "The certificate request of node {node} is not acceptable: it must be signed, for that node, with a P-256 key."
    zh = "节点 {node} 的证书请求不可接受：必须由该节点使用 P-256 密钥签名。"


class CertificateUnusable(Fault):
    """A certificate cannot be read, or names no node."""

    en = "The TLS certificate cannot be used: {detail}."
    zh = "TLS 证书不可用：{detail}。"


@dataclass(frozen=True)
class TlsAuthority:
    """The certificate authority of the federation's TLS: its key and its own certificate (PEM)."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)
    certificate_pem: bytes


def node_name(node: str) -> str:
    """The DNS name of a node in certificates."""
    return f"{node}.quanwang.node"


def issue_authority(key: ec.EllipticCurvePrivateKey, serial: bytes, now_us: int, valid_us: int) -> TlsAuthority:
    """A self-signed authority, valid for `valid_us` microseconds from `now_us`. `serial`: SERIAL_BYTES random bytes."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _AUTHORITY_NAME)])
    certificate = (
        _builder(key.public_key(), serial, now_us, valid_us)
        .subject_name(name)
        .issuer_name(name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    return TlsAuthority(key, to_pem(certificate))


def certificate_request(key: ec.EllipticCurvePrivateKey, node: str) -> bytes:
    """A request (PKCS#10, DER) for the certificate of `node`. The same key and node give the same bytes."""
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(_node_subject(node))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(node_name(node))]), critical=False)
        .sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    return request.public_bytes(serialization.Encoding.DER)


def requested_key(request: bytes, node: str) -> ec.EllipticCurvePublicKey:
    """The key that a request (DER) is for, after checking that it is its holder's and for `node`.

    Raises CertificateRequestInvalid; never anything else, whatever the bytes are.
    """
    try:
        if len(request) > _REQUEST_BYTES_MAX:
            raise ValueError
        parsed = x509.load_der_x509_csr(request)
        key = parsed.public_key()
        acceptable = parsed.is_signature_valid and parsed.subject == _node_subject(node)
    except Exception as error:  # The parser's own errors are many, and some are not ValueErrors.
        raise CertificateRequestInvalid(node=node) from error
    if not acceptable or not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise CertificateRequestInvalid(node=node)
    return key


def requested_key_bytes(request: bytes, node: str) -> bytes:
    """The same as DER SubjectPublicKeyInfo. Raises CertificateRequestInvalid."""
    key = requested_key(request, node)
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def public_key_bytes(certificate_pem: bytes) -> bytes:
    """A certificate's key as DER SubjectPublicKeyInfo. Raises CertificateUnusable."""
    key = _load(certificate_pem).public_key()
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def other_names(certificate_pem: bytes) -> tuple[str, ...]:
    """The host names and addresses in a certificate, beside the node's own name. Raises CertificateUnusable."""
    certificate = _load(certificate_pem)
    own = node_name(peer_node_from_certificate(certificate_pem)[0])
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    hosts = [name for name in names.get_values_for_type(x509.DNSName) if name != own]
    return (*hosts, *map(str, names.get_values_for_type(x509.IPAddress)))


def validity_us(certificate_pem: bytes) -> tuple[int, int]:
    """From when until when a certificate is valid (µs). Raises CertificateUnusable."""
    certificate = _load(certificate_pem)
    from_us = int(certificate.not_valid_before_utc.timestamp()) * 1_000_000
    return from_us, int(certificate.not_valid_after_utc.timestamp()) * 1_000_000


def issue_client_certificate(
    authority: TlsAuthority, request: bytes, node: str, serial: bytes, now_us: int, valid_us: int
) -> bytes:
    """The certificate (PEM) by which `node` dials HQ. Of the request (DER) only the key is taken over.

    Raises CertificateRequestInvalid.
    """
    key = requested_key(request, node)
    return _issue(authority, key, node, (), serial, now_us, valid_us, ExtendedKeyUsageOID.CLIENT_AUTH)


def issue_server_certificate(
    authority: TlsAuthority,
    public_key: ec.EllipticCurvePublicKey,
    node: str,
    other_names: Sequence[str],
    serial: bytes,
    now_us: int,
    valid_us: int,
) -> bytes:
    """The certificate (PEM) with which `node` listens; `other_names` are host names and IP addresses beside its own."""
    return _issue(authority, public_key, node, other_names, serial, now_us, valid_us, ExtendedKeyUsageOID.SERVER_AUTH)


def fingerprint(certificate_pem: bytes) -> bytes:
    """SHA-256 of a certificate's DER. Raises CertificateUnusable."""
    return hashlib.sha256(pem_to_der(certificate_pem)).digest()


def peer_node_from_certificate(certificate_pem: bytes) -> tuple[str, bytes]:
    """The node that a verified peer certificate is for, and its fingerprint. Raises CertificateUnusable.

    Only says what the certificate says: the chain was checked by TLS, and the directory must name the fingerprint.
    """
    certificate = _load(certificate_pem)
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    node = str(names[0].value) if len(names) == 1 else ""
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        alternative_names = alternatives.get_values_for_type(x509.DNSName)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError) as error:
        raise CertificateUnusable(detail="it names no node") from error
    if not NODE_PATTERN.fullmatch(node) or node_name(node) not in alternative_names:
        raise CertificateUnusable(detail="it names no node")
    return node, hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()


def peer_named_by(certificates_pem: Iterable[bytes]) -> tuple[str, bytes]:
    """The same for what a transport tells of its peer; empty where there is no certificate that names a node."""
    try:
        return peer_node_from_certificate(bytes(next(iter(certificates_pem), b"")))
    except CertificateUnusable:
        return "", b""


def require_issued_for(
    certificate_pem: bytes, authority_pem: bytes, node: str, public_key: ec.EllipticCurvePublicKey
) -> None:
    """Raises CertificateUnusable unless the certificate is the authority's, for `node`, and of this key."""
    certificate, authority = _load(certificate_pem), _load(authority_pem)
    if peer_node_from_certificate(certificate_pem)[0] != node:
        raise CertificateUnusable(detail="it is for another node")
    if certificate.public_key() != public_key:
        raise CertificateUnusable(detail="it is for another key")
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise CertificateUnusable(detail="the federation's authority did not issue it") from error


def pem_to_der(certificate_pem: bytes) -> bytes:
    """A certificate's DER. Raises CertificateUnusable."""
    return _load(certificate_pem).public_bytes(serialization.Encoding.DER)


def der_to_pem(certificate_der: bytes) -> bytes:
    """A certificate's PEM. Raises CertificateUnusable."""
    try:
        return to_pem(x509.load_der_x509_certificate(certificate_der))
    except ValueError as error:
        raise CertificateUnusable(detail="it cannot be read") from error


def to_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


# Credentials for gRPC. Keys and certificates are PEM.


def federation_server_credentials(key: bytes, certificate: bytes, authority: bytes) -> grpc.ServerCredentials:
    """For HQ's federation port: only holders of a certificate by the authority get in."""
    return grpc.ssl_server_credentials([(key, certificate)], root_certificates=authority, require_client_auth=True)


def enrolment_server_credentials(key: bytes, certificate: bytes) -> grpc.ServerCredentials:
    """For HQ's enrolment port: whoever comes has no certificate yet."""
    return grpc.ssl_server_credentials([(key, certificate)])


def server_credentials(
    key_and_certificate: Callable[[], tuple[bytes, bytes]], authority: bytes | None = None
) -> grpc.ServerCredentials:
    """For HQ's ports, with a key and a certificate that may be replaced while the port is open: each handshake takes
    those of its moment. `authority`: only holders of a certificate by it get in; None: anybody does."""
    given: list[tuple[bytes, bytes]] = []

    def configuration() -> grpc.ServerCertificateConfiguration:
        given[:] = [key_and_certificate()]
        return grpc.ssl_server_certificate_configuration(given, authority)

    def changed() -> Any:
        # None: nothing has changed. The stubs do not know that this is allowed.
        return None if given == [key_and_certificate()] else configuration()

    return grpc.dynamic_ssl_server_credentials(configuration(), changed, require_client_authentication=bool(authority))


def province_channel_credentials(key: bytes, certificate: bytes, authority: bytes) -> grpc.ChannelCredentials:
    """For a province that dials HQ's federation port."""
    return grpc.ssl_channel_credentials(authority, private_key=key, certificate_chain=certificate)


def enrolment_channel_credentials(authority: bytes) -> grpc.ChannelCredentials:
    """For a node that has nothing but an invitation, which names the authority."""
    return grpc.ssl_channel_credentials(authority)


def hq_name_options() -> list[tuple[str, str]]:
    """Channel options: whatever address is dialled, the certificate found there must be HQ's."""
    return [("grpc.ssl_target_name_override", node_name(HQ))]


def _issue(
    authority: TlsAuthority,
    public_key: ec.EllipticCurvePublicKey,
    node: str,
    other_names: Sequence[str],
    serial: bytes,
    now_us: int,
    valid_us: int,
    purpose: x509.ObjectIdentifier,
) -> bytes:
    issuer = _load(authority.certificate_pem)
    names: list[x509.GeneralName] = [x509.DNSName(node_name(node)), *map(_general_name, other_names)]
    certificate = (
        _builder(public_key, serial, now_us, valid_us)
        .subject_name(_node_subject(node))
        .issuer_name(issuer.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
        .sign(authority.key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    return to_pem(certificate)


def _builder(
    public_key: ec.EllipticCurvePublicKey, serial: bytes, now_us: int, valid_us: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .public_key(public_key)
        .serial_number(int.from_bytes(serial[:SERIAL_BYTES], "big") | 1)
        .not_valid_before(_moment(now_us - BACKDATED_US))
        .not_valid_after(_moment(now_us + valid_us))
    )


def _key_usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _node_subject(node: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, node)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=microseconds // 1_000_000)


def _load(certificate_pem: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(certificate_pem)
    except ValueError as error:
        raise CertificateUnusable(detail="it cannot be read") from error
