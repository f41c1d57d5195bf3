"""What commands print of parameters and dictionaries: English, simplified Chinese."""

from __future__ import annotations

from common.cli.texts_dictionaries import DICTIONARIES

PARAMETERS: dict[str, tuple[str, str]] = {
    **DICTIONARIES,
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
    "column.layer": ("Comes from", "来源"),
    "column.published": ("Headquarters publishes", "总部下发"),
    "column.cut_from": ("Set here, and cut back", "本节点原设值（已截取）"),
    "column.held": ("Holds version", "已采用版本"),
    "column.held_at": ("Since", "采用时间"),
    "column.delivery": ("Now", "当前状态"),
    "parameter_layer.own": ("this node", "本节点"),
    "parameter_layer.network": ("headquarters", "总部"),
    "parameter_layer.default": ("the default", "默认值"),
    "parameters.of_the_network": ("What headquarters has published:", "总部下发记录："),
    "parameters.published_nothing": ("nothing", "无"),
    "parameters.published_fixed": ("{value}, for all", "{value}（统一，不可更改）"),
    "parameters.published_bounded": (
        "{value}, provinces from {least} to {most}",
        "{value}，各省可取 {least} 至 {most}",
    ),
    "parameters.publishing": (
        "{parameter} is published as {value} from {at} on; provinces take it as they can be reached.",
        "参数 {parameter} 自 {at} 起全网取值为 {value}，各省连通后即采用。",
    ),
    "parameters.unpublished": (
        "Headquarters says nothing of {parameter} from {at} on.",
        "自 {at} 起总部不再统一设置参数 {parameter}。",
    ),
    "parameters.publication": ("Publication {version}", "下发版本 {version}"),
    "parameters.no_publication": ("Nothing has been published.", "尚未下发。"),
    "delivery.current": ("holds what is published", "已采用最新版本"),
    "delivery.under_way": ("on its way", "传送中"),
    "delivery.failed": ("failed ({reason}); it is sent again", "失败（{reason}），将重新发送"),
    "delivery.waits": ("is to be sent", "待发送"),
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
    "parameters.allowed.several": (
        "one or more of {options}, with commas between them",
        "以下的一项或多项，以英文逗号分隔：{options}",
    ),
    "unit.min": ("min", "分钟"),
    "parameters.allowed.text": (
        "a line of at most {characters_max} characters",
        "不超过 {characters_max} 个字符的单行文本",
    ),
    "usage.not_a_moment": (
        "{given!r} is no moment; write it as 2026-12-01 or 2026-12-01T08:00",
        "{given!r} 不是有效的时间，请写成 2026-12-01 或 2026-12-01T08:00",
    ),
}
