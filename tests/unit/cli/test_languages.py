"""English and Chinese: which one, and that neither lacks a word."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import typer

from common.cli.examples import EXAMPLES
from common.cli.help_zh import COMMANDS, OPTIONS
from common.cli.localise import epilog, localise, parameter_help, parameter_name, walk
from common.cli.program import run
from common.cli.texts import TEXTS
from common.cli.words import Words, language_of
from common.version import SOFTWARE_VERSION
from hq_node.__main__ import PROGRAM as HQ
from province_node.__main__ import PROGRAM as PROVINCE
from tests.support.fake_admin import CommandLine, Failure

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize(
    ("arguments", "environment", "encoding", "language"),
    [
        ([], {}, "utf-8", "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "utf-8", "zh"),
        ([], {"LANG": "zh_CN.UTF-8"}, "ascii", "en"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "utf-8", "en"),
        ([], {"LC_MESSAGES": "en_GB.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "utf-8", "zh"),
        ([], {"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, "utf-8", "zh"),
        ([], {"LANG": "en_GB.UTF-8", "QUANWANG_LANG": "zh"}, "utf-8", "zh"),
        ([], {"QUANWANG_LANG": "zh-CN"}, "ascii", "zh"),
        (["status", "--lang", "zh"], {"QUANWANG_LANG": "en"}, "utf-8", "zh"),
        (["status", "--lang=en"], {"LANG": "zh_CN.UTF-8"}, "utf-8", "en"),
        (["status", "--lang"], {}, "utf-8", "en"),
    ],
)
def test_the_language_is_what_was_asked_for_nearest(
    arguments: list[str], environment: dict[str, str], encoding: str, language: str
) -> None:
    assert language_of(arguments, environment, encoding) == language


def test_both_languages_say_the_same_facts() -> None:
    for key, texts in TEXTS.items():
        english, chinese = ({name for _, name, _, _ in Formatter().parse(text) if name} for text in texts)
        assert english == chinese, key
        assert bool(texts[0]) == bool(texts[1]), key


def _commands() -> Iterator[tuple[str, str, Any]]:
    for program in (HQ, PROVINCE):
        root = typer.main.get_command(program.app())
        localise(root, program.name, "en")
        for path, command in walk(root):
            yield program.name, path, command


COMMAND_LINES = list(_commands())
IDS = [f"{program} {path}".strip() for program, path, _ in COMMAND_LINES]


@pytest.mark.parametrize(("program", "path", "command"), COMMAND_LINES, ids=IDS)
def test_every_command_has_help_and_an_example_in_both_languages(program: str, path: str, command: Any) -> None:
    assert command.help
    assert not CHINESE.search(command.help)
    assert f"{program} " in command.epilog
    assert path == "" or CHINESE.search(COMMANDS[path])
    for parameter in command.params:
        assert parameter.help, parameter.name
        assert CHINESE.search(parameter_help(path, parameter_name(parameter)) or ""), parameter.name


@pytest.mark.parametrize(("program", "path", "command"), COMMAND_LINES, ids=IDS)
def test_the_reference_page_names_every_command_and_option(program: str, path: str, command: Any) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")
    assert f"`{path}`" in page or path == ""
    for parameter in command.params:
        assert f"`{parameter_name(parameter)}" in page, parameter.name


def test_no_chinese_help_is_left_over_from_what_is_gone() -> None:
    paths = {path for _, path, _ in COMMAND_LINES}
    names = {f"{path} {parameter_name(p)}".strip() for _, path, command in COMMAND_LINES for p in command.params}
    names |= {name.rpartition(" ")[2] for name in names} | {"--help"}
    assert COMMANDS.keys() <= paths
    assert OPTIONS.keys() <= names


@pytest.mark.parametrize(("program", "path", "command"), COMMAND_LINES, ids=IDS)
def test_examples_use_commands_and_options_that_exist(program: str, path: str, command: Any) -> None:
    known = {below: (options(found), found) for name, below, found in COMMAND_LINES if name == program}
    for example in EXAMPLES.get((program, path)) or EXAMPLES[path]:
        words = example.split()
        named = max((below for below in known if below and words[: len(below.split())] == below.split()), key=len)
        used = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert used <= known[named][0], example


def options(command: Any) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


def test_the_top_of_the_help_says_what_the_exit_codes_mean() -> None:
    for language in ("en", "zh"):
        words = Words(language)
        shown = epilog("", "hq-node", words)
        assert all(re.search(rf"^  {code}  ", shown, re.MULTILINE) for code in (0, 1, 2, 3, 4, 5, 6, 7, 130))


def test_help_is_chinese_on_demand_and_english_again_afterwards(hq: CommandLine) -> None:
    chinese = hq("nodes", "invite", "--help", "--lang", "zh")
    assert chinese.code == 0
    assert "邀请码的有效小时数" in chinese.out
    assert "公共选项" in chinese.out
    english = hq("nodes", "invite", "--help")
    assert not CHINESE.search(english.out)
    assert "hq-node nodes invite 44" in english.out


@pytest.mark.parametrize(
    ("arguments", "english", "chinese"),
    [
        (("requests", "show"), "Missing argument", "缺少参数"),
        (("status", "--frob"), "No such option: --frob", "没有选项 --frob"),
        (("frob",), "No such command 'frob'", "没有命令 frob"),
        (("requests", "list", "--limit", "many"), "valid integer", "应为整数"),
        (("requests", "list", "--limit", "0"), "greater than or equal to 1", "不得小于 1"),
        (("parked", "list", "--state", "lost"), "lost", "不在允许的范围内"),
        (("status", "one-too-many"), "extra argument", "多余的参数"),
        (("requests", "show", "--wait"), "requires an argument", "需要一个值"),
    ],
)
def test_mistakes_in_the_arguments_are_named_in_both_languages(
    hq: CommandLine, arguments: tuple[str, ...], english: str, chinese: str
) -> None:
    result = hq(*arguments)
    assert result.code == 2
    assert english in result.err
    result = hq(*arguments, "--lang=zh") if arguments[-1] != "--wait" else hq("--lang=zh", *arguments)
    assert result.code == 2
    if arguments[-1] != "--wait":
        assert chinese in result.err


def test_the_node_is_asked_to_answer_in_the_same_language(hq: CommandLine) -> None:
    hq.node.failures["/status"] = Failure(409, "X", "不行")
    result = hq("status", "--lang", "zh", "--json")
    assert hq.node.languages == ["zh"]
    assert json.loads(result.err)["reason"] == "不行"


@pytest.mark.parametrize("program", [HQ, PROVINCE], ids=lambda program: program.name)
def test_a_program_says_which_release_it_is(program: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(program, ["--version"]) == 0
    assert capsys.readouterr().out == f"{program.name} {SOFTWARE_VERSION}\n"
