"""customers import: what is read here, what the node is given, and what is said about the rest."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from province_node.customers.commands import IMPORT_ROWS_MAX
from tests.support.fake_admin import CommandLine, Failure

HEADING = "customer_number,name,kind,contact_number\n"


def extract(tmp_path: Path, rows: int, *bad: str) -> Path:
    """A file with so many good rows of Shanghai's customers, and bad ones behind them."""
    file = tmp_path / "extract.csv"
    lines = [f"31-{number:010d},王{number},individual,1391234{number:04d}\n" for number in range(rows)]
    file.write_text(HEADING + "".join(lines) + "".join(f"{row}\n" for row in bad), encoding="utf-8")
    return file


BAD = ("31-9999999999,李四,individual,12", "44-0000000001,陈五,individual,13912340000", "31-8888888888,,individual,")


def chunks(province: CommandLine) -> list[list[dict[str, Any]]]:
    return [document["rows"] for path, document in province.node.posted if path == "/customers/import"]


def test_good_rows_are_taken_in_chunk_by_chunk(province: CommandLine, tmp_path: Path) -> None:
    result = province("customers", "import", str(extract(tmp_path, IMPORT_ROWS_MAX + 7)))
    assert result.code == 0
    assert [len(rows) for rows in chunks(province)] == [IMPORT_ROWS_MAX, 7]
    assert chunks(province)[0][0]["customer_number"] == "31-0000000000"
    assert "507" in result.out


def test_bad_rows_are_left_out_with_line_column_and_reason(province: CommandLine, tmp_path: Path) -> None:
    result = province("customers", "import", str(extract(tmp_path, 2, *BAD)))
    assert result.code == 1, "some rows were left out"
    assert [len(rows) for rows in chunks(province)] == [2]
    assert "4  contact_number  cannot be a telephone number" in result.out
    assert "6  name" in result.out
    assert "Other provinces' rows  1" in result.out
    assert "44-0000000001" not in result.out, "another province's row is counted, not listed"


def test_reasons_are_chinese_on_demand(province: CommandLine, tmp_path: Path) -> None:
    out = province("customers", "import", str(extract(tmp_path, 1, *BAD)), "--lang", "zh").out
    assert "不是有效的电话号码" in out
    assert "未导入" in out


def test_the_screen_shows_the_first_problems_and_the_report_has_all(province: CommandLine, tmp_path: Path) -> None:
    report = tmp_path / "problems.csv"
    file = extract(tmp_path, 1, *[f"31-77{number:08d},甲,individual,12" for number in range(30)])
    result = province("customers", "import", str(file), "--show", "3", "--report", str(report))
    assert result.out.count("cannot be a telephone number") == 3
    assert f"27 more in {report}" in result.out
    with report.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 30
    assert rows[0] == {
        "line": "3",
        "column": "contact_number",
        "code": "TELEPHONE_SHAPE",
        "reason": "cannot be a telephone number: write a mobile number such as 13800138000, a fixed line with its area "
        "code such as 02161234567, or a foreign number with + before it",
    }


def test_problems_that_the_node_finds_are_listed_too(province: CommandLine, tmp_path: Path) -> None:
    finding = {"column": "service_number", "code": "TAKEN", "en": "is taken", "zh": "已被占用", "reason": "is taken"}
    province.node.import_problems = [{"line": 2, "findings": [finding]}]
    result = province("customers", "import", str(extract(tmp_path, 3)), "--json")
    assert result.code == 1
    document = json.loads(result.out)
    assert document["rows"] == {
        "read": 3,
        "imported": 2,
        "updated": 0,
        "unchanged": 0,
        "rejected": 1,
        "skipped": 0,
    }
    assert document["problems"] == [{"line": 2, "column": "service_number", "code": "TAKEN", "reason": "is taken"}]


def test_a_dry_run_stores_nothing(province: CommandLine, tmp_path: Path) -> None:
    result = province("customers", "import", str(extract(tmp_path, 3, *BAD)), "--dry-run", "--json")
    assert result.code == 1
    assert chunks(province) == []
    assert json.loads(result.out)["rows"] == {"read": 6, "good": 3, "rejected": 2, "skipped": 1}
    assert "nothing was stored" in province("customers", "import", str(extract(tmp_path, 3)), "--dry-run").out


def test_an_interruption_says_how_far_it_came_and_that_it_may_be_repeated(
    province: CommandLine, tmp_path: Path
) -> None:
    province.node.interrupt_after_chunks = 2
    file = extract(tmp_path, 3 * IMPORT_ROWS_MAX)
    result = province("customers", "import", str(file))
    assert result.code == 130
    assert f"up to line {2 * IMPORT_ROWS_MAX + 1} was dealt with" in result.out
    assert "that is safe" in result.out
    province.node.interrupt_after_chunks = 0
    document = json.loads(province("customers", "import", str(file), "--json").out)
    assert document["interrupted"] is True
    assert document["rows"]["read"] == 0
    province.node.interrupt_after_chunks = None
    assert province("customers", "import", str(file)).code == 0


def test_a_node_that_cannot_for_now_ends_the_import_and_trying_again_is_the_answer(
    province: CommandLine, tmp_path: Path
) -> None:
    province.node.failures["/customers/import"] = Failure(503, "STORAGE_UNAVAILABLE", "disk full")
    result = province("customers", "import", str(extract(tmp_path, 3)))
    assert result.code == 4
    assert "disk full" in result.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--mapping", "oracle"), 1, "no preset is called 'oracle'"),
        (("--mapping", "nowhere.toml"), 2, "nowhere.toml"),
        (("--map", "customer_number"), 1, "canonical=source"),
        (("--map", "customer_nummer=A"), 1, "customer_nummer"),
        (("--map", "customer_number=CUST_ID"), 1, "--map OURS=THEIRS"),
        (("--map", "status=STATUSS"), 1, "STATUSS"),
        (("--mapping", "telco"), 1, "customer_number"),
        (("--report", "/no/where/problems.csv"), 2, "/no/where/problems.csv"),
    ],
)
def test_mistakes_about_the_columns_are_named_before_anything_is_stored(
    province: CommandLine, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    result = province("customers", "import", str(extract(tmp_path, 3)), *arguments)
    assert result.code == code
    assert said in result.err
    assert chunks(province) == []


def test_columns_of_other_names_are_found_by_a_mapping(province: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "extract.csv"
    file.write_text("CUST,NAME,T\n1,王一,1\n", encoding="gb18030")
    mapping = tmp_path / "ours.toml"
    mapping.write_text('[columns]\ncustomer_number = "CUST"\n[constants]\nkind = "individual"\n', encoding="utf-8")
    result = province("customers", "import", str(file), "--mapping", str(mapping), "--map", "name=NAME")
    assert result.code == 0
    assert chunks(province)[0][0]["name"] == "王一"


@pytest.mark.parametrize(("language", "said"), [("en", "has no column STATUSS"), ("zh", "没有列 STATUSS")])
def test_a_mapping_file_that_names_a_column_which_the_extract_lacks_is_refused(
    province: CommandLine, tmp_path: Path, language: str, said: str
) -> None:
    mapping = tmp_path / "ours.toml"
    mapping.write_text('preset = "quanwang"\n[columns]\nstatus = "STATUSS"\n', encoding="utf-8")
    result = province("customers", "import", str(extract(tmp_path, 3)), "--mapping", str(mapping), "--lang", language)
    assert result.code == 1
    assert said in result.err
    assert "ours.toml" in result.err
    assert "customer_number, name, kind, contact_number" in result.err
    assert chunks(province) == []


def test_what_is_no_csv_is_refused(province: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "extract.xlsx"
    file.write_bytes(b"PK\x03\x04rest")
    result = province("customers", "import", str(file))
    assert result.code == 1
    assert "Excel" in result.err
    assert province("customers", "import", str(tmp_path / "nothing.csv")).code == 2


def test_customers_are_counted(province: CommandLine) -> None:
    out = province("customers", "summary").out
    assert "3,000" in out
    assert "Subscriptions, suspended" in out
    assert json.loads(province("customers", "summary", "--json").out)["customers"] == 3000


def test_columns_that_nothing_was_taken_from_are_told(province: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "extract.csv"
    file.write_text("客户编号,客户名称,电话,状态\nT001,张三,13800138000,正常\n", encoding="utf-8")
    for arguments in ((), ("--dry-run",)):
        result = province("customers", "import", str(file), *arguments)
        assert result.code == 0
        assert "Columns not used: 电话 (perhaps contact_number or service_number), 状态 (needs a column" in result.out
        assert "--map OURS=THEIRS" in result.out
        assert "1 customer numbers and 0 subscription ids: T001 is 31-T001 here" in result.out
        document = json.loads(province("customers", "import", str(file), "--json", *arguments).out)
        assert [column["heading"] for column in document["columns_not_used"]] == ["电话", "状态"]
        assert document["columns_not_used"][0]["perhaps"] == ["contact_number", "service_number"]
        assert document["columns"]["name"] == "客户名称"
        assert document["prefixes_added"]["customer_numbers"] == 1
    out = province("customers", "import", str(file), "--lang", "zh").out
    assert "未使用的列：电话（是否为 contact_number 联系电话或service_number 业务号码）" in out


def test_nothing_is_said_of_columns_when_all_are_used(province: CommandLine, tmp_path: Path) -> None:
    out = province("customers", "import", str(extract(tmp_path, 2))).out
    assert "not used" not in out
    assert "code was put" not in out


def test_columns_are_explained_with_their_headings_and_accepted_values(province: CommandLine) -> None:
    out = province("customers", "columns").out
    assert re.search(r"^offering +产品 ", out, re.MULTILINE)
    assert "terminated (销户, 已销户, 拆机, 已拆机)" in out
    assert "suspended（停机、已停机）" in province("customers", "columns", "--lang", "zh").out
    columns = json.loads(province("customers", "columns", "--json").out)["columns"]
    assert {column["column"] for column in columns if column["needed"]} == {"customer_number", "name"}
    assert province.node.asked == [], "no node is needed"


@pytest.mark.parametrize(("language", "heading"), [("en", "customer_number"), ("zh", "客户编号")])
def test_a_template_can_be_filled_in_and_imported_and_is_never_written_over(
    province: CommandLine, tmp_path: Path, language: str, heading: str
) -> None:
    template = tmp_path / "template.csv"
    assert province("customers", "columns", "--template", str(template), "--lang", language).code == 0
    text = template.read_text(encoding="utf-8-sig")
    assert heading in text
    template.write_text(f"{text.strip()}\n31,1,,张三{',' * 11}\n", encoding="utf-8-sig")
    assert province("customers", "import", str(template)).code == 0
    result = province("customers", "columns", "--template", str(template), "--lang", language)
    assert result.code == 2
    assert str(template) in result.err
    assert "张三" in template.read_text(encoding="utf-8")


def test_customers_and_subscriptions_are_listed(province: CommandLine) -> None:
    result = province("customers", "list", "--after", "31-0", "--limit", "1")
    assert "31-1      enterprise  310100" in result.out
    assert "--after 31-1" in result.err
    result = province("customers", "subscriptions", "--customer", "31-1", "--status", "suspended", "--lang", "zh")
    assert "31-1-01  31-1  02112345678  fixed-line  停机" in result.out
    assert province.node.asked[-1] == ("/subscriptions", {"customer": "31-1", "status": "suspended", "limit": "50"})
    assert province("customers", "subscriptions", "--status", "gone").code == 2


def test_what_would_be_made_of_a_files_columns_is_told_without_a_node(province: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "extract.csv"
    file.write_text("客户编号,姓名,电话\n1,张三,1\n", encoding="gb18030")
    result = province("customers", "columns", str(file))
    assert result.code == 1
    assert "no column for name (headings: name, 客户名称; perhaps 姓名)" in result.err
    result = province("customers", "columns", str(file), "--map", "name=姓名")
    assert result.code == 0
    assert re.search(r"^name +姓名 *$", result.out, re.MULTILINE)
    assert "Columns not used: 电话" in result.out
    document = json.loads(province("customers", "columns", str(file), "--map", "name=姓名", "--json").out)
    assert document["columns"] == {"customer_number": "客户编号", "name": "姓名"}
    assert [column["heading"] for column in document["columns_not_used"]] == ["电话"]
    assert province.node.asked == []


def test_documents_are_of_a_kind_that_is_in_use_at_the_node(province: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "extract.csv"
    rows = "31-1,甲,seamans_book,S 12\n31-2,乙,passport,E12345678\n"
    file.write_text("customer_number,name,document_kind,document_number\n" + rows, "utf-8")
    result = province("customers", "import", str(file))
    assert [[row["document_kind"] for row in rows] for rows in chunks(province)] == [["seamans_book"]]
    assert "passport is none of: resident_id" in result.out
