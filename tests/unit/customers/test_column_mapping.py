"""Mappings: from files and from the command line, and what is wrong with the bad ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from province_node.customers.column_mapping import (
    CANONICAL_COLUMNS,
    MAPPING_FILE_BYTES_MAX,
    QUANWANG,
    TELCO,
    ColumnMappingInvalid,
    load_mapping,
    preset,
    with_columns,
)
from province_node.customers.commands import CustomerRecord
from tests.unit.customers.conftest import read

BILLING = """
required = ["name"]
[columns]
customer_number = "CUST_ID"
name = "CUST_NAME"
status = "PROD_STS"
offering = "PLAN"
[values.status]
"10A" = "active"
"20A" = "terminated"
[constants]
kind = "individual"
"""
EXTRACT = "CUST_ID|CUST_NAME|PROD_STS|PLAN\n1|张三|10a|m\n2|李四|20A|m\n"


def test_presets_have_names() -> None:
    assert preset("quanwang") is QUANWANG
    assert preset("telco") is TELCO
    with pytest.raises(ColumnMappingInvalid, match="quanwang, telco"):
        preset("else")


def test_our_own_format_knows_every_canonical_column_by_both_names() -> None:
    assert {name: sources[1] for name, sources in QUANWANG.columns.items()} == CANONICAL_COLUMNS


@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_a_toml_file_describes_another_systems_extract(tmp_path: Path, bom: str) -> None:
    path = tmp_path / "billing.toml"
    path.write_text(bom + BILLING, encoding="utf-8")
    mapping = load_mapping(path)
    assert mapping.name == "billing"
    assert mapping.required == {"customer_number", "name"}
    first, second = read(EXTRACT, mapping)
    assert isinstance(first, CustomerRecord)
    assert isinstance(second, CustomerRecord)
    assert first.subscription is not None
    assert second.subscription is not None
    assert (first.subscription.status, second.subscription.status) == ("active", "terminated")


def test_a_json_file_may_build_on_a_preset(tmp_path: Path) -> None:
    path = tmp_path / "ours.json"
    data = {"preset": "quanwang", "columns": {"name": "户名"}, "values": {"status": {"在网": "active"}}}
    path.write_text(json.dumps(data), encoding="utf-8")
    mapping = load_mapping(path)
    first, second = read("客户编号,户名,状态,产品\n1,张三,在网,m\n2,李四,停机,m\n", mapping)
    assert isinstance(first, CustomerRecord)
    assert isinstance(second, CustomerRecord)
    assert first.subscription is not None
    assert second.subscription is not None
    assert (first.subscription.status, second.subscription.status) == ("active", "suspended")


def test_columns_can_be_named_on_the_command_line() -> None:
    mapping = with_columns(QUANWANG, ["customer_number=Customer No.", " name = 户名 "])
    (record,) = read("customer no.,户名,name\n1,张三,ignored\n", mapping)
    assert isinstance(record, CustomerRecord)
    assert (record.customer_number, record.name) == ("44-1", "张三")


@pytest.mark.parametrize("assignment", ["", "name", "name=", "=x", "nickname=x"])
def test_a_bad_assignment_is_refused(assignment: str) -> None:
    with pytest.raises(ColumnMappingInvalid) as refusal:
        with_columns(QUANWANG, [assignment])
    assert refusal.value.text("zh") != refusal.value.text("en")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("m.toml", "columns = 1", "columns is not a table"),
        ("m.toml", "[columns]\nnickname = 'x'", "nickname"),
        ("m.toml", "[columns]\nname = 1", "1 is not a text"),
        ("m.toml", "[values]\nstatus = 'x'", "values.status is not a table"),
        ("m.toml", "[values.nickname]\nx = 'y'", "nickname"),
        ("m.toml", "[constants]\nnickname = 'y'", "nickname"),
        ("m.toml", "required = 'name'", "required is not a list"),
        ("m.toml", "required = [1]", "1 is not a text"),
        ("m.toml", "preset = 'else'", "no preset"),
        ("m.toml", "colums = {}", "only preset"),
        ("m.toml", "a b", "not valid TOML or JSON"),
        ("m.json", "[]", "only preset"),
        ("m.json", "{", "not valid TOML or JSON"),
        ("m.json", "[" * 50_000, "not valid TOML or JSON"),
        ("m.toml", "# " + "x" * MAPPING_FILE_BYTES_MAX, "larger than"),
    ],
)
def test_a_bad_mapping_file_is_refused_with_what_is_wrong(tmp_path: Path, name: str, content: str, said: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ColumnMappingInvalid, match=said) as refusal:
        load_mapping(path)
    assert refusal.value.code == "COLUMN_MAPPING_INVALID"
    assert refusal.value.text("zh") != refusal.value.text("en")
