"""Every address that a command asks is one that the node answers at: doubles of the admin API would not notice."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import pytest

from common.ids import HQ
from tests.unit.access_control.test_admin_routes import Administered, administered

__all__ = ["administered"]
ROOT = Path(__file__).resolve().parents[3]
METHODS = ("get", "post", "put", "patch", "delete")
ANYTHING = "{}"
SOURCES = {HQ: "hq_node", "31": "province_node"}


def asked(path: Path) -> Iterator[tuple[str, str, int]]:
    """The method, address and line of each call of the admin API whose address stands there, with ANYTHING for what is
    filled in."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args):
            continue
        owner = call.func.value
        if call.func.attr in METHODS and isinstance(owner, ast.Name) and owner.id == "client":
            address = _written(call.args[0])
            if address.startswith("/"):
                yield call.func.attr.upper(), address.partition("?")[0], call.lineno


def _written(argument: ast.expr) -> str:
    if isinstance(argument, ast.Constant):
        return str(argument.value)
    if isinstance(argument, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else ANYTHING for part in argument.values)
    return ""


def fits(address: str, route: str) -> bool:
    """Whether an address may lead to a route."""
    pairs = zip_longest(address.split("/"), route.split("/"), fillvalue=None)
    return all(
        given is not None and there is not None and (ANYTHING in given or there.startswith("{") or given == there)
        for given, there in pairs
    )


@pytest.fixture(scope="module")
def commands() -> list[tuple[str, str, str]]:
    """Where it stands, method and address, of every call."""
    files = [file for room in ("common/cli", *SOURCES.values()) for file in sorted((ROOT / room).rglob("*.py"))]
    return [
        (f"{file.relative_to(ROOT)}:{line}", method, address) for file in files for method, address, line in asked(file)
    ]


def test_the_search_finds_what_commands_ask(commands: list[tuple[str, str, str]]) -> None:
    assert len(commands) > 90
    assert ("POST", "/nodes/{}/end-legs") in {(method, address) for _, method, address in commands}


def test_every_command_asks_where_the_node_answers(
    administered: Administered, commands: list[tuple[str, str, str]]
) -> None:
    own = SOURCES[administered.access.core.node]
    answered = [(method, route.path) for route in administered.app.routes for method in route.methods]  # type: ignore[attr-defined]
    lost = [
        where
        for where, method, address in commands
        if where.startswith(own) and not any(method == there and fits(address, path) for there, path in answered)
    ]
    assert lost == []


def test_every_shared_command_asks_where_one_of_the_nodes_answers(
    tmp_path: Path, commands: list[tuple[str, str, str]]
) -> None:
    answered: list[tuple[str, str]] = []
    for code in SOURCES:
        (tmp_path / code).mkdir()
        made = Administered(code, tmp_path / code)
        answered += [(method, route.path) for route in made.app.routes for method in route.methods]  # type: ignore[attr-defined]
        made.close()
    lost = [
        f"{where} {method} {address}"
        for where, method, address in commands
        if where.startswith("common") and not any(method == there and fits(address, path) for there, path in answered)
    ]
    assert lost == []
