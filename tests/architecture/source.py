"""Reads a source tree for the architecture rules: its files, what they import, what they refer to."""

import ast
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

NODES = ("hq_node", "province_node")
NOT_OURS = {
    ".demo",
    ".git",
    ".hypothesis",
    ".import_linter_cache",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".venv",
    "__pycache__",
    "node_modules",
}
NOT_OURS_AT_THE_ROOT = {"build", "data", "dist", "run", "venv"}


class Reference(NamedTuple):
    """A dotted name that a line of source refers to, such as `datetime.datetime.now`."""

    line: int
    name: str


def files(root: Path, *suffixes: str) -> Iterator[Path]:
    """The files below the root with one of the suffixes (with no suffix given, all), without generated code."""
    left_out = {root / "common" / "gen", *(root / name for name in NOT_OURS_AT_THE_ROOT)}
    for parent, directories, names in os.walk(root):
        directories[:] = sorted(
            name for name in directories if name not in NOT_OURS and Path(parent, name) not in left_out
        )
        for name in sorted(names):
            if not suffixes or name.endswith(suffixes):
                yield Path(parent, name)


def python_files(root: Path, *below: str) -> Iterator[Path]:
    """Python files of the directories or files named by their paths from the root; what is not there has none."""
    for part in below:
        place = root / part
        if place.is_file():
            yield place
        else:
            yield from files(place, ".py")


def packages(root: Path, *parents: str) -> Iterator[Path]:
    """The directories with Python files directly below these top packages: features, or parts of the kit."""
    for parent in parents:
        for place in sorted((root / parent).glob("*/")):
            if place.name not in NOT_OURS and place != root / "common" / "gen" and any(place.glob("*.py")):
                yield place


def where(root: Path, path: Path, line: int = 0) -> str:
    return f"{path.relative_to(root).as_posix()}:{line}" if line else path.relative_to(root).as_posix()


def module_name(root: Path, path: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(root: Path, path: Path) -> list[Reference]:
    """Everything the file imports, wherever the statement stands; `from a import b` is `a.b`."""
    found = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found += [Reference(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _base_of(node, root, path)
            found += [Reference(node.lineno, f"{base}.{alias.name}") for alias in node.names]
    return found


def references(root: Path, path: Path) -> list[Reference]:
    """Every name and attribute in the file that leads to something imported, written out in full."""
    origins: dict[str, str] = {}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                origins[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom):
            base = _base_of(node, root, path)
            origins |= {alias.asname or alias.name: f"{base}.{alias.name}" for alias in node.names}
    found = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Name | ast.Attribute):
            name = _dotted(node, origins)
            if name:
                found.append(Reference(node.lineno, name))
    return found


def is_below(name: str, *parents: str) -> bool:
    """Whether the dotted name is one of the parents or stands below one."""
    return any(name == parent or name.startswith(parent + ".") for parent in parents)


def _base_of(node: ast.ImportFrom, root: Path, path: Path) -> str:
    if not node.level:
        return node.module or ""
    package = module_name(root, path).split(".")
    if path.name != "__init__.py":
        package.pop()
    package = package[: len(package) - node.level + 1]
    return ".".join([*package, *([node.module] if node.module else [])])


def _dotted(node: ast.expr, origins: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return origins.get(node.id, "")
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value, origins)
        return f"{base}.{node.attr}" if base else ""
    return ""
