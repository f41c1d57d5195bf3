"""Rules of the event hub: what a callback may be, and when a delivery is given up."""

from __future__ import annotations

from urllib.parse import SplitResult

from common.errors import Refusal
from common.outbound.addresses import ADDRESS_CHARS_MAX, AddressRules, AddressUnfit, read_address

CALLBACK_CHARS_MAX = ADDRESS_CHARS_MAX
QUERY_CHARS_MAX = 1_024
ERROR_CHARS_MAX = 200
SECRET_BYTES = 32
SUBSCRIPTIONS_OF_OWNER_MAX = 20
SUBSCRIPTIONS_MAX = 500
REFUSALS_MAX = 5
"""So often a delivery is tried that its receiver refuses; then it is given up, and the next one is tried."""
WAITING_MAX = 100_000
"""More than this do not wait for one subscription: it is switched off."""

ON, OFF = "on", "off"
WAITING, DEAD = "waiting", "dead"


class CallbackUnfit(Refusal):
    """Events cannot be sent there."""

    code = "MALFORMED_CALLBACK"
    en = "The callback cannot be used: {detail}."
    zh = "回调地址不可用：{detail_zh}。"


class TooManySubscriptions(Refusal):
    """More than one owner, or the node, may have."""

    en = "There are {most} subscriptions already. Delete one that is not needed any more."
    zh = "已有 {most} 个订阅，请先删除不再需要的订阅。"


class ApiUnknown(Refusal):
    """No API of this name tells events."""

    code = "EVENT_API_NOT_FOUND"
    en = "No API is named {api} and tells events; there are: {known}."
    zh = "没有名为 {api} 且发布事件的 API，可用：{known}。"


class SubscriptionUnknown(Refusal):
    """There is none of this id."""

    code = "EVENT_SUBSCRIPTION_NOT_FOUND"
    en = "There is no such subscription."
    zh = "没有该订阅。"


def read_callback(callback: str, rules: AddressRules) -> SplitResult:
    """A callback in its parts. Raises CallbackUnfit where it cannot be used wherever its name leads."""
    try:
        return read_address(callback, rules)
    except AddressUnfit as unfit:
        raise CallbackUnfit(**unfit.facts) from None


def listener_address(callback: str, event_type: str) -> str:
    """Where events of a type are sent: the callback, `/listener/`, and the type's name with a small first letter."""
    return f"{callback.rstrip('/')}/listener/{event_type[0].lower()}{event_type[1:]}"
