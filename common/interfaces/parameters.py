"""What an operator may change about interfaces while the node runs. Which adapter a port uses, the port declares."""

from __future__ import annotations

from common.outbound.addresses import AddressRules
from common.parameters.model import Parameter, ParameterBook
from common.parameters.value_types import Switch, Whole

PRIVATE_ADDRESSES = Parameter(
    "interfaces.private_addresses",
    Switch(),
    False,
    "Whether other systems may be called at addresses that are not on the open network, such as those of the own one.",
    "是否允许调用非公共网络地址（如内部网络）上的外部系统。",
)
PLAIN_HTTP = Parameter(
    "interfaces.plain_http",
    Switch(),
    False,
    "Whether other systems may be called without TLS.",
    "是否允许不经 TLS 调用外部系统。",
)
ANSWER_SECONDS = Parameter(
    "interfaces.answer_seconds",
    Whole(1, 120, "s"),
    10,
    "So long an answer is waited for; then the call has failed and is tried again.",
    "等待应答的时长；超过后视为调用失败并重试。",
)
TRIES_MAX = Parameter(
    "interfaces.tries_max",
    Whole(1, 100),
    12,
    "So often a call is tried that fails; then it is given up, until somebody replays it.",
    "调用失败时的最多尝试次数；超过后放弃，直至人工重放。",
)
WAITING_MAX = Parameter(
    "interfaces.waiting_max",
    Whole(100, 1_000_000),
    10_000,
    "So many calls may wait for one interface; further ones are refused.",
    "每个接口最多允许等待的调用数；超过后拒绝新的调用。",
)
CALLS_KEPT_DAYS = Parameter(
    "interfaces.calls_kept_days",
    Whole(1, 365, "d"),
    30,
    "So long calls stay in the log after they ended, and can be replayed.",
    "调用结束后在日志中保留（并可重放）的天数。",
)
FAILURES_MAX = Parameter(
    "interfaces.failures_max",
    Whole(1, 1_000),
    5,
    "After so many failures in a row an interface rests.",
    "连续失败达到该次数后，接口熔断。",
)
REST_SECONDS = Parameter(
    "interfaces.rest_seconds",
    Whole(1, 3_600, "s"),
    30,
    "So long an interface rests at first; twice as long each time that it fails again, up to an hour.",
    "接口首次熔断的时长；再次失败则逐次加倍，最长一小时。",
)

PARAMETERS = (
    PRIVATE_ADDRESSES,
    PLAIN_HTTP,
    ANSWER_SECONDS,
    TRIES_MAX,
    WAITING_MAX,
    CALLS_KEPT_DAYS,
    FAILURES_MAX,
    REST_SECONDS,
)


def address_rules(book: ParameterBook, now_us: int) -> AddressRules:
    """Where other systems may be called at present."""
    return AddressRules(book.value(PRIVATE_ADDRESSES, now_us), book.value(PLAIN_HTTP, now_us))
