"""One sealed value: opens where it was sealed, and nowhere else."""

from __future__ import annotations

import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from common.personal_data.sealing import Place, SealedValueUnreadable, SubjectCipher

KEY = AESGCM(bytes(32))
HERE = Place("customers", "address")


def cipher(generation: int = 1, key: AESGCM = KEY) -> SubjectCipher:
    return SubjectCipher(key, generation, os.urandom)


@given(st.binary(max_size=300))
def test_what_was_sealed_opens_again_whatever_bytes_it_has(content: bytes) -> None:
    assert cipher().open_bytes(HERE, "44-1", cipher().seal_bytes(HERE, "44-1", content)) == content


def test_the_same_value_looks_different_each_time_and_the_size_says_little() -> None:
    sealed = [cipher().seal(HERE, "44-1", text) for text in ("人民路1号", "人民路1号", "中山路1234号")]
    assert len(set(sealed)) == 3
    assert len({len(each) for each in sealed}) == 1


def test_nothing_is_stored_for_nothing() -> None:
    assert cipher().seal(HERE, "44-1", "") == b""
    assert cipher().open(HERE, "44-1", b"") == ""


@pytest.mark.parametrize(
    ("place", "row", "generation", "key"),
    [
        (Place("customers", "contact_number"), "44-1", 1, KEY),
        (Place("contacts", "address"), "44-1", 1, KEY),
        (HERE, "44-2", 1, KEY),
        (HERE, "44-1", 2, KEY),
        (HERE, "44-1", 1, AESGCM(b"k" * 32)),
    ],
)
def test_a_value_that_was_moved_opens_nowhere(place: Place, row: str, generation: int, key: AESGCM) -> None:
    sealed = cipher().seal(HERE, "44-1", "人民路1号")
    with pytest.raises(SealedValueUnreadable) as fault:
        cipher(generation, key).open(place, row, sealed)
    assert "人民" not in fault.value.text("zh") + fault.value.text("en")
    assert row not in fault.value.text("zh") + fault.value.text("en")


def test_every_changed_byte_is_noticed() -> None:
    sealed = cipher().seal(HERE, "44-1", "13800138000")
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(SealedValueUnreadable):
            cipher().open(HERE, "44-1", changed)
    for length in range(1, len(sealed)):
        with pytest.raises(SealedValueUnreadable):
            cipher().open(HERE, "44-1", sealed[:length])
