"""What the environment script decides: whether this Python will do, which environment, whether it is there."""

import os
import string
import sys
from pathlib import Path

import _environment
import _environment_words as words
import pytest

LOCK = b"alembic==1.20.1\n"
PROJECT = b'[project]\nname = "quanwang-crm"\n\n[tool.ruff]\nline-length = 120\n'


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13), (3, 14)])
def test_a_supported_python_is_accepted(version: tuple[int, int]) -> None:
    _environment.refuse_unsuitable_python("posix", version)


@pytest.mark.parametrize(
    ("system", "version", "said"),
    [
        ("posix", (3, 6), "Python 3.6 is too old: 3.11 to 3.14 will do."),
        ("posix", (3, 10), "Python 3.10 is too old"),
        ("posix", (3, 15), "Python 3.15 is newer"),
        ("nt", (3, 12), "inside WSL"),
    ],
)
def test_another_machine_is_refused_with_a_way_out(system: str, version: tuple[int, int], said: str) -> None:
    with pytest.raises(_environment.Refusal, match=said) as refusal:
        _environment.refuse_unsuitable_python(system, version)
    assert refusal.value.exit_code == 78


def test_the_refusal_names_a_python_that_is_there_and_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(tmp_path / "python3.13", "exit 127")
    program(tmp_path / "python3.12", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _environment.other_pythons() == ["python3.12"]
    with pytest.raises(_environment.Refusal, match=r"Start again with: python3\.12 "):
        _environment.refuse_unsuitable_python("posix", (3, 9))


def test_the_refusal_says_how_to_install_one_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(_environment.Refusal, match=r"apt install python3\.11"):
        _environment.refuse_unsuitable_python("posix", (3, 9))


def test_the_key_changes_with_all_that_the_environment_depends_on() -> None:
    keys = {
        _environment.environment_key(lock, project, identity, root)
        for lock in (LOCK, LOCK + b"x")
        for project in (PROJECT, PROJECT.replace(b"crm", b"crn"))
        for identity in ("3.11", "3.12")
        for root in ("/a", "/b")
    }
    assert len(keys) == 16


def test_the_key_does_not_change_with_the_settings_of_a_tool() -> None:
    other = PROJECT.replace(b"120", b"100")
    assert _environment.environment_key(LOCK, PROJECT, "3.11", "/a") == _environment.environment_key(
        LOCK, other, "3.11", "/a"
    )


def test_environments_stand_in_the_checkout_unless_another_place_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("QUANWANG_ENVIRONMENTS", raising=False)
    assert _environment.environments_directory() == os.path.join(_environment.ROOT, ".venv")
    monkeypatch.setenv("QUANWANG_ENVIRONMENTS", str(tmp_path))
    assert Path(_environment.environments_directory()).parent == tmp_path


def test_an_environment_is_ready_only_with_its_last_file(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for part in ("bin/python", "pyvenv.cfg"):
        (tmp_path / part).touch()
    assert not _environment.is_ready(str(tmp_path))
    (tmp_path / "ready").touch()
    assert _environment.is_ready(str(tmp_path))


def test_a_path_that_stays_the_same_leads_to_the_environment_that_was_entered_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_environment, "environments_directory", lambda: str(tmp_path))
    for name in ("cpython-311-one", "cpython-312-two"):
        (tmp_path / name / "bin").mkdir(parents=True)
        python = str(tmp_path / name / "bin" / "python")
        assert _environment.programs_of(python) == str(tmp_path / name / "bin")
        _environment.remember(str(tmp_path / name))
        assert _environment.programs_of(python) == str(tmp_path / "current" / "bin")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cpython-311-one", "cpython-312-two", "current"]


def test_a_script_inside_its_environment_goes_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", _environment.environment_path())
    monkeypatch.setattr(_environment, "build", None)
    monkeypatch.setattr(_environment, "enter", None)
    _environment.ensure()


def test_a_start_whose_environment_is_cleaned_away_meanwhile_makes_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    held = iter([False, True])
    built: list[str] = []
    monkeypatch.setattr(_environment, "is_ready", lambda home: bool(built))
    monkeypatch.setattr(_environment, "build", built.append)
    monkeypatch.setattr(_environment, "hold", lambda home: next(held))
    monkeypatch.setattr(_environment, "enter", lambda home: sys.exit(0))
    monkeypatch.setattr(sys, "prefix", "/elsewhere")
    with pytest.raises(SystemExit):
        _environment.ensure()
    assert next(held, "both taken") == "both taken"


def test_a_refusal_ends_the_script_with_its_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(system: str, version: tuple[int, int]) -> None:
        raise _environment.Refusal(73, "no place to write")

    monkeypatch.setattr(_environment, "refuse_unsuitable_python", refuse)
    with pytest.raises(SystemExit) as end:
        _environment.ensure()
    assert end.value.code == 73
    assert capsys.readouterr().err == "no place to write\n"


@pytest.mark.parametrize(
    ("environment", "encoding", "chinese"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "utf-8", True),
        ({"LC_ALL": "zh_CN.GB18030"}, "gb18030", True),
        ({"LC_ALL": "en_GB.UTF-8", "LANG": "zh_CN.UTF-8"}, "utf-8", False),
        ({"LC_ALL": "", "LC_MESSAGES": "zh_CN.UTF-8", "LANG": "C"}, "utf-8", True),
        ({"LANG": "zh_CN.UTF-8"}, "ascii", False),
        ({}, "utf-8", False),
    ],
)
def test_the_language_follows_the_locale(environment: dict[str, str], encoding: str, chinese: bool) -> None:
    assert words.language(environment, encoding) == int(chinese)


@pytest.mark.parametrize("key", words.WORDS)
def test_both_languages_say_the_same_things(key: str) -> None:
    english, chinese = (
        sorted(field for _, field, _, _ in string.Formatter().parse(text) if field) for text in words.WORDS[key]
    )
    assert english == chinese


def program(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
