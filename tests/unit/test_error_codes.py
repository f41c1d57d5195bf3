"""Codes follow from the names of errors: programs decide on them, so they must read as the names do."""

from __future__ import annotations

import pytest

from common.errors import Refusal


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("SubscriptionNotFound", "SUBSCRIPTION_NOT_FOUND"),
        ("NotAReader", "NOT_A_READER"),
        ("NotAnInvitation", "NOT_AN_INVITATION"),
        ("HqUnreachable", "HQ_UNREACHABLE"),
        ("TLSUnusable", "TLS_UNUSABLE"),
        ("Sha256Differs", "SHA256_DIFFERS"),
        ("Unsupported", "UNSUPPORTED"),
    ],
)
def test_a_code_is_its_name_word_by_word(name: str, code: str) -> None:
    assert _defined(name, {}).code == code


@pytest.mark.parametrize("code", ["", "R" * 65, "because", "NOT THIS"])
def test_a_code_that_no_header_may_carry_is_refused_when_its_error_is_defined(code: str) -> None:
    with pytest.raises(ValueError, match="reason code"):
        _defined("NotAnything", {"code": code})


def test_a_code_that_is_given_stays() -> None:
    assert _defined("NotAnything", {"code": "INTERNAL_FAULT"}).code == "INTERNAL_FAULT"


def _defined(name: str, content: dict[str, str]) -> type[Refusal]:
    """A refusal that is defined only now."""
    return type(name, (Refusal,), content)
