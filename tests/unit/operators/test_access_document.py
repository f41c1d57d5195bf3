"""docs/access-control.md says what the built-in roles hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from common.operators.built_in import BUILT_IN
from common.operators.roles import Role

DOCUMENT = Path(__file__).parents[3] / "docs" / "access-control.md"


def table() -> str:
    """The table of the document, as it has to be."""
    return "\n".join(["| role | holds | of customers' fields |", "| --- | --- | --- |", *map(_row, BUILT_IN.values())])


def _row(role: Role) -> str:
    return f"| {role.en} {role.zh} (`{role.role}`) | {'; '.join(_held(role))} | {_fields(role)} |"


def _held(role: Role) -> Iterator[str]:
    """The actions by scope and kind of record, each kind once in its scope."""
    by_scope: dict[str, dict[str, list[str]]] = {}
    for permission, scope in sorted(role.permissions.items(), key=lambda item: (-item[1], item[0])):
        by_scope.setdefault(scope.name, {}).setdefault(permission.resource, []).append(permission.action)
    for reach, kinds in by_scope.items():
        yield f"`{reach}`: " + ", ".join(f"{kind} {'/'.join(actions)}" for kind, actions in kinds.items())


def _fields(role: Role) -> str:
    special = {name: right.name for name, right in role.fields.get("customer", {}).items() if name != "*"}
    by_right: dict[str, list[str]] = {}
    for name, right in special.items():
        by_right.setdefault(right, []).append(name)
    return "; ".join(f"`{right}`: {', '.join(sorted(names))}" for right, names in by_right.items())


def test_the_table_of_roles_says_what_they_hold() -> None:
    assert table() in DOCUMENT.read_text(encoding="utf-8"), f"put this into {DOCUMENT.name}:\n{table()}"
