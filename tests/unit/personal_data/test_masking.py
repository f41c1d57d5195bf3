"""What is left to see of personal data."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.personal_data.masking import mask_address, mask_document, mask_email, mask_number


@pytest.mark.parametrize(
    ("mask", "value", "expected"),
    [
        (mask_number, "13812345678", "138****5678"),
        (mask_number, "+85291234567", "+85*****4567"),
        (mask_number, "95588", "9***8"),
        (mask_number, "", ""),
        (mask_document, "110105194912311234", "1101**********1234"),
        (mask_document, "E12345678", "E1*****78"),
        (mask_document, "A1", "**"),
        (mask_email, "zhang@example.com", "z***@example.com"),
        (mask_email, "@example.com", "************"),
        (mask_email, "no address", "**********"),
        (mask_address, "广东省广州市天河区体育西路1号", "广东省广州市******"),
        (mask_address, "人民路1号", "人民******"),
        (mask_address, "", ""),
    ],
)
def test_masks_look_as_the_carriers_have_them(mask: Callable[[str], str], value: str, expected: str) -> None:
    assert mask(value) == expected


@given(st.text(alphabet="0123456789X", max_size=40))
def test_a_mask_never_shows_most_of_a_number(number: str) -> None:
    for masked, most in ((mask_document(number), 4 / 9), (mask_number(number), 7 / 11)):
        assert len(masked) == len(number)
        assert sum(character != "*" for character in masked) <= len(number) * most
