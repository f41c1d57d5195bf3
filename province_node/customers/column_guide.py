"""What stands in the canonical columns, for whoever writes an extract: in words, with the values that are accepted.

The command line shows it (`customers columns`), docs/cli.md repeats it, and messages about headings and values draw on
it, so that an error can name what would have been right.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from province_node.customers.column_mapping import CANONICAL_COLUMNS, same_heading
from province_node.customers.model import DOCUMENT_KINDS, KINDS

STATUSES = ("active", "suspended", "terminated")

VALUES: Mapping[str, tuple[str, ...]] = {"kind": KINDS, "document_kind": DOCUMENT_KINDS, "status": STATUSES}
"""The columns that hold one of a few words, with these words."""

NAMES_A_SUBSCRIPTION = ("subscription_id", "service_number", "offering")
"""A row names a subscription when one of these is filled."""
SAYS_OF_A_SUBSCRIPTION = ("status", "status_since", "suspended_reason")
"""These say something about the subscription that a row names, and nothing where it names none."""

LIKENESS_MIN = 0.75
GUESSES_MAX = 3


@dataclass(frozen=True, slots=True)
class ColumnGuide:
    """One canonical column. `also`: headings of other systems, in the form of `same_heading`. They are suggested, never
    taken without being asked for: what looks alike may mean something else there."""

    en: str
    zh: str
    also: tuple[str, ...] = ()

    def text(self, language: str) -> str:
        """What stands in the column, in `language`."""
        return self.zh if language.startswith("zh") else self.en


GUIDE: Mapping[str, ColumnGuide] = {
    "province": ColumnGuide(
        "two digits of GB/T 2260; rows of other provinces are skipped; may be absent",
        "GB/T 2260 两位省份代码；其他省份的行会跳过；可以没有此列",
        ("省份", "省", "省代码", "province_code"),
    ),
    "customer_number": ColumnGuide(
        "as the legacy system has it; the province's code is put before it where it is missing (T001: 44-T001)",
        "旧系统中的编号；缺少省份前缀时自动补上（T001 记为 44-T001）",
        ("客户号", "客户标识", "客户id", "cust_id", "customer_id", "customerid", "customer number"),
    ),
    "kind": ColumnGuide(
        "where empty, told from the document", "为空时根据证件类型判断", ("类型", "客户类别", "cust_type", "type")
    ),
    "name": ColumnGuide(
        "of the person or the enterprise",
        "个人姓名或单位名称",
        ("姓名", "名称", "客户姓名", "户名", "cust_name", "customer_name", "full name"),
    ),
    "document_kind": ColumnGuide(
        "may be empty together with document_number",
        "可与证件号码同时为空",
        ("证件类别", "证件种类", "id_type", "cert_type"),
    ),
    "document_number": ColumnGuide(
        "with its check digit",
        "含校验码",
        ("证件号", "身份证号", "身份证号码", "id_number", "cert_no"),
    ),
    "contact_number": ColumnGuide(
        "mobile or fixed line, or international beginning with +",
        "手机、固定电话，或以 + 开头的国际号码",
        ("电话", "联系号码", "手机", "手机号", "手机号码", "phone", "telephone", "mobile", "tel"),
    ),
    "city_code": ColumnGuide(
        "GB/T 2260 code of the prefecture, 4 or 6 digits; a county's is taken as its prefecture's",
        "GB/T 2260 地市代码，4 位或 6 位；区县代码按所属地市处理",
        ("地市", "城市", "地市编码", "city", "city code"),
    ),
    "address": ColumnGuide("free text", "任意文字", ("住址", "通信地址", "addr")),
    "subscription_id": ColumnGuide(
        "as the legacy system has it, prefixed like customer_number; may be absent where no customer has more than one",
        "旧系统中的编号，前缀规则同客户编号；每个客户最多一个订购时可以没有此列",
        ("订购号", "用户编号", "用户标识", "产品实例编号", "user_id", "subscriber_id", "subs_id"),
    ),
    "service_number": ColumnGuide(
        "telephone number or circuit; may be empty",
        "电话号码或电路编号；可以为空",
        ("电话", "号码", "手机", "手机号", "手机号码", "用户号码", "设备号", "phone", "msisdn", "acc_nbr", "number"),
    ),
    "offering": ColumnGuide(
        "the offering's code; needed as soon as the row names a subscription",
        "产品代码；该行有订购时必填",
        ("套餐", "套餐名称", "资费", "产品名称", "plan", "tariff", "product"),
    ),
    "status": ColumnGuide(
        "active where the file has no such column; counts only where the row names a subscription",
        "没有此列时为 active；仅对有订购的行有效",
        ("用户状态", "产品状态", "state", "prod_sts"),
    ),
    "status_since": ColumnGuide(
        "2026-01-31, 20260131 or with a time of day behind; China time",
        "2026-01-31、20260131，可带时刻；北京时间",
        ("状态日期", "状态变更时间", "status_date"),
    ),
    "suspended_reason": ColumnGuide("free text; kept of suspended ones", "任意文字；仅保留停机订购的", ("停机类型",)),
}
"""By canonical column, in the order of CANONICAL_COLUMNS."""


def accepted_values(
    column: str, values: Mapping[str, Mapping[str, str]], allowed: Iterable[str] = ()
) -> dict[str, list[str]]:
    """The words that a column may hold, each with the codes that `values` (a mapping's) reads as it."""
    codes = values.get(column, {})
    return {
        word: [code for code, meaning in codes.items() if meaning == word and code != word]
        for word in allowed or VALUES.get(column, ())
    }


def accepted_text(accepted: Mapping[str, list[str]], language: str) -> str:
    """The same in one line: "active (正常, 在用), suspended (停机)"."""
    comma, opens, closes = ("、", "（", "）") if language.startswith("zh") else (", ", " (", ")")
    return comma.join(
        word + (f"{opens}{comma.join(codes)}{closes}" if codes else "") for word, codes in accepted.items()
    )


def meant_by(heading: str, columns: Iterable[str]) -> tuple[str, ...]:
    """Which of these canonical columns an unknown heading may mean: the likeliest first, at most GUESSES_MAX."""
    wanted = same_heading(heading)
    likeness = {column: max(_likeness(wanted, known) for known in _names_of(column)) for column in columns}
    likely = sorted((column for column in likeness if likeness[column] >= LIKENESS_MIN), key=lambda c: -likeness[c])
    return tuple(likely[:GUESSES_MAX])


def _names_of(column: str) -> tuple[str, ...]:
    return (column, CANONICAL_COLUMNS[column], *GUIDE[column].also)


def _likeness(heading: str, known: str) -> float:
    """From 0 to 1. A Chinese heading that contains the other, or is part of it, is as good as the same."""
    if heading == known:
        return 1.0
    if not heading.isascii() and min(len(heading), len(known)) > 1 and (heading in known or known in heading):
        return 0.9
    return difflib.SequenceMatcher(None, heading, known).ratio()
