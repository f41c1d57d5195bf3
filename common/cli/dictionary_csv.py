"""Values of a dictionary as a CSV file: written for people to edit, and read back."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from common.cli.moments import parse_moment_us
from common.errors import Refusal

COLUMNS: Mapping[str, str] = {
    "code": "代码",
    "zh": "中文名称",
    "en": "英文名称",
    "place": "排序",
    "active": "启用",
    "from": "生效时间",
    "until": "失效时间",
    "parent": "上级",
}
NEEDED = ("code", "zh", "en")
YES, NO = ("true", "yes", "1", "是", ""), ("false", "no", "0", "否")
BYTES_MAX = 1 << 20


class DictionaryFileUnfit(Refusal):
    """A file that is no dictionary; nothing of it is taken."""

    en = "The file cannot be taken, and nothing of it was: {detail}."
    zh = "文件无法导入，未导入任何内容：{detail_zh}。"


def write_values(values: Sequence[Mapping[str, Any]]) -> str:
    """The file, with a heading. Moments are in UTC."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for value in values:
        moments = [_moment(value[name]) for name in ("from_us", "until_us")]
        active = "true" if value["active"] else "false"
        writer.writerow([value["code"], value["zh"], value["en"], value["place"], active, *moments, value["parent"]])
    return text.getvalue()


def read_values(content: bytes) -> list[dict[str, Any]]:
    """The values, as the node takes them. Raises DictionaryFileUnfit."""
    if len(content) > BYTES_MAX:
        raise _unfit(0, f"it has more than {BYTES_MAX} bytes", f"超过 {BYTES_MAX} 字节")
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _unfit(0, "it is no CSV in UTF-8", "不是 UTF-8 编码的 CSV 文件") from error
    heading = _heading(rows[0] if rows else [])
    found = [_value(line, heading, row) for line, row in enumerate(rows[1:], start=2) if any(row)]
    if not found:
        raise _unfit(0, "no value stands in it", "文件中没有任何值")
    return found


def _heading(row: Sequence[str]) -> list[str]:
    known = {chinese: name for name, chinese in COLUMNS.items()}
    names = [known.get(cell.strip(), cell.strip().lower()) for cell in row]
    unknown = [name for name in names if name not in COLUMNS]
    missing = [name for name in NEEDED if name not in names]
    if unknown or missing or len(set(names)) < len(names):
        listed = ", ".join(COLUMNS)
        raise _unfit(
            1,
            f"its columns are {listed}, each once, at least {', '.join(NEEDED)}",
            f"列应为 {listed}，各出现一次，至少包含 {', '.join(NEEDED)}",
        )
    return names


def _value(line: int, heading: Sequence[str], row: Sequence[str]) -> dict[str, Any]:
    if len(row) != len(heading):
        raise _unfit(line, "it has more or fewer cells than the heading", "列数与表头不一致")
    cells = {name: cell.strip() for name, cell in zip(heading, row, strict=True)}
    active = cells.get("active", "").lower()
    if active not in YES + NO:
        raise _unfit(line, "active is true or false", "启用应为 true 或 false")
    place = cells.get("place", "") or "0"
    if not (place.isascii() and place.isdigit() and len(place) <= len("1000000")):
        raise _unfit(line, "place is a whole number", "排序应为整数")
    return {
        **{name: cells.get(name, "") for name in ("code", "zh", "en", "parent")},
        "place": int(place),
        "active": active in YES,
        "from_us": _read_moment(line, cells.get("from", "")),
        "until_us": _read_moment(line, cells.get("until", "")),
    }


def _read_moment(line: int, text: str) -> int:
    at_us = parse_moment_us(text) if text else 0
    if at_us is None or at_us < 0:
        raise _unfit(line, f"{text[:32]!r} is no moment such as 2026-12-01T08:00", f"{text[:32]!r} 不是有效的时间")
    return at_us


def _moment(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1_000_000, UTC).isoformat() if at_us else ""


def _unfit(line: int, en: str, zh: str) -> DictionaryFileUnfit:
    where, where_zh = (f"line {line}: ", f"第 {line} 行：") if line else ("", "")
    return DictionaryFileUnfit(detail=where + en, detail_zh=where_zh + zh)
