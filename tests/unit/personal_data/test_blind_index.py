"""Blind tokens: the same for the same, and nothing else in common."""

from __future__ import annotations

import pytest

from common.personal_data.blind_index import BlindIndex, address_parts, normal_document
from common.personal_data.sealing import Place
from tests.support.personal_data import make_vault

INDEX = BlindIndex(b"k" * 32)


def test_a_number_is_found_by_the_whole_and_by_its_end() -> None:
    tokens = INDEX.tokens("11010519491231002X")
    assert tokens.exact == INDEX.exact("11010519491231002X")
    assert tokens.last6 == INDEX.ending("31002X")
    assert tokens.last4 == INDEX.ending("002X")
    assert len({tokens.exact, tokens.last6, tokens.last4}) == 3


def test_a_short_number_has_no_token_for_an_end_that_is_all_of_it() -> None:
    assert INDEX.tokens("95588").last6 is None
    assert INDEX.tokens("95588").last4 is not None
    assert INDEX.tokens("9558").last4 is None
    assert INDEX.tokens("") == (None, None, None)


def test_a_whole_value_is_no_end_of_another() -> None:
    assert INDEX.exact("123456")[:8] != INDEX.ending("123456")


def test_each_column_and_generation_has_tokens_of_its_own() -> None:
    vault = make_vault()
    vault.use([vault.make_generation(1), vault.make_generation(2)])
    places = [(Place("customers", column), generation) for column in ("contact", "document") for generation in (1, 2)]
    assert len({vault.index(place, generation).exact("13800138000") for place, generation in places}) == 4
    assert vault.index(*places[0]).exact("1") == vault.index(*places[0]).exact("1")


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("11010519491231002x", "11010519491231002X"),
        ("110105 1949-1231 002X", "11010519491231002X"),
        ("１１０１０５", "110105"),
        ("e12345678", "E12345678"),
        ("军官证 12345", "军官证12345"),
    ],
)
def test_a_document_has_one_form(written: str, normal: str) -> None:
    assert normal_document(written) == normal


def test_an_address_is_cut_into_pairs_without_what_most_addresses_begin_with() -> None:
    assert list(address_parts("广东省广州市天河区体育西路1号")) == ["体育", "育西", "西路", "路1", "1号"]
    assert list(address_parts("体育西路 1 号")) == ["体育", "育西", "西路", "路1", "1号"]
    assert list(address_parts("")) == []
    assert len(list(address_parts("".join(chr(0x4E00 + number) for number in range(200))))) == 64


def test_the_same_part_has_another_token_in_another_city() -> None:
    assert INDEX.part("440100", "人民") != INDEX.part("440300", "人民")
