"""The demonstration's options speak the language that was asked for, the parser's own words too."""

from gettext import gettext

import _demo_options
import pytest


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit):
        _demo_options.parse(list(arguments))
    said = capsys.readouterr()
    return said.out + said.err


@pytest.fixture(autouse=True)
def parser_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argparse._", gettext)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--help"], "用法："),
        (["--nope"], "无法识别的参数：--nope"),
        (["--provinces"], "参数 --provinces：需要一个值"),
        (["--fresh", "--keep"], "不能与 --fresh 同时使用"),
        (["--store", "x"], "无效的取值 'x'"),
    ],
)
def test_the_parser_speaks_chinese(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = refused(capsys, "--lang", "zh", *arguments)
    assert said in shown
    assert not {"usage", "options", "error", "argument"} & set(shown.replace(":", " ").split())


def test_the_parser_speaks_english_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    assert "usage: demo.py" in refused(capsys, "--lang", "en", "--help")
