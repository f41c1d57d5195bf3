"""Provinces and named regions, by the codes of GB/T 2260."""

from __future__ import annotations

from typing import NamedTuple

ALL_PROVINCES = "all-provinces"
"""The region of all enrolled provinces. It is not listed in a directory: who is enrolled follows from its nodes."""


class Province(NamedTuple):
    """A province-level division: GB/T 2260 code and short names."""

    code: str
    name_zh: str
    name_en: str


PROVINCES = {
    province.code: province
    for province in (
        Province("11", "北京", "Beijing"),
        Province("12", "天津", "Tianjin"),
        Province("13", "河北", "Hebei"),
        Province("14", "山西", "Shanxi"),
        Province("15", "内蒙古", "Inner Mongolia"),
        Province("21", "辽宁", "Liaoning"),
        Province("22", "吉林", "Jilin"),
        Province("23", "黑龙江", "Heilongjiang"),
        Province("31", "上海", "Shanghai"),
        Province("32", "江苏", "Jiangsu"),
        Province("33", "浙江", "Zhejiang"),
        Province("34", "安徽", "Anhui"),
        Province("35", "福建", "Fujian"),
        Province("36", "江西", "Jiangxi"),
        Province("37", "山东", "Shandong"),
        Province("41", "河南", "Henan"),
        Province("42", "湖北", "Hubei"),
        Province("43", "湖南", "Hunan"),
        Province("44", "广东", "Guangdong"),
        Province("45", "广西", "Guangxi"),
        Province("46", "海南", "Hainan"),
        Province("50", "重庆", "Chongqing"),
        Province("51", "四川", "Sichuan"),
        Province("52", "贵州", "Guizhou"),
        Province("53", "云南", "Yunnan"),
        Province("54", "西藏", "Tibet"),
        Province("61", "陕西", "Shaanxi"),
        Province("62", "甘肃", "Gansu"),
        Province("63", "青海", "Qinghai"),
        Province("64", "宁夏", "Ningxia"),
        Province("65", "新疆", "Xinjiang"),
    )
}
"""The 31 provinces by code."""

HQ_NAME_ZH = "总部"
HQ_NAME_EN = "Headquarters"

_CODES_BEGIN = {
    "north-china": "1",
    "northeast": "2",
    "east-china": "3",
    "central-china": "41 42 43",
    "south-china": "44 45 46",
    "southwest": "5",
    "northwest": "6",
}

DEFAULT_REGIONS: dict[str, tuple[str, ...]] = {
    name: tuple(code for code in PROVINCES if code.startswith(tuple(prefixes.split())))
    for name, prefixes in _CODES_BEGIN.items()
}
"""The regions a new federation begins with, by name: each province is in exactly one."""
