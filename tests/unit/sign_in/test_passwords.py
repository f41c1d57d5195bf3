"""Passwords: what is taken, how they are kept, and that hashing holds nothing up."""

from __future__ import annotations

import os
import threading

import pytest
from cryptography.exceptions import InvalidTag

from common.sign_in.model import PasswordUnfit, SignInBusy, require_fit_password
from common.sign_in.passwords import WAITING_MAX, Passwords
from common.sign_in.settings import SignInSettings
from tests.support.rest import CHEAP


@pytest.mark.parametrize(
    ("password", "because"),
    [
        ("Sh0rt!aB", "at least 12"),
        ("x" * 129, "at most 128"),
        ("onlysmallletters", "3 of"),
        ("aaaaaaaAAAAA111", "different"),
        ("xX9!li.naXyzw", "sign-in name"),
        ("Password!2031", "many people"),
    ],
)
def test_a_weak_password_is_refused_with_what_is_wrong_in_both_languages(password: str, because: str) -> None:
    with pytest.raises(PasswordUnfit, match=because) as refused:
        require_fit_password(password, "li.na", 12)
    assert "密码不符合要求" in refused.value.text("zh")
    assert password not in refused.value.text("en")


@pytest.mark.parametrize("password", ["Zq7!correct-horse", "eine sehr lange bequeme losung", "营业厅今天晴朗Ab3x-风"])
def test_a_strong_one_is_taken(password: str) -> None:
    require_fit_password(password, "li.na", 12)


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(CHEAP, os.urandom)


def test_a_password_is_kept_as_a_phc_string_with_a_salt_of_its_own(passwords: Passwords) -> None:
    first, second = passwords.hashed("one"), passwords.hashed("one")
    assert first.startswith("$argon2id$v=19$m=32,t=1,p=1$")
    assert first != second
    assert passwords.check("one", first).right
    assert not passwords.check("two", first).right
    assert not passwords.check("one", "").right


def test_composed_and_decomposed_characters_are_the_same_password(passwords: Passwords) -> None:
    assert passwords.check("re\u0301sume\u0301", passwords.hashed("r\u00e9sum\u00e9")).right


def test_a_password_of_another_cost_is_hashed_anew_and_its_factor_still_opens(passwords: Passwords) -> None:
    dearer = Passwords(SignInSettings(hashing_memory_kib=64, hashing_iterations=2), os.urandom)
    stored, sealed = passwords.hashed("one"), passwords.seal_factor("one", b"secret")
    checked = dearer.check("one", stored, sealed)
    assert (checked.right, checked.factor) == (True, b"secret")
    assert checked.renewed.startswith("$argon2id$v=19$m=64,t=2,p=1$")
    assert not dearer.check("one", checked.renewed).renewed
    with pytest.raises(InvalidTag):
        dearer.open_factor("two", sealed)


async def test_hashing_runs_beside_the_event_loop_and_no_more_wait_than_may(passwords: Passwords) -> None:
    loop = threading.get_ident()
    assert await passwords.run(threading.get_ident) != loop
    passwords._waiting = WAITING_MAX
    with pytest.raises(SignInBusy):
        await passwords.run(threading.get_ident)
    passwords.close()


def test_nothing_of_it_is_loaded_before_somebody_signs_in() -> None:
    import subprocess
    import sys

    code = (
        "import sys, common.sign_in.desk, common.sign_in.callers, common.sign_in.handlers\n"
        "loaded = [name for name in sys.modules if 'argon2' in name or 'twofactor' in name]\n"
        "sys.exit(str(loaded) if loaded else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr == ""
