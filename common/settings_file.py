"""A node's settings read: from the file and the environment, with everything that is wrong told in two languages."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from common.errors import Fault
from common.settings import ENVIRONMENT_PREFIX, NodeSettings
from common.validation import finding_of

NOT_SETTINGS = frozenset(
    {
        "QUANWANG_BACKUP_PASSPHRASE",
        "QUANWANG_DATA",
        "QUANWANG_ENVIRONMENTS",
        "QUANWANG_KEY_PASSPHRASE",
        "QUANWANG_LANG",
        "QUANWANG_MASTER_KEY",
        "QUANWANG_STATE_TABLES",
        "QUANWANG_TEST_POSTGRES_URL",
    }
)
"""Variables that commands, scripts and tests read; they are not settings of a node."""

NEVER_SHOWN = "database"
"""What is given in this table may hold a password."""
GIVEN_CHARS_MAX = 80

S = TypeVar("S", bound=NodeSettings)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the settings: where it stands, what it is, how to mend it."""

    where: str
    en: str
    zh: str
    mend_en: str = ""
    mend_zh: str = ""

    def text(self, language: str) -> str:
        """The problem and its remedy in `language` ("zh..." is Chinese, all else English)."""
        between = "" if language.startswith("zh") else " "
        return between.join(filter(None, (self.fact(language), self.remedy(language))))

    def fact(self, language: str) -> str:
        """Where it is, and what."""
        return f"{self.where}: {self.zh if language.startswith('zh') else self.en}"

    def remedy(self, language: str) -> str:
        """What to do."""
        return self.mend_zh if language.startswith("zh") else self.mend_en


class SettingsInvalid(Fault):
    """The settings cannot be used; `problems` says everything that is wrong with them."""

    en = "The settings cannot be used:\n{problems_en}"
    zh = "设置不可用：\n{problems_zh}"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__(
            problems_en="\n".join(f"  {problem.text('en')}" for problem in problems),
            problems_zh="\n".join(f"  {problem.text('zh')}" for problem in problems),
        )


def load_settings(settings: type[S], file: Path, environment: Mapping[str, str] = os.environ) -> S:
    """The settings of a node. Raises SettingsInvalid with everything that is wrong."""
    content = _read(file)
    problems = _unknown_variables(settings, environment)
    try:
        loaded = settings(**content)
    except ValidationError as error:
        problems += [_problem(found, file, environment) for found in error.errors()]
    if problems:
        raise SettingsInvalid(tuple(problems))
    return loaded


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problem = Problem(
            str(file),
            f"it is not TOML ({error}).",
            f"不是有效的 TOML（{error}）。",
            "Correct that line.",
            "请更正该行。",
        )
        raise SettingsInvalid((problem,)) from error


def _unknown_variables(settings: type[NodeSettings], environment: Mapping[str, str]) -> list[Problem]:
    """Variables of the environment that look like settings but are none: the library passes over these in silence."""
    problems = []
    for name in sorted(environment):
        if not name.upper().startswith(ENVIRONMENT_PREFIX) or name.upper() in NOT_SETTINGS:
            continue
        first = name[len(ENVIRONMENT_PREFIX) :].lower().split("__")[0]
        if first not in settings.model_fields:
            known = ", ".join(settings.model_fields)
            problems.append(
                Problem(
                    f"environment variable {name}",
                    f"there is no setting of this name. Known: {known}.",
                    f"没有此名称的设置。可用名称：{known}。",
                    "Correct the name, or remove the variable.",
                    "请更正名称或删除该变量。",
                )
            )
    return problems


def _problem(found: Any, file: Path, environment: Mapping[str, str]) -> Problem:
    """One finding of the validation, in words."""
    path = ".".join(str(part) for part in found["loc"])
    variable = ENVIRONMENT_PREFIX + "__".join(str(part) for part in found["loc"]).upper()
    where = f"environment variable {variable}" if variable in environment else f"{file}, {path or 'the file'}"
    kind = found["type"]
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        return Problem(
            where,
            "there is no setting of this name.",
            "没有此名称的设置。",
            "Correct the name, or remove it.",
            "请更正名称或将其删除。",
        )
    if kind == "missing":
        return Problem(where, "it is missing.", "缺少此设置。", "Add it.", "请补充。")
    unfit = finding_of(found)
    given = _shown(found.get("input"), path)
    return Problem(
        where,
        f"{unfit.en}{f' ({given} was given)' if given else ''}.",
        f"{unfit.zh}{f'（当前值 {given}）' if given else ''}。",
        "Correct the value.",
        "请更正取值。",
    )


def _shown(value: Any, path: str) -> str:
    """What was given, where that is one value that may be shown: a table is not, and may hold more than is wrong."""
    if not path or path.startswith(NEVER_SHOWN) or not isinstance(value, str | int | float):
        return ""
    return repr(value)[:GIVEN_CHARS_MAX]
