"""Personal data as whoever may not see it sees it, in the manner of the carriers. One place, for every screen.

What stays visible is enough for a clerk to compare with what a customer says, and too little to learn it.
"""

from __future__ import annotations

HIDDEN = "*"


def mask_name(name: str) -> str:
    """A name: its first character (张**), and not how long it is."""
    return f"{name[:1]}{HIDDEN * 2}" if name else ""


def mask_document(number: str) -> str:
    """An identity document's number: the first four and the last four characters (1101**********1234)."""
    return _ends(number, 4, 4, of=18)


def mask_number(number: str) -> str:
    """A telephone number: the first three and the last four digits (138****5678)."""
    return _ends(number, 3, 4, of=11)


def mask_email(address: str) -> str:
    """An e-mail address: the first letter and the domain (z***@example.com)."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}***@{domain}" if at and name else HIDDEN * len(address)


def mask_address(address: str) -> str:
    """A street address: its first six characters, which are divisions, and not how long it is (广东省广州市******)."""
    return address[: min(6, len(address) // 2)] + HIDDEN * 6 if address else ""


def shown(text: str) -> str:
    """What says nothing of who somebody is."""
    return text


def _ends(text: str, first: int, last: int, of: int) -> str:
    """The first and last characters that would show of `of` of them; of fewer characters fewer in proportion."""
    size = min(len(text), of)
    shown_first, shown_last = size * first // of, size * last // of
    return text[:shown_first] + HIDDEN * (len(text) - shown_first - shown_last) + text[len(text) - shown_last :]
