"""Which file of customers is what, and that dealing its rows out loses none."""

from pathlib import Path

import _demo_customers
import _demo_place
import pytest

TELCO = "customerID,gender,tenure,PhoneService,InternetService,Contract,Churn\n"
OURS = "客户编号,客户名称\n"


@pytest.mark.parametrize(
    ("heading", "mapping"),
    [
        (TELCO, "telco"),
        ('"customerID";"Churn"\n', "telco"),
        (OURS, "quanwang"),
        ("\ufeffcustomer_number\tname\n", "quanwang"),
        ("id,colour\n", None),
        ("", None),
    ],
)
def test_the_mapping_is_told_from_the_heading(heading: str, mapping: str) -> None:
    assert _demo_customers.mapping_for(_demo_customers.headings_of(heading.encode())) == mapping


def test_a_heading_in_the_encoding_of_older_systems_is_understood() -> None:
    assert _demo_customers.mapping_for(_demo_customers.headings_of(OURS.encode("gb18030"))) == "quanwang"


def test_every_row_is_dealt_to_exactly_one_province(tmp_path: Path) -> None:
    place = _demo_place.Place(str(tmp_path))
    place.prepare()
    source = tmp_path / "telco.csv"
    lines = [f"{number:04d},Female,1,Yes,DSL,One year,No" for number in range(100)]
    # Without a line end at the end of the file, with an empty line in the middle, with another system's line ends.
    source.write_bytes((TELCO + "\n".join(lines[:50]) + "\n\n" + "\r\n".join(lines[50:])).encode())
    extract = _demo_customers.from_file(place, str(source), "telco", ["44", "31", "11"])
    assert extract.rows == 100
    dealt: list[str] = []
    for path in extract.files.values():
        heading, *own = Path(path).read_text(encoding="utf-8").splitlines()
        assert heading + "\n" == TELCO
        assert 33 <= len(own) <= 34
        dealt += own
    assert sorted(dealt) == lines


def test_a_file_that_names_provinces_is_given_to_each_as_it_is(tmp_path: Path) -> None:
    source = tmp_path / "ours.csv"
    source.write_text("province,customer_number,name\n44,1,a\n31,2,b\n", encoding="utf-8")
    extract = _demo_customers.from_file(_demo_place.Place(str(tmp_path)), str(source), "quanwang", ["44", "31"])
    assert extract.rows == 2
    assert extract.files == {"44": str(source), "31": str(source)}


def test_an_unknown_heading_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "colours.csv"
    source.write_text("id,colour\n1,red\n", encoding="utf-8")
    with pytest.raises(_demo_customers.FileNotUnderstood):
        _demo_customers.mapping_of(str(source), None, None)


def test_a_file_inside_of_what_is_emptied_is_noticed_also_behind_a_link(tmp_path: Path) -> None:
    place = _demo_place.Place(str(tmp_path / "demo"))
    (tmp_path / "link").symlink_to(tmp_path / "demo")
    assert place.holds(str(tmp_path / "demo" / "files" / "customers.csv"))
    assert place.holds(str(tmp_path / "link" / "customers.csv"))
    assert not place.holds(str(tmp_path / "demo-customers.csv"))
