"""Personal data is read by its readers, as it was sent, where it was sent, and in no other way."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.messaging import envelope
from common.security import private_bodies
from common.security.private_bodies import (
    PLAINTEXT_BYTES_MAX,
    READERS_MAX,
    NotAReader,
    PrivateBodyAltered,
    PrivateBodyMalformed,
    PrivateBodyTooLarge,
    PrivateBodyUnreadable,
    Reader,
    ReaderKeyUnknown,
    ReadersUnusable,
    X25519PrivateKeys,
    decrypt_private_body,
    encrypt_private_body,
)

ROUTING = b"routing of the message"
TEXT = "李雷 11010519491231002X".encode()


def new_keys(count: int = 1) -> X25519PrivateKeys:
    return X25519PrivateKeys(X25519PrivateKey.generate() for _ in range(count))


@pytest.fixture
def shanghai() -> X25519PrivateKeys:
    return new_keys()


@pytest.fixture
def guangdong() -> X25519PrivateKeys:
    return new_keys()


@pytest.fixture
def private_body(shanghai: X25519PrivateKeys, guangdong: X25519PrivateKeys) -> bytes:
    return encrypt_private_body(TEXT, ROUTING, [shanghai.reader("31"), guangdong.reader("44")])


def test_recipient_and_sender_read_what_was_sent(
    private_body: bytes, shanghai: X25519PrivateKeys, guangdong: X25519PrivateKeys
) -> None:
    assert decrypt_private_body(private_body, ROUTING, "44", guangdong) == TEXT
    assert decrypt_private_body(private_body, ROUTING, "31", shanghai) == TEXT
    assert TEXT not in private_body


def test_same_text_never_gives_the_same_bytes(private_body: bytes, shanghai: X25519PrivateKeys) -> None:
    again = encrypt_private_body(TEXT, ROUTING, [shanghai.reader("31")])
    assert pb.PrivateBody.FromString(again).ciphertext != pb.PrivateBody.FromString(private_body).ciphertext


def test_body_is_not_opened_when_resent_under_another_header(private_body: bytes, guangdong: X25519PrivateKeys) -> None:
    with pytest.raises(PrivateBodyAltered):
        decrypt_private_body(private_body, ROUTING + b".", "44", guangdong)


def test_body_is_not_opened_by_a_node_that_is_no_reader(private_body: bytes) -> None:
    with pytest.raises(NotAReader) as caught:
        decrypt_private_body(private_body, ROUTING, "11", new_keys())
    assert caught.value.code == "NOT_A_READER"
    assert "11" in caught.value.text("zh")


def test_body_is_not_opened_with_a_key_that_is_not_held(private_body: bytes) -> None:
    with pytest.raises(ReaderKeyUnknown):
        decrypt_private_body(private_body, ROUTING, "44", new_keys())


def test_body_is_not_opened_by_a_key_that_only_claims_the_reader_s_id(
    private_body: bytes, guangdong: X25519PrivateKeys
) -> None:
    class Impostor(X25519PrivateKeys):
        def unwrap(self, key_id: str, wrapped: bytes, info: bytes) -> bytes | None:
            return super().unwrap(next(iter(self.public_keys)), wrapped, info)

    with pytest.raises(PrivateBodyAltered):
        decrypt_private_body(private_body, ROUTING, "44", Impostor([X25519PrivateKey.generate()]))


@pytest.mark.parametrize("part", ["nonce", "ciphertext", "wrapped"])
def test_body_is_not_opened_when_one_bit_was_altered(
    private_body: bytes, guangdong: X25519PrivateKeys, part: str
) -> None:
    body = pb.PrivateBody.FromString(private_body)
    holder = next(key for key in body.keys if key.node == "44") if part == "wrapped" else body
    altered = bytearray(getattr(holder, part))
    altered[-1] ^= 1
    setattr(holder, part, bytes(altered))
    with pytest.raises(PrivateBodyAltered):
        decrypt_private_body(body.SerializeToString(), ROUTING, "44", guangdong)


def test_body_that_does_not_commit_to_one_key_is_not_opened(guangdong: X25519PrivateKeys) -> None:
    # A dishonest sender leaves out the zero bytes by which all readers know that they see the same text.
    binding = private_bodies._binding(ROUTING)
    content_key, nonce = bytes(range(32)), bytes(12)
    body = pb.PrivateBody(nonce=nonce, ciphertext=AESGCM(content_key).encrypt(nonce, b"x" * 64, binding))
    honest = encrypt_private_body(b"", ROUTING, [guangdong.reader("44")])
    body.keys.append(pb.PrivateBody.FromString(honest).keys[0])

    class Known(X25519PrivateKeys):
        def unwrap(self, key_id: str, wrapped: bytes, info: bytes) -> bytes | None:
            return content_key

    with pytest.raises(PrivateBodyAltered):
        decrypt_private_body(body.SerializeToString(), ROUTING, "44", Known([]))


def test_body_for_a_former_key_is_read_after_a_rotation() -> None:
    former, current = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    private_body = encrypt_private_body(TEXT, ROUTING, [X25519PrivateKeys([former]).reader("44")])
    keys = X25519PrivateKeys([current, former])
    assert decrypt_private_body(private_body, ROUTING, "44", keys) == TEXT
    assert keys.reader("44") == X25519PrivateKeys([current]).reader("44")


def test_body_for_several_keys_of_one_node_is_read_with_the_one_that_is_held(guangdong: X25519PrivateKeys) -> None:
    private_body = encrypt_private_body(TEXT, ROUTING, [new_keys().reader("44"), guangdong.reader("44")])
    assert decrypt_private_body(private_body, ROUTING, "44", guangdong) == TEXT


def test_largest_text_fits_into_the_envelope_and_one_byte_more_is_refused() -> None:
    readers = [new_keys().reader(f"{code}") for code in range(31, 31 + READERS_MAX)]
    private_body = encrypt_private_body(bytes(PLAINTEXT_BYTES_MAX), ROUTING, readers)
    assert len(private_body) <= envelope.PRIVATE_BODY_BYTES_MAX == private_bodies.PRIVATE_BODY_BYTES_MAX
    with pytest.raises(PrivateBodyTooLarge):
        encrypt_private_body(bytes(PLAINTEXT_BYTES_MAX + 1), ROUTING, readers)


@pytest.mark.parametrize(
    "readers",
    [
        [],
        [Reader("44", "k", bytes(31))],
        [Reader("44", "k", bytes(32))],  # The point at infinity: no secret could be agreed on.
        [Reader("44", "k", bytes([9]) + bytes(31))] * (READERS_MAX + 1),
    ],
)
def test_body_is_not_made_for_unusable_readers(readers: list[Reader]) -> None:
    with pytest.raises(ReadersUnusable):
        encrypt_private_body(TEXT, ROUTING, readers)


def test_larger_than_the_limit_is_refused_unread(shanghai: X25519PrivateKeys) -> None:
    with pytest.raises(PrivateBodyMalformed):
        decrypt_private_body(bytes(private_bodies.PRIVATE_BODY_BYTES_MAX + 1), ROUTING, "31", shanghai)


def test_keys_do_not_print_themselves(shanghai: X25519PrivateKeys) -> None:
    assert repr(shanghai) == f"X25519PrivateKeys({shanghai.reader('31').key_id})"


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_random_bytes_raise_nothing_but_unreadable(private_body: bytes) -> None:
    with pytest.raises(PrivateBodyUnreadable):
        decrypt_private_body(private_body, ROUTING, "44", new_keys())


@settings(max_examples=200)
@given(st.data())
def test_bytes_changed_anywhere_raise_nothing_but_unreadable(data: st.DataObject) -> None:
    keys = new_keys()
    altered = bytearray(encrypt_private_body(TEXT, ROUTING, [keys.reader("44")]))
    position = data.draw(st.integers(0, len(altered) - 1))
    altered[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(PrivateBodyUnreadable):
        decrypt_private_body(bytes(altered), ROUTING, "44", keys)
