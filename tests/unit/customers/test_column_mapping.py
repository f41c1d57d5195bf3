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
from province_node.customers.heading import ExtractLacksNamedColumns
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


def test_a_column_that_a_mapping_file_names_is_missed_by_name_when_the_extract_lacks_it(tmp_path: Path) -> None:
    path = tmp_path / "billing.toml"
    path.write_text(BILLING, encoding="utf-8")
    with pytest.raises(ExtractLacksNamedColumns) as refusal:
        read("CUST_ID|CUST_NAME|PROD_STATUS|PLAN\n1|张三|20A|m\n", load_mapping(path))
    assert refusal.value.facts == {
        "named_in": "billing.toml",
        "columns": "PROD_STS",
        "found": "CUST_ID, CUST_NAME, PROD_STATUS, PLAN",
    }
    assert refusal.value.text("zh") != refusal.value.text("en")


def test_an_assignment_takes_the_place_of_a_column_that_the_mapping_file_names(tmp_path: Path) -> None:
    path = tmp_path / "billing.toml"
    path.write_text(BILLING, encoding="utf-8")
    mapping = with_columns(load_mapping(path), ["status=PROD_STATUS"])
    (record,) = read("CUST_ID|CUST_NAME|PROD_STATUS|PLAN\n1|张三|20A|m\n", mapping)
    assert isinstance(record, CustomerRecord)
    assert record.subscription is not None
    assert record.subscription.status == "terminated"


def test_columns_that_only_the_preset_of_a_mapping_file_knows_may_be_absent(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text('preset = "quanwang"\n[columns]\nname = "户名"\n', encoding="utf-8")
    (record,) = read("客户编号,户名\n1,张三\n", load_mapping(path))
    assert isinstance(record, CustomerRecord)


def test_of_a_wide_extract_only_the_first_columns_are_listed() -> None:
    heading = ",".join(["customer_number", "name", *(f"column{number}" for number in range(100))])
    with pytest.raises(ExtractLacksNamedColumns) as refusal:
        read(f"{heading}\n", with_columns(QUANWANG, ["status=STATUSS"]))
    assert refusal.value.facts["found"].startswith("customer_number, name, column0, ")
    assert refusal.value.facts["found"].endswith(", ... (102)")
    assert len(refusal.value.facts["found"]) < 1_000


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
