"""Numbers that a service is reached by: one written form for each, and what can be one at all.

The rules are those of the numbering plan's shape, not of its current allocation: new prefixes are opened every year,
and a table that is a year old would turn real customers away.
"""

from __future__ import annotations

import re
import unicodedata

SERVICE_NUMBER_CHARS_MAX = 32

_PUNCTUATION = re.compile(r"[\s()./_\-\u00ad\u2010-\u2015]+")
_OUR_COUNTRY = re.compile(r"(?:\+|00)86([0-9]+)")
_FOREIGN = re.compile(r"\+[1-9][0-9]{6,14}")
_AREA_AND_NUMBER = r"(?:10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}"

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_FIXED_LINE = re.compile("0" + _AREA_AND_NUMBER)
_FIXED_LINE_WITHOUT_ZERO = re.compile(_AREA_AND_NUMBER)
_INTERNET_OF_THINGS = re.compile(r"1[04][0-9]{11}")
_FREEPHONE = re.compile(r"[48]00[0-9]{7}")
_SHORT_CODE = re.compile(r"9[56][0-9]{3,6}")
_CIRCUIT = re.compile(r"(?=.*[A-Z])[0-9A-Z][0-9A-Z./_-]{3,30}[0-9A-Z]")
"""A leased line or a trunk: at least one letter, so that a mistyped telephone number is none."""

_TELEPHONE = (_MOBILE, _FIXED_LINE, _INTERNET_OF_THINGS, _FREEPHONE, _SHORT_CODE)


def normal_number(text: str) -> str:
    """The one form in which a number is stored and looked for: half-width, capital letters, no spaces; a telephone
    number also without punctuation and country code. What is no number at all stays none."""
    written = unicodedata.normalize("NFKC", text).strip().upper()
    digits = _PUNCTUATION.sub("", written)
    if digits.isdecimal() and digits.isascii() and not digits.startswith("00"):
        return digits
    international = _OUR_COUNTRY.fullmatch(digits)
    if international is None:
        return digits if _FOREIGN.fullmatch(digits) else "".join(written.split())
    national = international[1]
    if not is_telephone_number(national) and _FIXED_LINE_WITHOUT_ZERO.fullmatch(national):
        return "0" + national
    return national


def is_telephone_number(number: str) -> bool:
    """Whether a number in its normal form can be a mobile, fixed-line, data-card, freephone or short number."""
    return any(pattern.fullmatch(number) for pattern in _TELEPHONE)


def is_contact_number(number: str) -> bool:
    """Whether a number in its normal form can be called: a telephone number, or a foreign one that begins with +."""
    return is_telephone_number(number) or _FOREIGN.fullmatch(number) is not None


def is_service_number(number: str) -> bool:
    """Whether a number in its normal form can name a service: a telephone number or a circuit."""
    return is_telephone_number(number) or _CIRCUIT.fullmatch(number) is not None
