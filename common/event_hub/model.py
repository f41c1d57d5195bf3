"""Rules of the event hub: what a callback may be, when a delivery is tried again, and when it is given up."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from common.errors import Refusal

CALLBACK_CHARS_MAX = 512
QUERY_CHARS_MAX = 1_024
ERROR_CHARS_MAX = 200
SECRET_BYTES = 32
SUBSCRIPTIONS_OF_OWNER_MAX = 20
SUBSCRIPTIONS_MAX = 500
REFUSALS_MAX = 5
"""So often a delivery is tried that its receiver refuses; then it is given up, and the next one is tried."""
WAITING_MAX = 100_000
"""More than this do not wait for one subscription: it is switched off."""
FIRST_SPACING_US = 1_000_000
SPACING_MAX_US = 3_600_000_000

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


class SubscriptionUnknown(Refusal):
    """There is none of this id."""

    code = "EVENT_SUBSCRIPTION_NOT_FOUND"
    en = "There is no such subscription."
    zh = "没有该订阅。"


@dataclass(frozen=True, slots=True)
class CallbackRules:
    """Where events may be sent. Both are off, unless the node's settings say otherwise."""

    private_addresses: bool = False
    plain_http: bool = False


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open network: not to this machine, its surroundings, or nobody.

    An address that carries another one within it (IPv4 in IPv6, NAT64, 6to4, Teredo) is judged by that one, too.
    """
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if not parsed.is_global or parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified:
        return False
    return not isinstance(parsed, ipaddress.IPv6Address) or all(is_public(str(inner)) for inner in _within(parsed))


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _within(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    return [inner for inner in found if inner is not None]


def read_callback(callback: str, rules: CallbackRules) -> SplitResult:
    """A callback in its parts. Raises CallbackUnfit where it cannot be used wherever its name leads."""
    try:
        parts = urlsplit(callback)
        port = parts.port
    except ValueError:
        raise _unfit("it is no address", "不是有效的地址") from None
    if len(callback) > CALLBACK_CHARS_MAX or not callback.isascii() or not callback.isprintable() or " " in callback:
        raise _unfit(f"use at most {CALLBACK_CHARS_MAX} visible ASCII characters", "长度或字符不符合要求")
    if parts.scheme != "https" and not (parts.scheme == "http" and rules.plain_http):
        raise _unfit("it must begin with https://", "应以 https:// 开头")
    if not parts.hostname or port == 0:
        raise _unfit("it names no host", "缺少主机名")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise _unfit("leave out user name, query and fragment", "不得包含用户名、查询参数或片段")
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return parts
    if not rules.private_addresses and not is_public(str(literal)):
        raise _unfit("its address is not on the open network", "该地址不在公共网络上")
    return parts


def _unfit(detail: str, detail_zh: str) -> CallbackUnfit:
    return CallbackUnfit(detail=detail, detail_zh=detail_zh)


def spacing_us(tries: int) -> int:
    """How long to wait after so many failures in a row: twice as long each time, up to an hour."""
    return min(SPACING_MAX_US, FIRST_SPACING_US << min(max(tries, 1) - 1, 32))


def listener_address(callback: str, event_type: str) -> str:
    """Where events of a type are sent: the callback, `/listener/`, and the type's name with a small first letter."""
    return f"{callback.rstrip('/')}/listener/{event_type[0].lower()}{event_type[1:]}"
