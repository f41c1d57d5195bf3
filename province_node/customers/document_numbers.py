"""Numbers of identity documents: which are well formed, as far as the number itself can tell.

What a number cannot prove is not held against a customer. In particular the place in a resident identity number is
where the person was registered when the number was given, in an administrative division that may since have been
abolished, or was founded after the birth date that follows; so only its province is checked.
"""

from __future__ import annotations

import re
from datetime import date

from common.directory.regions import PROVINCES
from province_node.customers.model import RESIDENT_ID, USCC

PROVINCE_CODES = frozenset(PROVINCES)
"""The provinces that give out resident identity cards."""

BIRTH_YEAR_MIN = 1880

_RESIDENT = re.compile(r"[0-9]{17}[0-9X]")
_FOREIGN_BEFORE_2023 = re.compile(r"[A-Z]{3}[0-9]{12}")
_SHAPES = {
    "passport": re.compile(r"[A-Z0-9]{5,20}"),
    "business_licence": re.compile(r"[0-9A-Z-]{5,20}"),
    "other": re.compile(r"\S(?:.*\S)?"),
}
_PREFIXES = {
    RESIDENT_ID: PROVINCE_CODES,
    "hk_macao_resident_permit": frozenset({"81", "82"}),
    "taiwan_resident_permit": frozenset({"83"}),
}


def fault_of(kind: str, number: str, today: date | None) -> str:
    """What is wrong with a number (capital letters, no spaces) of a document of `kind`; empty where nothing is.

    One of DOCUMENT_SHAPE, DOCUMENT_PLACE, DOCUMENT_BIRTH_DATE, DOCUMENT_CHECK_DIGIT. Without `today` (in China), birth
    dates to come are not noticed.
    """
    if kind == USCC:
        return _fault_of_uscc(number)
    if kind in _PREFIXES:
        return _fault_of_resident_number(number, _PREFIXES[kind], today)
    if kind == "foreign_resident_permit":
        if _FOREIGN_BEFORE_2023.fullmatch(number):
            return ""
        if not number.startswith("9"):
            return "DOCUMENT_SHAPE"
        return _fault_of_resident_number(number, None, today)
    # Kinds that a dictionary has added since are looked at like any other document.
    return "" if _SHAPES.get(kind, _SHAPES["other"]).fullmatch(number) else "DOCUMENT_SHAPE"


def _fault_of_resident_number(number: str, prefixes: frozenset[str] | None, today: date | None) -> str:
    # Imported when the first number comes: a node that imports nothing need not carry it.
    from stdnum.cn import ric
    from stdnum.exceptions import ValidationError

    if not _RESIDENT.fullmatch(number):
        return "DOCUMENT_SHAPE"
    if prefixes is not None and number[:2] not in prefixes:
        return "DOCUMENT_PLACE"
    try:
        born = ric.get_birth_date(number)
    except ValidationError:
        return "DOCUMENT_BIRTH_DATE"
    if born.year < BIRTH_YEAR_MIN or (today is not None and born > today):
        return "DOCUMENT_BIRTH_DATE"
    return "" if ric.calc_check_digit(number) == number[-1] else "DOCUMENT_CHECK_DIGIT"


def _fault_of_uscc(number: str) -> str:
    from stdnum.cn import uscc
    from stdnum.exceptions import InvalidChecksum, ValidationError

    try:
        uscc.validate(number)
    except InvalidChecksum:
        return "DOCUMENT_CHECK_DIGIT"
    except ValidationError:
        return "DOCUMENT_SHAPE"
    return ""
