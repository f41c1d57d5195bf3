"""Lifting masks: for a reason, and not too often; whoever asks is counted, whatever it is that they look at."""

from __future__ import annotations

from typing import Any

from common.audit.entry import CUSTOMER, REVEAL
from common.audit.queries import count_since
from common.errors import Refusal
from common.personal_data.parameters import REVEALS_AN_HOUR_MAX

REASON_CHARACTERS_MAX = 200
HOUR_US = 3_600_000_000


class RevealReasonMissing(Refusal):
    """Masks are lifted for a reason."""

    en = "Say why the data is to be shown in full, in 1 to {most} printable characters without personal data."
    zh = "请说明查看完整信息的原因（1 至 {most} 个可显示字符，不含个人信息）。"


class RevealedTooOften(Refusal):
    """So many in an hour look like collecting."""

    en = (
        "You have had data of {most} customers shown in full within an hour, which is the limit. Try again later, or "
        "ask an administrator (parameter {parameter})."
    )
    zh = "一小时内您已查看 {most} 位客户的完整信息，达到上限。请稍后再试，或联系管理员（参数 {parameter}）。"


def require_reason(reason: str) -> None:
    """Raises RevealReasonMissing."""
    said = reason.strip()
    if not (0 < len(said) <= REASON_CHARACTERS_MAX and said.isprintable()):
        raise RevealReasonMissing(most=REASON_CHARACTERS_MAX)


def require_within_limit(uow: Any) -> None:
    """Counts this one. Raises RevealedTooOften."""
    most = uow.node.parameters.value(REVEALS_AN_HOUR_MAX, uow.now_us)
    # What is in this group already is not in the log yet.
    key = "reveals", uow.actor.kind, uow.actor.name
    here = uow.kept.get(key, 0)
    before = count_since(uow.connection, uow.actor, CUSTOMER, REVEAL, uow.now_us - HOUR_US, most)
    if before + here >= most:
        raise RevealedTooOften(most=most, parameter=REVEALS_AN_HOUR_MAX.name)
    uow.kept[key] = here + 1
