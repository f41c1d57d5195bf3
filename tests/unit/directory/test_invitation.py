"""An invitation survives copying, and says what is wrong when it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.directory import invitation as invitations
from common.directory.invitation import (
    Invitation,
    InvitationContentInvalid,
    InvitationMistyped,
    InvitationUnreadable,
    InvitationVersionUnknown,
    NotAnInvitation,
    decode_invitation,
    encode_invitation,
)

INVITATION = Invitation("31", "hq.example:7001", bytes(range(32)), bytes(range(32, 64)), b"DER" * 100, 1_800_000_000)


def test_invitation_is_the_same_after_decoding() -> None:
    text = encode_invitation(INVITATION)
    assert text.startswith("quanwang-invitation:1:")
    assert "\n" not in text
    assert decode_invitation(text) == INVITATION


def test_line_breaks_from_copying_do_not_matter() -> None:
    text = encode_invitation(INVITATION)
    wrapped = "\r\n  ".join(text[start : start + 76] for start in range(0, len(text), 76))
    assert decode_invitation(f"\n {wrapped} \n") == INVITATION


def test_one_wrong_character_is_noticed() -> None:
    text = encode_invitation(INVITATION)
    for position in range(len("quanwang-invitation:1:"), len(text) - 9, 7):
        wrong = "A" if text[position] != "A" else "B"
        with pytest.raises(InvitationMistyped) as caught:
            decode_invitation(text[:position] + wrong + text[position + 1 :])
    assert "校验码" in caught.value.text("zh")


def test_check_digits_may_be_written_large() -> None:
    encoded, _, digits = encode_invitation(INVITATION).rpartition(":")
    assert decode_invitation(f"{encoded}:{digits.upper()}") == INVITATION


def test_missing_part_is_noticed() -> None:
    text = encode_invitation(INVITATION)
    for incomplete in (text[:40], text.rpartition(":")[0], text.removeprefix("quanwang-"), "", "hello", text * 20):
        with pytest.raises(NotAnInvitation):
            decode_invitation(incomplete)


def test_later_format_is_named() -> None:
    with pytest.raises(InvitationVersionUnknown, match="version 2"):
        decode_invitation("quanwang-invitation:2:x:y:z")


@pytest.mark.parametrize(
    ("part", "invitation"),
    [
        ("node", replace(INVITATION, node="3")),
        ("address", replace(INVITATION, address="hq.example")),
        ("address", replace(INVITATION, address=":7001")),
        ("address", replace(INVITATION, address="h" * 400 + ":1")),
        ("secret", replace(INVITATION, secret=b"short")),
        ("root_public_key", replace(INVITATION, root_public_key=b"")),
        ("tls_authority", replace(INVITATION, tls_authority=b"")),
        ("expires_at_us", replace(INVITATION, expires_at_us=0)),
    ],
    ids=["node", "no port", "no host", "long host", "secret", "root", "authority", "expiry"],
)
def test_unusable_content_is_named(part: str, invitation: Invitation) -> None:
    with pytest.raises(InvitationContentInvalid, match=part):
        decode_invitation(encode_invitation(invitation))


def test_invitation_does_not_print_its_secret() -> None:
    assert "secret" not in repr(INVITATION)


@settings(max_examples=300)
@given(st.one_of(st.text(), st.binary(max_size=80).map(lambda b: b.decode("latin-1"))))
def test_any_text_raises_nothing_but_unreadable(text: str) -> None:
    for candidate in (text, f"quanwang-invitation:1:{text}", f"quanwang-invitation:1:{text}:00000000"):
        with pytest.raises(InvitationUnreadable):
            decode_invitation(candidate)


@settings(max_examples=300)
@given(st.one_of(st.text(min_size=1), st.binary(max_size=200)))
def test_any_content_with_right_check_digits_raises_nothing_but_unreadable(content: str | bytes) -> None:
    encoded = content if isinstance(content, str) else invitations.base64.urlsafe_b64encode(content).decode()
    encoded = "".join(encoded.split())
    digits = invitations._check_digits(encoded)
    with pytest.raises(InvitationUnreadable):
        decode_invitation(f"quanwang-invitation:1:{encoded}:{digits}")
