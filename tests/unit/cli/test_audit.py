"""The audit log from the command line, on a real log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from common.access_control.actor import Actor, ActorKind
from common.access_control.rights import NOTHING, NotPermitted
from common.audit.entry import NO_HASH, entry_hash
from common.audit.repository import AuditRow, audit_head, audit_log, entry_of
from common.audit.routes import audit_routes
from common.db.engine import open_writer
from common.ids import HQ
from common.journal.routes import journal_routes
from common.program.inline_writer import InlineWriter
from common.web import build_app
from hq_node.hub.commands import EndLegsOfLostHome
from tests.support.fake_admin import CommandLine
from tests.support.federation import Federation
from tests.support.pruning import pruning_node
from tests.support.stores import SQLITE, Databases

ENTRIES = 3


@pytest.fixture
def federation(tmp_path: Path) -> Iterator[Federation]:
    databases = Databases(SQLITE, tmp_path)
    made = Federation(databases)
    for number in range(ENTRIES):
        actor = Actor(ActorKind.OPERATOR, f"clerk-{number}", rights=NOTHING)
        with pytest.raises(NotPermitted):
            InlineWriter(made.cores[HQ].dispatcher).run(EndLegsOfLostHome("31", "burnt down", "x"), actor)
    yield made
    made.close()
    databases.close()


@pytest.fixture
def line(federation: Federation, hq: CommandLine, tmp_path: Path) -> Iterator[CommandLine]:
    """HQ's command line, on the audit log of the federation's HQ."""
    with pruning_node(federation, HQ, tmp_path) as node:
        hq.node.app = build_app([audit_routes(node, {}), journal_routes(node)], 1 << 20)  # type: ignore[arg-type]
        yield hq


def spoil(federation: Federation, statement: Any) -> None:
    engine = open_writer(federation.urls[HQ])
    with engine.connect() as connection:
        connection.execute(statement)
        connection.commit()
    engine.dispose()


def test_entries_are_listed_the_newest_first(line: CommandLine) -> None:
    result = line("audit", "list")
    assert (result.code, result.err) == (0, "")
    assert [result.out.index(f"clerk-{number}") for number in (2, 1, 0)] == sorted(
        result.out.index(f"clerk-{number}") for number in range(ENTRIES)
    )
    assert "NOT_PERMITTED" in result.out
    assert "操作者" in line("audit", "list", "--lang", "zh").out


def test_entries_are_found_by_what_they_are(line: CommandLine) -> None:
    def found(*arguments: str) -> list[str]:
        return [entry["actor"] for entry in json.loads(line("audit", "list", "--json", *arguments).out)["items"]]

    assert found("--actor", "clerk-1") == ["clerk-1"]
    assert found("--outcome", "DONE") == []
    assert found("--resource", "node", "--action", "end-legs", "--record", "31", "--limit", "2") == [
        "clerk-2",
        "clerk-1",
    ]
    assert found("--before", "2") == ["clerk-0"]
    assert line("audit", "list", "--since", "soon").code == 2


def test_a_sound_log_is_verified(line: CommandLine) -> None:
    result = line("audit", "verify")
    assert (result.code, result.err) == (0, "")
    assert result.out == "All is well. Entries: 3, none changed, none missing; seals that say the same: 0.\n"


def test_what_was_sealed_shows_a_log_that_was_written_anew(line: CommandLine, federation: Federation) -> None:
    federation.connect()
    federation.suspend()
    federation.run()
    assert "Entries: 3, none changed, none missing; seals that say the same: 2." in line("audit", "verify").out
    # Whoever can write the database can make another chain of it, but not other seals.
    engine = open_writer(federation.urls[HQ])
    with engine.connect() as connection:
        rows = [AuditRow._make(row) for row in connection.execute(sa.select(audit_log).order_by(audit_log.c.number))]
        previous = NO_HASH
        for row in rows:
            forged = replace(entry_of(row), actor="nobody")
            previous = entry_hash(row.number, row.at_us, forged, previous)
            changed = sa.update(audit_log).where(audit_log.c.number == row.number)
            connection.execute(changed.values(actor="nobody", hash=previous))
        connection.execute(sa.update(audit_head).values(hash=previous))
        connection.commit()
    engine.dispose()
    result = line("audit", "verify", "--json")
    assert result.code == 1
    breaks = [(each["number"], each["fault"]) for each in json.loads(result.out)["breaks"]]
    assert breaks == [(3, "SEALED_OTHERWISE"), (3, "SEALED_OTHERWISE")]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (sa.update(audit_log).where(audit_log.c.number == 2).values(actor="nobody"), "Entry 2 was changed."),
        (sa.delete(audit_log).where(audit_log.c.number == 2), "Entry 2 is missing."),
        (sa.delete(audit_log).where(audit_log.c.number == 3), "entries from 3 on are missing"),
    ],
    ids=["changed", "taken out", "cut off"],
)
def test_tampering_is_named(line: CommandLine, federation: Federation, damage: Any, said: str) -> None:
    spoil(federation, damage)
    result = line("audit", "verify")
    assert result.code == 1
    assert said in result.out


def test_the_log_is_exported_line_by_line(line: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    assert line("audit", "export", "--out", str(file)).code == 0
    entries = [json.loads(written) for written in file.read_text(encoding="utf-8").splitlines()]
    assert [entry["number"] for entry in entries] == [3, 2, 1]
    assert all(len(entry["hash"]) == 64 for entry in entries)
