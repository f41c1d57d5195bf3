"""In which language the command line speaks, and how it finds its words.

What commands print stands in `texts.py`, by key, in English and simplified Chinese side by side. Help texts are English
in the code, where they explain it; their Chinese is in `help_zh.py` and is put over them (see `localise.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from common.cli.texts import TEXTS

ENGLISH, CHINESE = "en", "zh"

LANGUAGE_VARIABLE = "QUANWANG_LANG"
LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


def language_of(arguments: Sequence[str], environment: Mapping[str, str], encoding: str) -> str:
    """The language of a run: --lang, then QUANWANG_LANG, then the first locale variable set, as in the C library.

    It is needed before the arguments are parsed, because the help is in it too. A locale speaks Chinese only where the
    terminal can show it; whoever asks for it by name gets it in any case.
    """
    for number, argument in enumerate(arguments):
        if argument == "--lang" and number + 1 < len(arguments):
            return _language(arguments[number + 1])
        if argument.startswith("--lang="):
            return _language(argument.removeprefix("--lang="))
    if environment.get(LANGUAGE_VARIABLE):
        return _language(environment[LANGUAGE_VARIABLE])
    name = next((environment[key] for key in LOCALE_VARIABLES if environment.get(key)), "")
    return _language(name) if _can_show_chinese(encoding) else ENGLISH


def _language(name: str) -> str:
    return CHINESE if name.lower().startswith("zh") else ENGLISH


def _can_show_chinese(encoding: str) -> bool:
    try:
        "中".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


class Words:
    """The texts of `texts.py` in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._place = 1 if language == CHINESE else 0

    def __call__(self, key: str, /, **facts: Any) -> str:
        """The text under `key`, its places filled."""
        text = TEXTS[key][self._place]
        return text.format(**facts) if facts else text

    def name(self, group: str, value: str) -> str:
        """What `value` is called ("state.completed"); the value itself where it has no name of its own."""
        known = TEXTS.get(f"{group}.{value}")
        return known[self._place] if known is not None else value

    def knows(self, key: str) -> bool:
        """Whether there is a text under `key`."""
        return key in TEXTS
