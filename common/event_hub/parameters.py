"""What an operator may change about the event hub while the node runs."""

from __future__ import annotations

from common.outbound.addresses import AddressRules
from common.parameters.model import Parameter, ParameterBook
from common.parameters.value_types import Switch, Whole

PRIVATE_CALLBACKS = Parameter(
    "events.private_callbacks",
    Switch(),
    False,
    "Whether events may be sent to addresses that are not on the open network, such as those of the own one.",
    "是否允许把事件发送到非公共网络地址（如内部网络）。",
)
PLAIN_HTTP_CALLBACKS = Parameter(
    "events.plain_http_callbacks",
    Switch(),
    False,
    "Whether events may be sent without TLS.",
    "是否允许不经 TLS 发送事件。",
)
OFF_AFTER_HOURS = Parameter(
    "events.off_after_hours",
    Whole(1, 24 * 90, "h"),
    72,
    "A subscription that has failed for so long is switched off.",
    "订阅连续投递失败达到该时长后停用。",
)
DEAD_LETTER_DAYS = Parameter(
    "events.dead_letter_days",
    Whole(1, 365, "d"),
    30,
    "So long events are kept that could not be delivered.",
    "无法投递的事件的保留天数。",
)

PARAMETERS = (PRIVATE_CALLBACKS, PLAIN_HTTP_CALLBACKS, OFF_AFTER_HOURS, DEAD_LETTER_DAYS)


def callback_rules(book: ParameterBook, now_us: int) -> AddressRules:
    """Where events may be sent at present."""
    return AddressRules(book.value(PRIVATE_CALLBACKS, now_us), book.value(PLAIN_HTTP_CALLBACKS, now_us))
