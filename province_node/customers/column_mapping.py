"""Which column of an extract means what.

The reader of extracts knows its own ("canonical") columns; a mapping says where they are found in somebody else's file
and how that file's codes are to be read. Mappings come built in, from a TOML or JSON file, and from the command line:

    preset = "quanwang"                 # optional: what is not said below is taken from there
    required = ["customer_number"]      # canonical columns that every row must fill
    [columns]
    customer_number = "CUST_ID"         # canonical = the file's
    [values.status]
    "10A" = "active"                    # the file's = canonical
    [constants]
    kind = "individual"                 # for what the file does not say
"""

from __future__ import annotations

import json
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from common.errors import Refusal

CANONICAL_COLUMNS: Mapping[str, str] = {
    "province": "省份代码",
    "customer_number": "客户编号",
    "kind": "客户类型",
    "name": "客户名称",
    "document_kind": "证件类型",
    "document_number": "证件号码",
    "contact_number": "联系电话",
    "city_code": "地市代码",
    "address": "地址",
    "subscription_id": "订购编号",
    "service_number": "业务号码",
    "offering": "产品",
    "status": "状态",
    "status_since": "状态时间",
    "suspended_reason": "停机原因",
}
"""The canonical columns in their order, each with the Chinese heading that our own format accepts as well. What stands
in them: column_guide.GUIDE."""

MAPPING_FILE_BYTES_MAX = 65_536

Derivation = Callable[[Mapping[str, str]], Mapping[str, str]]


class ColumnMappingInvalid(Refusal):
    """The description of the columns cannot be used."""

    en = "The column mapping cannot be used: {detail}."
    zh = "列映射无法使用：{detail_zh}。"


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Where the canonical columns are found, and how their values are read.

    `columns` gives for a canonical column the headings it may have; `values` translates the file's codes; `constants`
    fills what the file does not say; `derive` makes canonical values from the file's own columns that `derived_from`
    names. `named_in` says of the columns that somebody chose for this extract where that was: they must be there, while
    those that only a preset knows may be absent.
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    required: frozenset[str] = frozenset({"customer_number"})
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    derived_from: tuple[str, ...] = ()
    derive: Derivation | None = None
    named_in: Mapping[str, str] = field(default_factory=dict)


def same_heading(text: str) -> str:
    """The form in which headings and codes are compared: without capitals, full-width letters and outer spaces."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


QUANWANG = ColumnMapping(
    name="quanwang",
    columns={name: (name, chinese) for name, chinese in CANONICAL_COLUMNS.items()},
    required=frozenset({"customer_number", "name"}),
    values={
        "kind": {"个人": "individual", "政企": "enterprise", "企业": "enterprise", "单位": "enterprise"},
        "document_kind": {
            "身份证": "resident_id",
            "居民身份证": "resident_id",
            "港澳居民居住证": "hk_macao_resident_permit",
            "台湾居民居住证": "taiwan_resident_permit",
            "外国人永久居留身份证": "foreign_resident_permit",
            "护照": "passport",
            "统一社会信用代码": "uscc",
            "营业执照": "business_licence",
            "其他": "other",
        },
        "status": {
            "正常": "active",
            "在用": "active",
            "在网": "active",
            "停机": "suspended",
            "已停机": "suspended",
            "销户": "terminated",
            "已销户": "terminated",
            "拆机": "terminated",
            "已拆机": "terminated",
        },
    },
)
"""Our own format: the canonical columns under their own or their Chinese names."""


def _telco_offering(source: Mapping[str, str]) -> Mapping[str, str]:
    """The file names no tariff, so its services and its contract stand for one: "phone-fiber-optic-two-year"."""
    parts = ["phone"] if same_heading(source["PhoneService"]) == "yes" else []
    internet = same_heading(source["InternetService"])
    if internet not in {"", "no"}:
        parts.append(internet)
    contract = same_heading(source["Contract"])
    if not parts or not contract:
        return {}
    return {"offering": "-".join([*parts, contract]).replace(" ", "-")}


TELCO = ColumnMapping(
    name="telco",
    columns={"customer_number": ("customerID",), "status": ("Churn",)},
    required=frozenset({"customer_number", "offering", "status"}),
    values={"status": {"yes": "terminated", "no": "active"}},
    constants={"kind": "individual"},
    derived_from=("PhoneService", "InternetService", "Contract"),
    derive=_telco_offering,
)
"""IBM's public sample of telephone customers. It has no names, documents, addresses or numbers, and none are made up:
these columns stay empty. The customer number comes from customerID, the id of each customer's one subscription from the
customer number, and who left (Churn) is terminated. The months of service (tenure) tell no date, since the file does
not say when it was made; charges belong to billing. Both are left out."""

PRESETS: Mapping[str, ColumnMapping] = {mapping.name: mapping for mapping in (QUANWANG, TELCO)}


def preset(name: str) -> ColumnMapping:
    """A built-in mapping by name; raises ColumnMappingInvalid."""
    if name not in PRESETS:
        known = ", ".join(PRESETS)
        raise _invalid(
            f"no preset is called {name!r}; there are {known}", f"没有名为 {name!r} 的预设；可用的有 {known}"
        )
    return PRESETS[name]


def load_mapping(path: Path) -> ColumnMapping:
    """Reads a mapping from a .toml or .json file; raises ColumnMappingInvalid, OSError."""
    with path.open("rb") as file:
        content = file.read(MAPPING_FILE_BYTES_MAX + 1)
    if len(content) > MAPPING_FILE_BYTES_MAX:
        raise _invalid(
            f"the file is larger than {MAPPING_FILE_BYTES_MAX} bytes", f"文件超过 {MAPPING_FILE_BYTES_MAX} 字节"
        )
    try:
        text = content.decode("utf-8-sig")
        data = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise _invalid(
            f"{path.name} is not valid TOML or JSON ({error})", f"{path.name} 不是有效的 TOML 或 JSON（{error}）"
        ) from error
    return _mapping_from(data, path)


def _mapping_from(data: Any, path: Path) -> ColumnMapping:
    if not isinstance(data, dict) or data.keys() - {"preset", "required", "columns", "values", "constants"}:
        raise _invalid(
            "only preset, required, columns, values and constants may be given",
            "只能包含 preset、required、columns、values 和 constants",
        )
    base = preset(_text(data["preset"])) if "preset" in data else ColumnMapping(path.stem, {})
    columns = {canonical: (_text(source),) for canonical, source in _table(data, "columns").items()}
    constants = {canonical: _text(value) for canonical, value in _table(data, "constants").items()}
    values = {}
    for canonical, codes in _table(data, "values").items():
        if not isinstance(codes, dict):
            raise _invalid(f"values.{canonical} is not a table", f"values.{canonical} 不是表")
        translated = {same_heading(code): _text(meaning) for code, meaning in codes.items()}
        values[canonical] = {**base.values.get(canonical, {}), **translated}
    required = data.get("required", sorted(base.required))
    if not isinstance(required, list):
        raise _invalid("required is not a list", "required 不是列表")
    mapping = replace(
        base,
        name=path.stem,
        columns={**base.columns, **columns},
        constants={**base.constants, **constants},
        values={**base.values, **values},
        required=frozenset(map(_text, required)) | {"customer_number"},
        named_in=dict.fromkeys(columns, path.name),
    )
    return _checked(mapping)


def with_columns(mapping: ColumnMapping, assignments: Iterable[str]) -> ColumnMapping:
    """The mapping with `canonical=source` assignments put over it; raises ColumnMappingInvalid."""
    columns, named_in = dict(mapping.columns), dict(mapping.named_in)
    for assignment in assignments:
        canonical, equals, source = (part.strip() for part in assignment.partition("="))
        if not canonical or not equals or not source:
            raise _invalid(f"{assignment!r} is not canonical=source", f"{assignment!r} 不符合“标准列=文件列”的写法")
        columns[canonical], named_in[canonical] = (source,), "--map"
    return _checked(replace(mapping, columns=columns, named_in=named_in))


def _checked(mapping: ColumnMapping) -> ColumnMapping:
    named = {*mapping.columns, *mapping.values, *mapping.constants, *mapping.required}
    unknown = ", ".join(sorted(named - CANONICAL_COLUMNS.keys()))
    if unknown:
        raise _invalid(f"no canonical column is called {unknown}", f"没有名为 {unknown} 的标准列")
    return mapping


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    table = data.get(key, {})
    if not isinstance(table, dict):
        raise _invalid(f"{key} is not a table", f"{key} 不是表")
    return table


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _invalid(f"{value!r} is not a text", f"{value!r} 不是文本")
    return value


def _invalid(detail: str, detail_zh: str) -> ColumnMappingInvalid:
    return ColumnMappingInvalid(detail=detail, detail_zh=detail_zh)
