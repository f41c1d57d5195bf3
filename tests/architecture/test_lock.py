"""The locks name versions and hashes, and nothing that ties them to one registry or machine."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock"]
PIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[0-9][\w.]*)(?: ; [\w'. <>=!()]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")
ORIGIN = re.compile(r"    # via [a-z0-9., ()\[\]:-]+")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_a_pin_or_a_hash_or_an_origin(lock: str) -> None:
    """So there is no room for an index, a host, a path or an option."""
    assert [line for line in (ROOT / lock).read_text().splitlines() if not belongs(line)] == []


def test_a_line_with_a_host_or_a_path_is_none_of_these() -> None:
    for line in [
        "--index-url https://mirror.example/simple",
        "--find-links /opt/wheels",
        "alembic @ https://mirror.example/alembic.whl \\",
        "    # via -r /home/somebody/requirements.in",
        "    # from https://mirror.example/simple",
    ]:
        assert not belongs(line)


def test_both_locks_agree() -> None:
    """What is tested is what runs."""
    runtime, development = pins("requirements.lock"), pins("requirements-dev.lock")
    assert runtime.items() <= development.items()


def test_the_locks_cover_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = {name_of(requirement) for requirement in project["project"]["dependencies"]}
    assert asked <= pins("requirements.lock").keys()
    asked_for_development = {name_of(requirement) for requirement in project["dependency-groups"]["dev"]}
    assert asked_for_development <= pins("requirements-dev.lock").keys()


def belongs(line: str) -> bool:
    return any(form.fullmatch(line) for form in (PIN, HASH, ORIGIN))


def pins(lock: str) -> dict[str, str]:
    found = map(PIN.fullmatch, (ROOT / lock).read_text().splitlines())
    return {pin["name"]: pin["version"] for pin in found if pin}


def name_of(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower()
