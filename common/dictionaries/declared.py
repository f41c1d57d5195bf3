"""The dictionaries that all nodes know: headquarters publishes them, provinces go by them."""

from __future__ import annotations

from common.dictionaries.model import Dictionary, declare, in_order

CHANNEL = Dictionary(
    "channel",
    "Over which channel somebody came who asks for something: of service requests, and of making sure of customers.",
    "受理渠道：用于业务请求和客户身份验证。",
    in_order(
        ("counter", "营业厅", "counter"),
        ("hotline", "客服热线", "hotline"),
        ("app", "手机客户端", "app"),
        ("web", "网上营业厅", "web hall"),
        ("self-service", "自助终端", "self-service terminal"),
        ("manager", "客户经理", "customer manager"),
        ("dealer", "代理商", "dealer"),
        ("console", "操作员控制台", "operators' console"),
    ),
    open=True,
)
"""Asked where a service request is submitted."""

DICTIONARIES = declare(CHANNEL)
