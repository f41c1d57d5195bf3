"""The customers that the script makes up: well formed, the same every time, and good enough for the import."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from pathlib import Path

import make_customers
import phonenumbers
import pytest
from stdnum.cn import ric, uscc

from common.directory.regions import PROVINCES
from province_node.customers.column_mapping import CANONICAL_COLUMNS, QUANWANG
from province_node.customers.commands import CustomerRecord
from province_node.customers.csv_import import Extract, open_extract

ROWS = {province: list(make_customers.customer_rows(province, 150, seed=1)) for province in sorted(PROVINCES)}
ALL_ROWS = [row for rows in ROWS.values() for row in rows]


def test_every_province_has_places_and_no_other_has() -> None:
    assert make_customers.PROVINCES.keys() == PROVINCES.keys()
    for code, place in make_customers.PROVINCES.items():
        assert place["name"].startswith(PROVINCES[code].name_zh)
        for prefecture in place["prefectures"]:
            assert prefecture["code"].startswith(code)
            assert prefecture["districts"]


def test_documents_are_valid_and_those_of_their_province() -> None:
    for row in ALL_ROWS:
        number = row["document_number"]
        if row["kind"] == "individual":
            assert ric.validate(number) == number
            assert number.startswith(row["province"])
        else:
            assert uscc.validate(number) == number
            assert number[2:4] == row["province"]


def test_telephone_numbers_are_valid_and_no_service_number_comes_twice() -> None:
    for row in ALL_ROWS:
        assert phonenumbers.is_valid_number(phonenumbers.parse(row["contact_number"], "CN"))
        number = row["service_number"]
        if "-DL-" not in number:
            assert phonenumbers.is_valid_number(phonenumbers.parse(number, "CN")), number
    assert Counter(row["service_number"] for row in ALL_ROWS).most_common(1)[0][1] == 1
    assert Counter(row["subscription_id"] for row in ALL_ROWS).most_common(1)[0][1] == 1


def test_there_is_something_of_everything_in_a_likely_measure() -> None:
    assert 0.02 < sum(row["kind"] == "enterprise" for row in ALL_ROWS) / len(ALL_ROWS) < 0.2
    statuses = Counter(row["status"] for row in ALL_ROWS)
    assert statuses.keys() == {"active", "suspended", "terminated"}
    assert statuses["active"] > 0.85 * len(ALL_ROWS)
    assert {bool(row["suspended_reason"]) for row in ALL_ROWS if row["status"] == "suspended"} == {True}
    assert len({row["offering"] for row in ALL_ROWS}) >= 8


def test_a_provinces_customers_depend_on_nothing_but_the_seed() -> None:
    assert list(make_customers.customer_rows("44", 150, seed=1)) == ROWS["44"]
    fewer = list(make_customers.customer_rows("44", 50, seed=1))
    assert fewer == ROWS["44"][: len(fewer)]
    assert list(make_customers.customer_rows("44", 150, seed=2)) != ROWS["44"]
    # The same on every machine and under every version of Python.
    first = ROWS["44"][0]
    assert (first["name"], first["document_number"], first["service_number"]) == (
        "蒋玉海",
        "441323200708120754",
        "15844956108",
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_of_several_provinces_is_imported_by_each_without_a_problem(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "customers.csv"
    arguments = ["--out", path, "--customers", "301", "--provinces", "11,31,44", "--encoding", encoding]
    script = Path(make_customers.__file__)
    subprocess.run([sys.executable, "-E", "-S", script, *map(str, arguments)], check=True, capture_output=True)
    with path.open(encoding=encoding, newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(CANONICAL_COLUMNS)
    assert len({row["customer_number"] for row in rows}) == 301
    taken = 0
    for province in ("11", "31", "44"):
        with open_extract(path) as stream:
            records = list(Extract(stream, QUANWANG, province).records())
        assert all(isinstance(record, CustomerRecord) or record.skipped for record in records)
        taken += sum(isinstance(record, CustomerRecord) for record in records)
    assert taken == len(rows)


@pytest.mark.parametrize(
    "arguments", [["--provinces", "99"], ["--customers", "-1"], ["--customers", "999999999"], ["--provinces", ""]]
)
def test_what_cannot_be_made_is_refused(
    tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "customers.csv"
    with pytest.raises(SystemExit) as end:
        make_customers.main(["--out", str(path), *arguments])
    assert end.value.code == 2
    assert "error" in capsys.readouterr().err
    assert not path.exists()
