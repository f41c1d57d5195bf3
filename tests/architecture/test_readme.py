"""What the two READMEs promise is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READMES = ("README.md", "README.zh-CN.md")
LINK = re.compile(r"\]\(([^)#:]+)\)")
COMMAND = re.compile(r"python3 (scripts/\S+\.py)((?: --[a-z]+)*)")


@pytest.mark.parametrize("readme", READMES)
def test_every_link_and_picture_leads_somewhere(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    links = LINK.findall(text)
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("readme", READMES)
def test_every_command_and_its_options_exist(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    options_of_demo = (ROOT / "scripts" / "_demo_options.py").read_text(encoding="utf-8")
    for script, options in COMMAND.findall(text):
        assert (ROOT / script).exists()
        for option in options.split():
            assert f'"{option}"' in options_of_demo


def test_both_say_the_same_in_as_many_parts_and_rows() -> None:
    shapes = []
    for readme in READMES:
        text = (ROOT / readme).read_text(encoding="utf-8")
        shapes.append((text.count("\n## "), text.count("\n| "), text.count("```"), len(LINK.findall(text))))
    assert shapes[0] == shapes[1]
