"""Where a node may call: what an address must look like, and which addresses belong to the open network."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from common.errors import Refusal

ADDRESS_CHARS_MAX = 512


class AddressUnfit(Refusal):
    """Nothing is called there."""

    code = "MALFORMED_ADDRESS"
    en = "The address cannot be called: {detail}."
    zh = "该地址不可调用：{detail_zh}。"


@dataclass(frozen=True, slots=True)
class AddressRules:
    """Where may be called. Both are off, unless a parameter says otherwise."""

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


def read_address(address: str, rules: AddressRules) -> SplitResult:
    """An address in its parts. Raises AddressUnfit where it may not be called wherever its name leads."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise _unfit("it is no address", "不是有效的地址") from None
    if len(address) > ADDRESS_CHARS_MAX or not address.isascii() or not address.isprintable() or " " in address:
        raise _unfit(f"use at most {ADDRESS_CHARS_MAX} visible ASCII characters", "长度或字符不符合要求")
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
    require_allowed((str(literal),), rules)
    return parts


def require_allowed(addresses: tuple[str, ...], rules: AddressRules) -> None:
    """Raises AddressUnfit unless every one of these IP addresses may be called."""
    if not rules.private_addresses and not all(is_public(address) for address in addresses):
        raise _unfit("it leads to an address that is not on the open network", "该地址指向非公共网络")


def _unfit(detail: str, detail_zh: str) -> AddressUnfit:
    return AddressUnfit(detail=detail, detail_zh=detail_zh)
