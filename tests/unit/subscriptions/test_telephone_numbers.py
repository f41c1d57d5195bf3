"""Numbers that a service is reached by."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from province_node.telephone_numbers import (
    SERVICE_NUMBER_CHARS_MAX,
    is_contact_number,
    is_service_number,
    is_telephone_number,
    normal_number,
)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("13800138000", "13800138000"),
        (" 138 0013 8000 ", "13800138000"),
        ("+86 138-0013-8000", "13800138000"),
        ("0086 13800138000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("020-8333 0000", "02083330000"),
        ("(0755) 8333-0000", "075583330000"),
        ("+86 20 8333 0000", "02083330000"),
        ("+86 10 8333 0000", "01083330000"),
        ("+86 400 800 1234", "4008001234"),
        ("+852 9123-4567", "+85291234567"),
        ("4401-dl-000001", "4401-DL-000001"),
        ("", ""),
    ],
)
def test_a_number_has_one_form(written: str, normal: str) -> None:
    assert normal_number(written) == normal


@pytest.mark.parametrize(
    "number",
    ["13800138000", "19912345678", "02083330000", "01083330000", "03712345678", "1440012345678", "4008001234", "95533"],
)
def test_what_can_be_a_telephone_number(number: str) -> None:
    assert is_telephone_number(number)
    assert is_service_number(number)
    assert is_contact_number(number)


@pytest.mark.parametrize(
    "number", ["", "1380013800", "138001380000", "12345678901", "0208333", "2083330000", "+85291234567", "1", "abc"]
)
def test_what_can_be_none(number: str) -> None:
    assert not is_telephone_number(number)
    assert not is_service_number(number)


def test_a_circuit_names_a_service_but_cannot_be_called_and_a_foreign_number_the_other_way_round() -> None:
    assert is_service_number("4401-DL-000001")
    assert not is_contact_number("4401-DL-000001")
    assert is_contact_number("+85291234567")
    assert not is_service_number("+85291234567")


@given(st.text(max_size=60) | st.text("+()-. 0123456789abＡ１", max_size=40))
def test_the_normal_form_of_a_number_is_its_own_normal_form_and_fits_its_column(text: str) -> None:
    normal = normal_number(text)
    if is_service_number(normal) or is_contact_number(normal):
        assert normal_number(normal) == normal
        assert len(normal) <= SERVICE_NUMBER_CHARS_MAX


# 179 is left out: phonenumbers takes it for the code of a carrier that is dialled before the number.
@given(st.from_regex(r"1([3-689][0-9]|7[0-8])[0-9]{8}|0(10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}", fullmatch=True))
def test_what_the_numbering_plan_has_allotted_is_never_turned_away(number: str) -> None:
    if phonenumbers.is_valid_number(phonenumbers.parse(number, "CN")):
        assert is_telephone_number(number)
