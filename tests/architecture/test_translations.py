"""Documents that exist in two languages have the same parts: headings, commands, options, settings, metrics."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
TRANSLATED = sorted(path.name.removesuffix(".zh-CN.md") for path in DOCS.glob("*.zh-CN.md"))
HEADING = re.compile(r"^(#+) (.*)$")
CODE = re.compile(r"`[^`]+`")
COMMENT = re.compile(r"\s*# .*$")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


class Part:
    """A heading with what stands below it, as far as it must be the same in every language.

    `rows` holds the first cell's code of each row of a table, `blocks` the lines of each block of code without comments
    and without words in Chinese.
    """

    def __init__(self, level: int, title: str) -> None:
        self.level = level
        self.named = CODE.findall(title)
        self.rows: list[list[str]] = []
        self.blocks: list[int] = []
        self.commands: list[str] = []


def parts_of(text: str) -> list[Part]:
    parts: list[Part] = []
    fenced = False
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
            if fenced:
                parts[-1].blocks.append(0)
        elif fenced:
            parts[-1].blocks[-1] += 1
            if line.startswith(("hq-node", "province-node", "python3", "/opt")):
                parts[-1].commands.append(COMMENT.sub("", line))
        elif heading := HEADING.match(line):
            parts.append(Part(len(heading[1]), heading[2]))
        elif line.startswith("|"):
            cells = line.replace(r"\|", "").split("|")
            parts[-1].rows.append(CODE.findall(cells[1]))
    return parts


def both(name: str) -> tuple[list[Part], list[Part]]:
    english, chinese = (DOCS / f"{name}.md", DOCS / f"{name}.zh-CN.md")
    return parts_of(english.read_text(encoding="utf-8")), parts_of(chinese.read_text(encoding="utf-8"))


def test_the_documents_that_operators_need_are_translated() -> None:
    assert {"cli", "monitoring", "operations"} <= set(TRANSLATED)


@pytest.mark.parametrize("name", TRANSLATED)
def test_headings_correspond_in_number_level_and_what_they_name(name: str) -> None:
    english, chinese = both(name)
    assert len(english) > 5
    assert [(part.level, part.named) for part in chinese] == [(part.level, part.named) for part in english]


@pytest.mark.parametrize("name", TRANSLATED)
def test_tables_and_blocks_of_code_correspond_below_each_heading(name: str) -> None:
    for english, chinese in zip(*both(name), strict=True):
        assert chinese.rows == english.rows, english.named
        assert chinese.blocks == english.blocks, english.named
        assert chinese.commands == english.commands, english.named


@pytest.mark.parametrize("name", TRANSLATED)
def test_each_language_leads_to_the_other(name: str) -> None:
    assert f"]({name}.zh-CN.md)" in (DOCS / f"{name}.md").read_text(encoding="utf-8").split("\n## ")[0]
    chinese = (DOCS / f"{name}.zh-CN.md").read_text(encoding="utf-8")
    assert f"]({name}.md)" in chinese.split("\n## ")[0]
    assert len(CHINESE.findall(chinese)) > 1_000


def test_a_row_that_one_language_lacks_is_noticed() -> None:
    first, second = (parts_of(f"# T\n| `--a` | x |\n{more}") for more in ("| `--b` | y |\n", ""))
    assert first[0].rows != second[0].rows


def test_the_settings_have_the_same_defaults_in_both_languages() -> None:
    found = [
        re.findall(r"^(\| `[a-z_.]+` \|[^|]*\|)", part, re.MULTILINE)
        for name in ("operations.md", "operations.zh-CN.md")
        for part in (DOCS / name).read_text(encoding="utf-8").split("| --- | --- | --- |")
    ]
    settings = [part for part in found if len(part) > 50]
    assert len(settings) == 2
    assert settings[0] == settings[1]
