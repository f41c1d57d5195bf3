"""Certificates say which node speaks; only HQ's authority makes them, and only for whoever holds the key."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from common.security import tls
from common.security.tls import CertificateRequestInvalid, CertificateUnusable, TlsAuthority

NOW_US = 1_700_000_000_000_000
YEAR_US = 365 * 86_400_000_000
SERIAL = bytes(range(1, 20))


class Issued(NamedTuple):
    authority: TlsAuthority
    key: ec.EllipticCurvePrivateKey
    certificate: bytes


@pytest.fixture(scope="module")
def authority() -> TlsAuthority:
    return tls.issue_authority(new_key(), SERIAL, NOW_US, 10 * YEAR_US)


@pytest.fixture(scope="module")
def shanghai(authority: TlsAuthority) -> Issued:
    key = new_key()
    request = tls.certificate_request(key, "31")
    return Issued(authority, key, tls.issue_client_certificate(authority, request, "31", SERIAL, NOW_US, YEAR_US))


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def test_client_certificate_names_its_node(shanghai: Issued) -> None:
    node, fingerprint = tls.peer_node_from_certificate(shanghai.certificate)
    der = tls.pem_to_der(shanghai.certificate)
    assert (node, fingerprint) == ("31", hashlib.sha256(der).digest())
    assert tls.fingerprint(tls.der_to_pem(der)) == fingerprint
    certificate = x509.load_der_x509_certificate(der)
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert certificate.not_valid_after_utc.timestamp() * 1e6 == NOW_US + YEAR_US
    assert certificate.not_valid_before_utc.timestamp() * 1e6 == NOW_US - tls.BACKDATED_US


def test_server_certificate_names_its_hosts(authority: TlsAuthority) -> None:
    names = ["hq.example.net", "127.0.0.1"]
    pem = tls.issue_server_certificate(authority, new_key().public_key(), "00", names, SERIAL, NOW_US, YEAR_US)
    certificate = x509.load_pem_x509_certificate(pem)
    alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert alternatives.get_values_for_type(x509.DNSName) == ["00.quanwang.node", "hq.example.net"]
    assert [str(ip) for ip in alternatives.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


def test_certificate_is_the_same_for_the_same_inputs(shanghai: Issued) -> None:
    request = tls.certificate_request(shanghai.key, "31")
    assert request == tls.certificate_request(shanghai.key, "31")
    again = tls.issue_client_certificate(shanghai.authority, request, "31", SERIAL, NOW_US, YEAR_US)
    assert again == shanghai.certificate


def test_own_certificate_is_accepted(shanghai: Issued) -> None:
    authority_pem = shanghai.authority.certificate_pem
    tls.require_issued_for(shanghai.certificate, authority_pem, "31", shanghai.key.public_key())


def test_certificate_is_refused_when_it_is_another_s(shanghai: Issued) -> None:
    key = shanghai.key.public_key()
    other = tls.issue_authority(new_key(), SERIAL, NOW_US, YEAR_US)
    with pytest.raises(CertificateUnusable, match="another node"):
        tls.require_issued_for(shanghai.certificate, shanghai.authority.certificate_pem, "44", key)
    with pytest.raises(CertificateUnusable, match="another key"):
        tls.require_issued_for(shanghai.certificate, shanghai.authority.certificate_pem, "31", new_key().public_key())
    with pytest.raises(CertificateUnusable, match="did not issue"):
        tls.require_issued_for(shanghai.certificate, other.certificate_pem, "31", key)


def test_request_for_another_node_is_refused(authority: TlsAuthority) -> None:
    request = tls.certificate_request(new_key(), "31")
    with pytest.raises(CertificateRequestInvalid):
        tls.issue_client_certificate(authority, request, "44", SERIAL, NOW_US, YEAR_US)


def test_request_that_its_key_did_not_sign_is_refused() -> None:
    request = bytearray(tls.certificate_request(new_key(), "31"))
    request[-1] ^= 1
    with pytest.raises(CertificateRequestInvalid):
        tls.requested_key(bytes(request), "31")


@pytest.mark.parametrize("kind", ["ed25519", "p384"])
def test_request_for_a_key_that_grpc_cannot_use_is_refused(kind: str) -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "31")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    signed = (
        builder.sign(ed25519.Ed25519PrivateKey.generate(), None)
        if kind == "ed25519"
        else builder.sign(ec.generate_private_key(ec.SECP384R1()), hashes.SHA256())
    )
    with pytest.raises(CertificateRequestInvalid):
        tls.requested_key(signed.public_bytes(serialization.Encoding.DER), "31")


@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_but_our_errors(content: bytes) -> None:
    with pytest.raises(CertificateRequestInvalid):
        tls.requested_key(content, "31")
    with pytest.raises(CertificateUnusable):
        tls.peer_node_from_certificate(content)
    with pytest.raises(CertificateUnusable):
        tls.der_to_pem(content)


def test_certificate_of_the_authority_names_no_node(authority: TlsAuthority) -> None:
    with pytest.raises(CertificateUnusable):
        tls.peer_node_from_certificate(authority.certificate_pem)


def test_authority_does_not_print_its_key(authority: TlsAuthority) -> None:
    assert "key=" not in repr(authority)
