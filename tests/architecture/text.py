"""Rules on files as text: size, names, leftovers, and words that belong to one machine. One line for each offence."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import files, packages, where

LINES_MAX = 500
SOURCE_SUFFIXES = (".py", ".pyi", ".proto", ".sh", ".ts", ".tsx", ".css")

# Put together from halves, so that this file does not contain what it looks for.
LEFTOVER = re.compile(rf"\b(?:{'TO' + 'DO'}|{'FIX' + 'ME'})\b")
ONE_MACHINE = re.compile(
    rf"(?<![\w.-])/(?:{'wo' + 'rk'}|{'ro' + 'ot'})/"  # Directories of somebody's machine, not those inside a URL.
    r"|\b(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|npmmirror\.com)\b"
)


def files_too_long(root: Path) -> Iterator[str]:
    for path in files(root, *SOURCE_SUFFIXES):
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > LINES_MAX:
            yield f"{where(root, path)}: {lines} lines; above {LINES_MAX} a file has more than one subject"


def files_named_utils(root: Path) -> Iterator[str]:
    for path in files(root):
        if path.stem in {"util", "utils", "helpers", "misc"} or path.parent.name in {"util", "utils"}:
            yield f"{where(root, path)}: a name that says nothing; name the file for what it holds"


def leftovers(root: Path) -> Iterator[str]:
    return _lines_with(LEFTOVER, root, "a note to oneself; do it, or write an issue")


def words_of_one_machine(root: Path) -> Iterator[str]:
    return _lines_with(ONE_MACHINE, root, "holds on one machine or one registry only")


def packages_without_init(root: Path) -> Iterator[str]:
    """Without __init__.py a package is left out of type checks and contracts without a word; proto/ must not be one."""
    for package in packages(root, "common", "hq_node", "province_node"):
        for path in {path.parent for path in files(package, ".py")}:
            if not (path / "__init__.py").exists():
                yield f"{where(root, path)}: Python files but no __init__.py"
    for path in files(root / "proto", "__init__.py"):
        yield f"{where(root, path)}: proto/ holds definitions, not a package"


def _lines_with(pattern: re.Pattern[str], root: Path, complaint: str) -> Iterator[str]:
    for path in files(root):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            for word in pattern.findall(line):
                yield f"{where(root, path, number)}: {word}: {complaint}"
