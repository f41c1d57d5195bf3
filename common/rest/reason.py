"""Why a caller does something, as they say in a header: kept in the audit log, and shown to whoever approves it."""

from __future__ import annotations

from urllib.parse import unquote

from common.rest.errors import ReasonHeaderUnfit

REASON_HEADER = "Reason"
REASON_CHARACTERS_MAX = 512


def read_reason(text: str) -> str:
    """The reason: UTF-8, percent-encoded where it is not ASCII; empty: none is given. Raises ReasonHeaderUnfit."""
    try:
        reason = unquote(text, errors="strict").strip()
    except UnicodeDecodeError as error:
        raise ReasonHeaderUnfit(header=REASON_HEADER, most=REASON_CHARACTERS_MAX) from error
    if len(reason) > REASON_CHARACTERS_MAX or not reason.isprintable():
        raise ReasonHeaderUnfit(header=REASON_HEADER, most=REASON_CHARACTERS_MAX)
    return reason
