"""What commands print of parameters: English, simplified Chinese."""

from __future__ import annotations

PARAMETERS: dict[str, tuple[str, str]] = {
    "column.parameter": ("Parameter", "参数"),
    "column.value": ("Value", "值"),
    "column.default": ("Default", "默认值"),
    "column.since": ("Since", "生效时间"),
    "column.scheduled": ("Scheduled", "待生效"),
    "column.meaning": ("What it is for", "用途"),
    "column.allowed": ("May be", "取值范围"),
    "column.from": ("From", "生效时间"),
    "column.by": ("By", "操作人"),
    "state.in-force": ("in force", "生效中"),
    "state.waits": ("waits", "待生效"),
    "state.past": ("past", "已过期"),
    "state.withdrawn": ("withdrawn", "已撤回"),
    "parameters.none": ("No parameters.", "没有参数。"),
    "parameters.never_set": ("It was never set: the default counts.", "从未设置，使用默认值。"),
    "parameters.default": ("default", "默认值"),
    "parameters.set": ("{parameter} is {value} now.", "参数 {parameter} 现为 {value}。"),
    "parameters.scheduled": ("{parameter} will be {value} from {at} on.", "参数 {parameter} 将自 {at} 起为 {value}。"),
    "parameters.withdrawn": (
        "Version {version} of {parameter} will not come into force.",
        "参数 {parameter} 的版本 {version} 已撤回，不会生效。",
    ),
    "parameters.more": (
        "More: parameters show {parameter} --before {before}",
        "继续查看：parameters show {parameter} --before {before}",
    ),
    "unit.d": ("d", "天"),
    "unit.h": ("h", "小时"),
    "parameters.allowed.switch": ("true or false", "true 或 false"),
    "parameters.allowed.whole": ("{least} to {most} {unit}", "{least} 至 {most} {unit}"),
    "parameters.allowed.choice": ("one of {options}", "以下之一：{options}"),
    "parameters.allowed.text": (
        "a line of at most {characters_max} characters",
        "不超过 {characters_max} 个字符的单行文本",
    ),
    "usage.not_a_moment": (
        "{given!r} is no moment; write it as 2026-12-01 or 2026-12-01T08:00",
        "{given!r} 不是有效的时间，请写成 2026-12-01 或 2026-12-01T08:00",
    ),
}
