"""What can be wrong with a row of an extract, in words."""

from __future__ import annotations

from typing import Any

from province_node.customers.events import Finding

# Personal data is never quoted; what is quoted ({value}) are codes.
_TEXTS: dict[str, tuple[str, str]] = {
    "LINE_TOO_LONG": ("the line has more than {chars_max} characters", "该行超过 {chars_max} 个字符"),
    "LINE_MALFORMED": (
        "the quotation marks are not balanced, or a field contains a line break",
        "引号不成对，或字段内含有换行",
    ),
    "FIELD_COUNT": (
        "the row has {actual} fields, the heading has {expected}",
        "该行有 {actual} 个字段，而表头有 {expected} 个",
    ),
    "UNDECODABLE": ("contains bytes that are no characters of the file's encoding", "含有无法按文件编码解读的字节"),
    "CONTROL_CHARACTER": ("contains a control character", "含有控制字符"),
    "TOO_LONG": ("has more than {chars_max} characters", "超过 {chars_max} 个字符"),
    "MISSING": ("is empty, but is needed", "不能为空"),
    "NOT_ONE_OF": ("{value} is none of: {allowed}", "{value} 不是以下之一：{allowed_zh}"),
    "OTHER_PROVINCE": ("belongs to province {value}; skipped", "属于省份 {value}，已跳过"),
    "PROVINCES_DIFFER": (
        "the number begins with province {value}, the row says {province}",
        "编号以省份 {value} 开头，与该行省份 {province} 不一致",
    ),
    "NUMBER_SHAPE": (
        "may have only letters, digits, dot, dash and underscore, and must begin with a letter or digit",
        "只能包含字母、数字、点、连字符和下划线，且须以字母或数字开头",
    ),
    "DOCUMENT_SHAPE": ("is no number of this kind of document", "不符合该类证件的号码格式"),
    "DOCUMENT_PLACE": ("does not begin with a place that gives out such documents", "号码开头的行政区划代码无效"),
    "DOCUMENT_BIRTH_DATE": ("contains no possible birth date", "号码中的出生日期无效"),
    "DOCUMENT_CHECK_DIGIT": ("the check digit is wrong", "校验码错误"),
    "DOCUMENT_KIND_UNFIT": ("a person has no document of the kind {value}", "个人客户不能使用 {value} 类证件"),
    "TELEPHONE_SHAPE": (
        "cannot be a telephone number: write a mobile number such as 13800138000, a fixed line with its area code such "
        "as 02161234567, or a foreign number with + before it",
        "不是有效的电话号码：手机号码如 13800138000，固定电话须带区号如 02161234567，境外号码以 + 开头",
    ),
    "SERVICE_NUMBER_SHAPE": (
        "can be neither a telephone number nor a circuit",
        "既不是有效的电话号码，也不是有效的电路编号",
    ),
    "CITY_CODE": (
        "is not the GB/T 2260 code of a prefecture of province {province}",
        "不是省份 {province} 的地市代码（GB/T 2260）",
    ),
    "DATE_SHAPE": ("is not a date such as 2026-01-31", "不是形如 2026-01-31 的日期"),
    "DATE_TO_COME": ("lies in the future", "日期晚于今天"),
    "CUSTOMER_DIFFERS": (
        "line {other_line} says other things about this customer",
        "第 {other_line} 行对同一客户的描述不同",
    ),
    "DUPLICATE_CUSTOMER": ("the customer stands in line {other_line} already", "该客户已在第 {other_line} 行出现"),
    "DUPLICATE_SUBSCRIPTION": (
        "the subscription stands in line {other_line} already",
        "该订购已在第 {other_line} 行出现",
    ),
    "SUBSCRIPTION_UNNAMED": (
        "line {other_line} has a subscription of this customer already, so each needs an id of its own",
        "第 {other_line} 行已有该客户的订购，每个订购须有各自的编号",
    ),
    "DUPLICATE_SERVICE_NUMBER": (
        "the number belongs to another subscription in line {other_line}",
        "该号码已属于第 {other_line} 行的另一订购",
    ),
}

QUOTED_CHARS_MAX = 24


def finding(column: str, code: str, **facts: Any) -> Finding:
    """A finding with its texts. `facts` fill the text's places."""
    if isinstance(facts.get("value"), str):
        facts["value"] = facts["value"][:QUOTED_CHARS_MAX]
    en, zh = _TEXTS[code]
    return Finding(column, code, en.format(**facts), zh.format(**facts))
