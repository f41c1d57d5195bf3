"""What is done over the admin socket is in the audit log: every route that changes something, and those that give out
what must not leave unseen (SYS-03)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from common.directory.own_keys import NodeKeys
from common.directory.rotation import KeyRotation
from common.ids import HQ
from common.personal_data.desk import PersonalDataDesk
from common.personal_data.master_key import MasterKeySource
from common.program.key_keeper import KeyKeeper, NodeShutOut, RotationAnswer
from common.security.keyring import Keyring
from common.settings import KeySettings, PersonalDataSettings
from hq_node.directory.in_force import DirectoryInForce
from hq_node.web import admin_app as hq_admin_app
from province_node.web import admin_app as province_admin_app
from tests.support.access import AccessNode
from tests.support.federation import SHANGHAI
from tests.support.personal_data import make_vault
from tests.support.stores import SQLITE, Databases

ID = "0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90"
WHY = {"reason": "a test"}
OPERATOR = {"name": "Li Na", "organisation_id": "00", "posts": []}
POST = {"organisation_id": "00", "role": "auditor"}
ROLE = {"name": "Guest", "permissions": {}}
STATEMENT = {"public_key": "00" * 32, "signature": "00" * 64}
BODIES: dict[str, Any] = {
    "/interfaces/{port}/test": {"adapter": "file"},
    "/interfaces/{port}/adapter": {"adapter": "file", **WHY},
    "/interfaces/{port}/replay": WHY,
    "/service-passwords/{customer_number}": {"password": "135790", **WHY},
    "/audit/deeds": {"deed": "backup-create", "outcome": "DONE"},
    "/alarms/{name:path}/acknowledgement": {"by": "li.na"},
    "/ceilings/set": {"subject": "customer:export", "most": "NONE", **WHY},
    "/ceilings/remove": {"subject": "customer:export", **WHY},
    "/customers/import": {"rows": []},
    "/customers/search": {"by": "contact", "text": "13800138000"},
    "/customers/{customer_number}/reveal": WHY,
    "/requests/{request_id}/reveal": WHY,
    "/nodes/{code}/end-legs": WHY,
    "/customers/{customer_number}/erase": WHY,
    "/directory/import-signed": {"signed": "AAAA"},
    "/directory/next-root": STATEMENT,
    "/directory/forget-root": STATEMENT,
    "/nodes/invitations": {"node": "44"},
    "/nodes/{code}/suspend": WHY,
    "/nodes/{code}/resume": WHY,
    "/nodes/{code}/revoke": WHY,
    **{f"/approvals/{{approval}}/{event}": WHY for event in ("approve", "refuse", "withdraw", "break-glass")},
    "/substitutions/{substitution}/end": WHY,
    "/operators/{operator}/substitutes": {"substitute": "li.na", "until_us": 1, **WHY},
    "/operators/{operator}": OPERATOR,
    "/operators/{operator}/change": OPERATOR,
    "/operators/{operator}/posts": POST,
    "/operators/{operator}/posts/removal": POST,
    "/operators/{operator}/lock": WHY,
    "/operators/{operator}/unlock": WHY,
    "/roles/{role}": ROLE,
    "/roles/{role}/change": ROLE,
    "/teams/{team}": {"name": "Team", "organisation_id": "00", "members": []},
    "/organisations": {"organisation_id": "x", "kind": "city", "name": "X", "parent_id": "00"},
    "/organisations/import": {"rows": []},
    "/organisations/{organisation_id}/name": {"name": "Y"},
    "/organisations/{organisation_id}/parent": {"parent_id": "00"},
    "/organisations/{organisation_id}/deactivation": WHY,
    "/dictionaries/{name}/values": {"values": [{"code": "x", "zh": "x", "en": "x"}], **WHY},
    "/published-dictionaries/{name}/values": {"values": [{"code": "x", "zh": "x", "en": "x"}], **WHY},
    "/parameters/{name}/versions": {"value": 1, **WHY},
    "/parameters/{name}/versions/{version}/withdrawal": WHY,
    "/published-parameters/{name}/versions": {"value": 1, **WHY},
    "/published-parameters/{name}/versions/{version}/withdrawal": WHY,
    "/parked/{message}/end": WHY,
    "/requests": {"kind": "quanwang.nodes.v1.QueryNodeStatus", "destinations": ["44"]},
    "/sessions/{session}/end": WHY,
    "/hubs": {"api": "serviceRequest", "callback": "https://127.0.0.1/x"},
    "/tokens": {"client": "billing", "organisation_id": "00", "role": "auditor", "days": 1},
    "/tokens/{token}/revocation": WHY,
}
"""What is posted there; nothing, where it is not named."""
PORT = {"port": "communication"}
IN_ADDRESS = {
    **PORT,
    "version": "1",
    "node": "44",
    "code": "44",
    "name": "LINK_AWAY:31",
    "message": f"31-{ID}",
}
"""What stands in addresses; an identity, where it is not named."""
NOT_NOTED: dict[str, str] = {}
"""Routes that leave no entry, each with the reason why not."""
GIVING_OUT = ("/evidence/{request_id}",)
"""What is read, and noted all the same."""


class DeskOfNobody:
    """A key desk of a node that is shut out."""

    def certificate(self) -> bytes:
        return b""

    async def look_again(self, keys: NodeKeys) -> None:
        raise NodeShutOut(node=keys.node)

    async def ask(self, wish: KeyRotation, rotation: bytes, signature: bytes) -> RotationAnswer:
        raise NodeShutOut(node="")

    async def keep_certificate(self, certificate: bytes) -> None:
        raise NodeShutOut(node="")

    async def rotate_root(self, keys: NodeKeys) -> None:
        raise NodeShutOut(node=keys.node)

    async def forget_root(self, keys: NodeKeys, public_key: bytes, proof: bytes) -> None:
        raise NodeShutOut(node=keys.node)

    async def drop_former_roots(self, keys: NodeKeys) -> list[str]:
        return []

    async def take_directory(self, signed: bytes) -> None:
        raise NodeShutOut(node="")


class Administered:
    """A node whose admin API is called."""

    def __init__(self, code: str, room: Path) -> None:
        self.access = AccessNode(Databases(SQLITE, room), room, code)
        node, core = self.access.node, self.access.core
        keys = NodeKeys(code, room, Keyring.create(room, hq=code == HQ))
        node.key_keeper = KeyKeeper(
            keys, core.directory, DeskOfNobody(), self.access.clock, KeySettings(), lambda *_: None
        )
        build: Callable[[], Starlette]
        if code == HQ:
            build = partial(hq_admin_app, node, DirectoryInForce.__new__(DirectoryInForce))
        else:
            source = MasterKeySource(room / "master.key", {})
            node.personal_data = PersonalDataDesk(make_vault(), source, lambda: node.writer, PersonalDataSettings())
            build = partial(province_admin_app, node)
        self.app = build()

    @property
    def changing(self) -> list[tuple[str, str]]:
        """The addresses that are more than looked at, and those that give out what must not leave unseen."""
        found = []
        for route in self.app.routes:
            assert isinstance(route, Route)
            methods = (route.methods or set()) - {"HEAD"}
            found += [(method, route.path) for method in methods if method != "GET" or route.path in GIVING_OUT]
        return found

    async def call(self, method: str, address: str, body: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
            return await client.request(method, address, json=body)

    def close(self) -> None:
        self.access.close()


@pytest.fixture(params=[HQ, SHANGHAI])
def administered(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Administered]:
    made = Administered(request.param, tmp_path)
    yield made
    made.close()


def _filled(path: str) -> str:
    parts = [part.strip("{}").partition(":")[0] if part.startswith("{") else None for part in path.split("/")]
    filled = [IN_ADDRESS.get(name, ID) if name else given for name, given in zip(parts, path.split("/"), strict=True)]
    return "/".join(filled)


async def test_every_route_that_is_more_than_a_look_leaves_an_entry(administered: Administered) -> None:
    silent = []
    for method, path in administered.changing:
        before = len(administered.access.log())
        answer = await administered.call(method, _filled(path), BODIES.get(path))
        assert answer.json().get("code") not in ("MALFORMED_INPUT", "ADDRESS_NOT_FOUND"), (path, answer.text)
        entries = administered.access.log()[before:]
        if not any(entry["actor_kind"] == "local" for entry in entries) and path not in NOT_NOTED:
            silent.append((method, path, answer.text[:200]))
    assert silent == []


async def test_keys_that_could_not_be_replaced_are_noted_with_the_reason(administered: Administered) -> None:
    answer = await administered.call("POST", "/keys/rotate", {"uses": ["tls"]})
    assert answer.json()["code"] == "NODE_SHUT_OUT"
    (entry,) = administered.access.log(resource="node-keys")
    assert (entry["action"], entry["record"], entry["outcome"]) == ("rotate", "tls", "NODE_SHUT_OUT")


async def test_what_the_command_line_does_by_itself_is_noted_as_it_ended(administered: Administered) -> None:
    for outcome in ("DONE", "BACKUP_UNDER_WAY"):
        deed = {"deed": "backup-create", "record": "31.backup", "outcome": outcome}
        assert (await administered.call("POST", "/audit/deeds", deed)).json() == {"noted": True}
    log = administered.access.log(resource="backup")
    assert [(entry["record"], entry["outcome"]) for entry in log] == [
        ("31.backup", "DONE"),
        ("31.backup", "BACKUP_UNDER_WAY"),
    ]
    unknown = await administered.call("POST", "/audit/deeds", {"deed": "cake", "outcome": "DONE"})
    assert unknown.json()["code"] == "DEED_UNKNOWN"


async def test_evidence_that_there_is_none_of_was_asked_for_all_the_same(administered: Administered) -> None:
    answer = await administered.call("GET", f"/evidence/{ID}", None)
    (entry,) = administered.access.log(resource="evidence")
    assert (entry["record"], entry["outcome"]) == (ID, answer.json()["code"])


@pytest.mark.parametrize("administered", [SHANGHAI], indirect=True)
async def test_a_search_that_is_refused_is_noted(administered: Administered) -> None:
    answer = await administered.call("POST", "/customers/search", {"by": "address", "text": "x", "city_code": "310100"})
    (entry,) = administered.access.log(resource="customer", action="search")
    assert entry["outcome"] == answer.json()["code"] == "SEARCH_TOO_SHORT"
    assert entry["details"] == ""
