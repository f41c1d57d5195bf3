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

DOCUMENT_KIND = Dictionary(
    "document-kind",
    "By what kind of document a customer is known. Numbers are checked of those kinds that the program came with.",
    "客户证件类型。系统内置类型会校验证件号码。",
    in_order(
        ("resident_id", "居民身份证", "resident identity card"),
        ("hk_macao_resident_permit", "港澳居民居住证", "residence permit (Hong Kong and Macao)"),
        ("taiwan_resident_permit", "台湾居民居住证", "residence permit (Taiwan)"),
        ("foreign_resident_permit", "外国人永久居留身份证", "foreign permanent resident identity card"),
        ("passport", "护照", "passport"),
        ("uscc", "统一社会信用代码", "unified social credit code"),
        ("business_licence", "营业执照", "business licence"),
        ("other", "其他", "other"),
    ),
)
"""Asked where customers are imported."""

DICTIONARIES = declare(CHANNEL, DOCUMENT_KIND)
