"""The answer to a call that was taken, but waits for a second person: 202, with where it can be followed."""

from __future__ import annotations

import json

from common.errors import Awaited
from common.rest.commands import Answer

APPROVALS = "/api/accessManagement/v1/approval"
"""Where requests for approval are read."""
STATUS = 202


def awaited_answer(awaited: Awaited, language: str) -> Answer:
    """In `language`, which only the words for people depend on."""
    where = f"{APPROVALS}/{awaited.awaited}"
    document = {
        "code": awaited.code,
        "reason": awaited.text(language),
        "message": awaited.text("en"),
        "status": str(STATUS),
        "approval": {"id": awaited.awaited, "href": where},
        "@type": "ApprovalAwaited",
    }
    headers = {
        "Content-Type": "application/json;charset=utf-8",
        "Content-Language": "zh-CN" if language.startswith("zh") else "en",
        "Location": where,
    }
    return Answer(STATUS, headers, json.dumps(document, ensure_ascii=False).encode())
