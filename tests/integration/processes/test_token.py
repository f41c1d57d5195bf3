"""A province whose keys live in a token: moved there, used, replaced, taken away in the middle and brought back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.personal_data.masking import mask_name
from tests.integration.processes.test_keys import _ask, _wish, in_force, rotate
from tests.support.processes import WAIT_S
from tests.support.running import SETTINGS, RunningFederation, eventually, import_customers
from tests.support.soft_token import NAME, TokenProcess, install_plug_in

PROVINCES = ("31", "44")
SETTINGS_WITH_KEYS = SETTINGS + "[keys]\nlook_ms = 200\n"


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenProcess]:
    install_plug_in(tmp_path / "site")
    path = [str(tmp_path / "site"), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))
    process = TokenProcess(tmp_path / "token")
    process.plug_in()
    yield process
    process.close()


def test_a_node_works_on_a_token_and_loses_nothing_when_it_is_taken_away(tmp_path: Path, token: TokenProcess) -> None:
    with RunningFederation(tmp_path / "nodes", PROVINCES, SETTINGS_WITH_KEYS) as federation:
        imported = {code: import_customers(federation[code], code, 8) for code in PROVINCES}
        held = {code: [one.subscription_id for one in imported[code]] for code in PROVINCES}
        node, other = federation["31"], federation["44"]
        in_files = in_force(node)
        assert node.stop() == 0
        with (node.data_dir / "node.toml").open("a", encoding="utf-8") as settings:
            settings.write(f'token = "{NAME}"\ntoken_file = "{token.file}"\n')
        node.start()

        # Onto the token by being replaced, under what both say to each other; then once more, on it.
        for turn in range(2):
            before = in_force(node)
            assert rotate(node, "signing", "private-bodies") == ["private-bodies", "signing"]
            assert not set(in_force(node).values()) & {before["signing"], before["private-bodies"]}
            _ask(federation, "31", "44", held["44"][turn])
            _ask(federation, "44", "31", held["31"][turn])
        assert len(token.private_keys) == 4
        # The profile travels encrypted for 31, and only its token opens it.
        asked = {
            "kind": "query-customer-profile",
            "destinations": ["44"],
            "content": {"service_number": imported["44"][0].service_number},
            "acting": {"customer_authentication": "SERVICE_PASSWORD"},
        }
        profile = node.post("/requests", asked)["request_id"]
        (leg,) = node.get(f"/requests/{profile}", wait_ms=20_000)["legs"]
        assert leg["answer"]["name"] == mask_name(imported["44"][0].name)
        files = b"".join(path.read_bytes() for path in (node.data_dir / "keys").iterdir())
        for private in token.private_keys:
            assert private not in files
            assert private.hex().encode() not in files
        assert in_force(node)["tls"] == in_files["tls"]

        # Taken away: what needs its keys is refused for now, what others ask waits.
        token.pull_out()
        said = len(node.log)
        with node.admin() as client:
            refused = client.post("/requests", json=_wish("44", held["44"][2]), timeout=WAIT_S)
        assert (refused.status_code, refused.json()["code"]) == (503, "KEY_TOKEN_UNAVAILABLE"), refused.text
        eventually(
            lambda: any(alarm["kind"] == "KEY_TOKEN_UNAVAILABLE" for alarm in node.get("/alarms")["items"]),
            "the alarm is raised",
        )
        waiting = other.post("/requests", _wish("31", held["31"][2]))["request_id"]
        node.wait_for("group not possible for now", after=said + 1)
        # A start without it, and a locked one, change nothing of that.
        node.kill()
        said = node.launch()
        node.wait_for("node serves", after=said)
        token.plug_in()
        token.lock()
        node.wait_for("group not possible for now", after=said, code="KEY_TOKEN_LOCKED")
        assert {leg["state"] for leg in other.get(f"/requests/{waiting}")["legs"]} == {"submitted"}
        token.lock(False)
        eventually(
            lambda: {leg["state"] for leg in other.get(f"/requests/{waiting}")["legs"]} == {"completed"},
            "what waited is answered",
        )
        _ask(federation, "31", "44", held["44"][2])
        federation.wait_until_quiet()
        assert not node.get("/parked")["items"]
        assert len(node.get("/requests")["items"]) == 4
        assert set(federation.stop_all().values()) == {0}
