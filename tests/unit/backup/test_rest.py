"""Backups from outside, over HTTP: made, listed, proved, without a word of where they lie (SYS-05)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from common.backup.secrets import PASSPHRASE_VARIABLE
from common.program.operations_api import BASE
from tests.support.access import AccessNode
from tests.support.backups import MigratedDatabases
from tests.support.federation import SHANGHAI
from tests.support.stores import SQLITE


@pytest.fixture
def node(tmp_path: Path) -> Iterator[AccessNode]:
    room = tmp_path / "room"
    made = AccessNode(MigratedDatabases(SQLITE, tmp_path), room, SHANGHAI)
    made.node.data.create()
    database = str(sa.make_url(made.federation.urls[SHANGHAI]).database)
    made.node.data.database.symlink_to(database)
    yield made
    made.close()


async def test_a_backup_is_made_listed_and_proved(node: AccessNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "correct horse battery staple")
    an = await node.signed_in("an", "administrator")
    assert (await an.get(f"{BASE}/backup")).json() == {"everyHours": 0, "keep": 14, "backup": []}
    made = await an.post(f"{BASE}/createBackup")
    assert made.status_code == 200, made.text
    (shown,) = (await an.get(f"{BASE}/backup")).json()["backup"]
    assert (shown["id"], shown["bytes"], shown["createdDate"]) == (
        made.json()["id"],
        made.json()["bytes"],
        made.json()["createdDate"],
    )
    assert (shown["node"], shown["complete"], shown["archives"]) == (SHANGHAI, True, True)
    assert str(node.node.data.path) not in (await an.get(f"{BASE}/backup")).text
    proved = await an.post(f"{BASE}/verifyBackup", json={"id": shown["id"]})
    assert proved.status_code == 200, proved.text
    assert (proved.json()["finding"], proved.json()["rows"]) == ([], made.json()["rows"])
    noted = [(entry["action"], entry["record"], entry["actor"]) for entry in node.log(resource="backup")]
    assert noted == [("create", shown["id"], "an"), ("verify", shown["id"], "an")]


async def test_no_other_file_is_taken_for_a_backup(node: AccessNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "correct horse battery staple")
    an = await node.signed_in("an", "administrator")
    for name in ("../node.toml", "node.toml", "/etc/passwd", "31-20270101T000000Z.qwbackup"):
        refused = await an.post(f"{BASE}/verifyBackup", json={"id": name})
        assert (refused.status_code, refused.json()["code"]) == (404, "BACKUP_NOT_FOUND"), name
    assert {entry["outcome"] for entry in node.log(resource="backup")} == {"BACKUP_NOT_FOUND"}


async def test_without_a_secret_none_is_made_and_that_is_noted(
    node: AccessNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PASSPHRASE_VARIABLE, raising=False)
    an, lu = await node.signed_in("an", "administrator"), await node.signed_in("lu", "auditor")
    refused = await an.post(f"{BASE}/createBackup")
    assert (refused.status_code, refused.json()["code"]) == (409, "BACKUP_SECRET_MISSING")
    assert [entry["outcome"] for entry in node.log(resource="backup")] == ["BACKUP_SECRET_MISSING"]
    assert (await lu.get(f"{BASE}/backup")).status_code == 200
    assert (await lu.post(f"{BASE}/createBackup")).status_code == 403
