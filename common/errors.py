"""What can go wrong, in words.

A *refusal* is an answer: a rule said no, and the reason code says which. A *fault* means that something broke. They
never share a path: refusals travel to whoever asked, faults go to the operator. What is *awaited* is neither: it is
stored, and done later without its being asked again. Each exception states a fact as its
name, has a stable code, and can say itself in English and in Chinese; what a caller sees is `text(language)`.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

REASON_CODE_CHARACTERS_MAX = 64
REASON_CODE_PATTERN = re.compile(rf"[A-Z0-9_]{{1,{REASON_CODE_CHARACTERS_MAX}}}")
"""What every code of an error, and every reason code of an envelope, reads like."""


class QuanwangError(Exception):
    """Base of all errors that the system raises on purpose.

    `en` and `zh` are format strings over the keyword arguments given to the constructor; where what to do shall stand
    apart from what is wrong, `mend_en` and `mend_zh` hold it. The code is derived from the class name:
    `SubscriptionNotFound` is `SUBSCRIPTION_NOT_FOUND`.
    """

    code: ClassVar[str] = "QUANWANG_ERROR"
    en: ClassVar[str] = "Something went wrong."
    zh: ClassVar[str] = "出现错误。"
    mend_en: ClassVar[str] = ""
    mend_zh: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "code" not in cls.__dict__:
            cls.code = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", cls.__name__).upper()
        # A refusal's code travels as the reason of a leg's end: no header carries any other.
        if not REASON_CODE_PATTERN.fullmatch(cls.code):
            raise ValueError(f"{cls.__name__}: {cls.code!r} is no reason code (1 to 64 of A-Z, 0-9, _)")

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.text("en"))

    def text(self, language: str) -> str:
        """The message in `language` ("zh..." is Chinese, all else English), with what to do behind it."""
        between = "" if language.startswith("zh") else " "
        return between.join(filter(None, (self.fact(language), self.remedy(language))))

    def fact(self, language: str) -> str:
        """The message without what is said apart of what to do."""
        return (self.zh if language.startswith("zh") else self.en).format(**self.facts)

    def remedy(self, language: str) -> str:
        """What to do; empty where the message says it itself, or there is nothing to do."""
        return (self.mend_zh if language.startswith("zh") else self.mend_en).format(**self.facts)


class Refusal(QuanwangError):
    """A rule says no. An answer, not a fault."""


class Awaited(QuanwangError):
    """Not done yet, but stored: somebody else has to agree first. Given back by a handler, not raised, since what the
    handler left must stay; raised for whoever waits for the command. `awaited`: the identity of what is stored."""

    def __init__(self, awaited: str, /, **facts: Any) -> None:
        self.awaited = awaited
        super().__init__(**facts)


class Fault(QuanwangError):
    """Something broke; trying again would not help."""


class TemporaryFault(Fault):
    """Something is away for now; the same work will be tried again, with spacing."""


class StorageUnavailable(TemporaryFault):
    """The database took nothing: disk full, locked, or away."""

    en = "The node cannot store anything at the moment ({detail}). Nothing was changed; try again shortly."
    zh = "节点暂时无法写入数据（{detail}）。未做任何更改，请稍后重试。"


class OutcomeUnknown(StorageUnavailable):
    """The database went away in the very moment of a commit: it may have been made."""

    en = (
        "The database went away while this was being stored ({detail}); it may have been stored or not. "
        "Look first, or ask again with the same idempotency key."
    )
    zh = "写入过程中数据库连接中断（{detail}），操作可能已生效，也可能未生效。请先查询确认，或使用相同的幂等键重试。"
