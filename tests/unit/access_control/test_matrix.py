"""Every built-in role against every address of the REST interface, called from outside, and against every command.

What each address needs is written down here by hand: a new one fails until it is, and one that asks for something else
than it should fails for the roles in which that shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.routing import Route

from common.access_control.actor import ANYBODY, Actor, ActorKind
from common.access_control.guard import Guard
from common.access_control.needs import JudgedByRecord, Needs, OwnAccount
from common.access_control.rights import EVERYTHING, NOTHING, NotPermitted, Permission, Scope
from common.api_tokens.commands import IssueToken
from common.core import KIT_NEEDS
from common.ids import HQ
from common.operators.built_in import BUILT_IN
from common.rest.app import Methods
from common.rest.calls import Call
from common.rest.errors import OperatorsAlone
from common.rest.resource import Task
from common.rest.tasks import do_task
from common.sign_in.bearers import TOKEN_PREFIX, Bearer
from common.sign_in.commands import EndOwnSession
from hq_node.core import NEEDS as HQ_NEEDS
from province_node.core import NEEDS as PROVINCE_NEEDS
from tests.support.access import AccessNode
from tests.support.federation import SHANGHAI
from tests.support.stores import Databases

REQUESTS, ACCESS = "/api/serviceRequest/v1", "/api/accessManagement/v1"
PARTY, SETTINGS = "/tmf-api/party/v4", "/api/configuration/v1"
OPERATIONS, FEDERATION = "/api/operations/v1", "/api/federation/v1"
ONE = "0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90"
OWN, KNOWN, ANY = "signed in", "known", "anybody"

REQUEST = {
    "kind": "suspend-subscription",
    "destination": ["44"],
    "content": {"subscription_id": "44-0000000001-01"},
    "customerAuthentication": "SERVICE_PASSWORD",
}
CANCELLATION = {"serviceRequest": {"id": ONE}}
HUB = {"callback": "http://127.0.0.1:9/x"}
VALUES = {"dictionary": "x", "value": [{"code": "x", "nameZh": "x", "nameEn": "x"}]}
AGAIN = {"password": "x"}
SUBSTITUTE = {"substitute": "y", "end": "2027-01-31T00:00:00Z", "reason": "leave"}
STANDING = {"node": "x", "reason": "x"}
CODE = {"password": "x", "code": "000000"}

Row = tuple[str | tuple[str, ...], Any]

COMMON: dict[tuple[str, str], Row] = {
    ("GET", f"{REQUESTS}/serviceRequest"): ("service-request:read", None),
    ("GET", f"{REQUESTS}/serviceRequest/{{id}}"): ("service-request:read", None),
    ("GET", f"{REQUESTS}/serviceRequest/{{id}}/trace"): ("service-request:read", None),
    ("POST", f"{REQUESTS}/serviceRequest"): ("service-request:submit", REQUEST),
    ("GET", f"{REQUESTS}/cancelServiceRequest"): ("service-request:read", None),
    ("GET", f"{REQUESTS}/cancelServiceRequest/{{id}}"): ("service-request:read", None),
    ("POST", f"{REQUESTS}/cancelServiceRequest"): ("service-request:cancel", CANCELLATION),
    ("GET", f"{REQUESTS}/hub"): ("event-subscription:read", None),
    ("GET", f"{REQUESTS}/hub/{{id}}"): ("event-subscription:read", None),
    ("GET", f"{REQUESTS}/hub/{{id}}/deadLetter"): ("event-subscription:read", None),
    ("POST", f"{REQUESTS}/hub"): (("service-request:read", "event-subscription:create"), HUB),
    ("PATCH", f"{REQUESTS}/hub/{{id}}"): ("event-subscription:replay", {"state": "on"}),
    ("DELETE", f"{REQUESTS}/hub/{{id}}"): ("event-subscription:delete", None),
    ("POST", f"{ACCESS}/signIn"): (ANY, {"operator": "x", "password": "x"}),
    ("POST", f"{ACCESS}/signOut"): (OWN, None),
    ("GET", f"{ACCESS}/ownAccount"): (OWN, None),
    ("POST", f"{ACCESS}/ownPassword"): (OWN, {"old": "x", "new": "x"}),
    ("GET", f"{ACCESS}/ownSession"): (OWN, None),
    ("POST", f"{ACCESS}/endOwnSession"): (OWN, {"id": ONE}),
    ("POST", f"{ACCESS}/beginSecondFactor"): (OWN, AGAIN),
    ("POST", f"{ACCESS}/confirmSecondFactor"): (OWN, CODE),
    ("POST", f"{ACCESS}/endSecondFactor"): (OWN, CODE),
    ("GET", f"{ACCESS}/operator"): ("operator:read", None),
    ("GET", f"{ACCESS}/operator/{{id}}"): ("operator:read", None),
    ("POST", f"{ACCESS}/operator"): ("operator:create", {"id": "x", "name": "x", "organisationId": "nowhere"}),
    ("PATCH", f"{ACCESS}/operator/{{id}}"): ("operator:change", {"name": "x"}),
    ("POST", f"{ACCESS}/lockOperator"): ("operator:lock", {"operator": "x"}),
    ("POST", f"{ACCESS}/unlockOperator"): ("operator:unlock", {"operator": "x"}),
    ("POST", f"{ACCESS}/resetPassword"): ("operator:reset-password", {"operator": "x"}),
    ("POST", f"{ACCESS}/explainAccess"): ("operator:read", {"operator": "x"}),
    ("GET", f"{ACCESS}/team"): ("operator:read", None),
    ("POST", f"{ACCESS}/setTeam"): ("team:set", {"id": "x", "name": "x", "organisationId": "nowhere"}),
    ("GET", f"{ACCESS}/role"): ("role:read", None),
    ("GET", f"{ACCESS}/ceiling"): ("role:read", None),
    ("POST", f"{ACCESS}/createRole"): ("role:create", {"id": "dealer", "name": "x"}),
    ("POST", f"{ACCESS}/changeRole"): ("role:change", {"id": "dealer", "name": "x"}),
    ("GET", f"{ACCESS}/session"): ("session:read", None),
    ("GET", f"{ACCESS}/session/{{id}}"): ("session:read", None),
    ("DELETE", f"{ACCESS}/session/{{id}}"): ("session:end", None),
    ("GET", f"{ACCESS}/apiToken"): ("api-token:read", None),
    ("GET", f"{ACCESS}/apiToken/{{id}}"): ("api-token:read", None),
    ("POST", f"{ACCESS}/apiToken"): ("api-token:issue", {"client": "x", "organisationId": "nowhere", "role": "dealer"}),
    ("DELETE", f"{ACCESS}/apiToken/{{id}}"): ("api-token:revoke", None),
    ("GET", f"{ACCESS}/approval"): ("approval:read", None),
    ("GET", f"{ACCESS}/approval/{{id}}"): ("approval:read", None),
    ("POST", f"{ACCESS}/approve"): (OWN, {"id": ONE}),
    ("POST", f"{ACCESS}/refuse"): (OWN, {"id": ONE}),
    ("POST", f"{ACCESS}/withdraw"): (OWN, {"id": ONE}),
    ("GET", f"{ACCESS}/ownApproval"): (OWN, None),
    ("GET", f"{ACCESS}/substitution"): ("substitution:read", None),
    ("GET", f"{ACCESS}/substitution/{{id}}"): ("substitution:read", None),
    ("POST", f"{ACCESS}/substitution"): ("substitution:name", {"operator": "x"} | SUBSTITUTE),
    ("DELETE", f"{ACCESS}/substitution/{{id}}"): ("substitution:end", None),
    ("GET", f"{ACCESS}/ownSubstitution"): (OWN, None),
    ("POST", f"{ACCESS}/nameOwnSubstitute"): (OWN, SUBSTITUTE),
    ("POST", f"{ACCESS}/endOwnSubstitution"): (OWN, {"id": ONE}),
    ("GET", f"{ACCESS}/dutiesConflict"): ("operator:read", None),
    ("GET", f"{SETTINGS}/parameter"): ("parameter:read", None),
    ("GET", f"{SETTINGS}/parameter/{{id}}"): ("parameter:read", None),
    ("PATCH", f"{SETTINGS}/parameter/{{id}}"): ("parameter:set", {"value": True}),
    ("GET", f"{SETTINGS}/dictionary"): ("dictionary:read", None),
    ("GET", f"{SETTINGS}/dictionary/{{id}}"): ("dictionary:read", None),
    ("GET", f"{SETTINGS}/dictionaryValueVersion"): ("dictionary:read", None),
    ("GET", f"{SETTINGS}/dictionaryValueVersion/{{id}}"): ("dictionary:read", None),
    ("POST", f"{SETTINGS}/setDictionaryValues"): ("dictionary:set", VALUES),
    ("GET", f"{SETTINGS}/parameterVersion"): ("parameter:read", None),
    ("GET", f"{SETTINGS}/parameterVersion/{{id}}"): ("parameter:read", None),
    ("DELETE", f"{SETTINGS}/parameterVersion/{{id}}"): ("parameter:set", None),
    ("GET", f"{SETTINGS}/networkParameterVersion"): ("parameter:read", None),
    ("GET", f"{SETTINGS}/networkParameterVersion/{{id}}"): ("parameter:read", None),
    ("GET", f"{PARTY}/organization"): ("organisation:read", None),
    ("GET", f"{PARTY}/organization/{{id}}"): ("organisation:read", None),
    ("POST", f"{PARTY}/organization"): (
        "organisation:create",
        {"id": "x", "name": "x", "organizationType": "branch", "parentId": "nowhere"},
    ),
    ("PATCH", f"{PARTY}/organization/{{id}}"): ("organisation:rename", {"name": "x"}),
    ("GET", f"{OPERATIONS}/alarm"): ("alarm:read", None),
    ("GET", f"{OPERATIONS}/alarm/{{id}}"): ("alarm:read", None),
    ("GET", f"{OPERATIONS}/alarm/{{id}}/history"): ("alarm:read", None),
    ("POST", f"{OPERATIONS}/acknowledgeAlarm"): ("alarm:acknowledge", {"id": "X:y"}),
    ("GET", f"{OPERATIONS}/parkedMessage"): ("parked-message:read", None),
    ("GET", f"{OPERATIONS}/parkedMessage/{{id}}"): ("parked-message:read", None),
    ("GET", f"{OPERATIONS}/parkedMessage/{{id}}/message"): ("parked-message:read", None),
    ("POST", f"{OPERATIONS}/retryParkedMessage"): ("parked-message:retry", {"id": [f"31-{ONE}"]}),
    ("POST", f"{OPERATIONS}/endParkedMessage"): ("parked-message:end", {"id": [f"31-{ONE}"], "reason": "x"}),
    ("GET", f"{OPERATIONS}/interface"): ("interface:read", None),
    ("GET", f"{OPERATIONS}/interfaceCall"): ("interface:read", None),
    ("GET", f"{OPERATIONS}/interfaceCall/{{id}}"): ("interface:read", None),
    ("POST", f"{OPERATIONS}/testInterface"): ("interface:test", {"interface": "x"}),
    ("POST", f"{OPERATIONS}/switchAdapter"): ("interface:switch", {"interface": "x", "adapter": "x", "reason": "x"}),
    ("POST", f"{OPERATIONS}/replayCalls"): ("interface:replay", {"interface": "x", "reason": "x"}),
    ("GET", f"{OPERATIONS}/auditEntry"): ("audit:read", None),
    ("GET", f"{OPERATIONS}/auditEntry/{{id}}"): ("audit:read", None),
    ("GET", f"{OPERATIONS}/verifyAudit"): ("audit:read", None),
    ("GET", f"{OPERATIONS}/backup"): ("backup:read", None),
    ("POST", f"{OPERATIONS}/createBackup"): ("backup:create", None),
    ("POST", f"{OPERATIONS}/verifyBackup"): ("backup:verify", {"id": "x"}),
    ("GET", f"{OPERATIONS}/liveView"): ("live-view:read", None),
    ("GET", f"{OPERATIONS}/liveHistory"): ("live-view:read", None),
    **{
        ("GET", path): (KNOWN, None)
        for path in ("/openapi.json", "/docs", "/docs/index.html", "/docs/page.js", "/docs/page.css")
    },
}
TABLES: dict[str, dict[tuple[str, str], Row]] = {
    HQ: COMMON
    | {
        ("GET", f"{SETTINGS}/networkParameter"): ("parameter:read", None),
        ("GET", f"{SETTINGS}/networkParameter/{{id}}"): ("parameter:read", None),
        ("PATCH", f"{SETTINGS}/networkParameter/{{id}}"): ("parameter:publish", {"value": True}),
        ("DELETE", f"{SETTINGS}/networkParameterVersion/{{id}}"): ("parameter:publish", None),
        ("POST", f"{SETTINGS}/publishDictionaryValues"): ("dictionary:publish", VALUES),
        ("GET", f"{SETTINGS}/parameterDelivery"): ("parameter:read", None),
        ("POST", f"{ACCESS}/setCeiling"): ("ceiling:set", {"subject": "x", "most": "NONE", "reason": "x"}),
        ("POST", f"{ACCESS}/removeCeiling"): ("ceiling:remove", {"subject": "x", "reason": "x"}),
        ("GET", f"{FEDERATION}/node"): ("node:read", None),
        ("POST", f"{FEDERATION}/inviteNode"): ("node:invite", {"node": "x"}),
        ("POST", f"{FEDERATION}/approveNode"): ("node:approve", {"node": "x", "signingKeyId": "x"}),
        ("POST", f"{FEDERATION}/suspendNode"): ("node:suspend", STANDING),
        ("POST", f"{FEDERATION}/resumeNode"): ("node:resume", STANDING),
        ("POST", f"{FEDERATION}/revokeNode"): ("node:revoke", STANDING),
        ("POST", f"{FEDERATION}/endLegs"): ("node:end-legs", {"node": "99", "reason": "x"}),
        ("GET", f"{FEDERATION}/relayedLeg"): ("service-request:read", None),
        ("GET", f"{FEDERATION}/relayedLeg/{{id}}"): ("service-request:read", None),
        ("GET", f"{FEDERATION}/requestTrace?id={ONE}"): (("service-request:read", "service-request:read"), None),
    },
    SHANGHAI: COMMON
    | {
        ("GET", "/tmf-api/customerManagement/v4/customer"): ("customer:read", None),
        ("GET", "/tmf-api/customerManagement/v4/customer/{id}"): ("customer:read", None),
        ("GET", "/tmf-api/productInventory/v4/product"): ("subscription:read", None),
        ("GET", "/tmf-api/productInventory/v4/product/{id}"): ("subscription:read", None),
    },
}


@pytest.fixture(scope="module", params=[HQ, SHANGHAI])
def node(
    request: pytest.FixtureRequest, lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AccessNode]:
    made = AccessNode(lasting_databases, tmp_path_factory.mktemp("node"), request.param)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _no_failures_yet(request: pytest.FixtureRequest) -> None:
    """Each test signs in wrongly, on purpose; by now nobody has to wait for that."""
    if "node" in request.fixturenames:
        request.getfixturevalue("node").clock.at_us += 3_600_000_000


def offered(node: AccessNode) -> set[tuple[str, str]]:
    """Each method and address that the application has."""
    found = set()
    for route in node.app.routes:
        assert isinstance(route, Route)
        methods = route.endpoint._endpoints if isinstance(route.endpoint, Methods) else route.methods or ()
        found |= {(method, route.path) for method in methods if method != "HEAD"}
    return found


def client_of(node: AccessNode, role: str) -> httpx.AsyncClient:
    issued = node.run(IssueToken(f"client-of-{role}", node.core.node, role, 1, node.entropy(32)))
    text = Bearer(TOKEN_PREFIX, issued.token_id, issued.secret).text()
    return node.client(Authorization=f"Bearer {text}")


def may(role: str, needs: str | tuple[str, ...]) -> bool:
    if isinstance(needs, str):
        return Permission.parse(needs) in BUILT_IN[role].permissions
    # Who is told of all requests must see all of them.
    first = BUILT_IN[role].permissions.get(Permission.parse(needs[0]))
    return first is not None and first >= Scope.PROVINCE and may(role, needs[1])


def test_every_address_stands_in_the_table(node: AccessNode) -> None:
    known = {(method, path.partition("?")[0]) for method, path in TABLES[node.core.node]}
    assert offered(node) == known


@pytest.mark.parametrize("role", BUILT_IN)
async def test_a_role_reaches_what_it_holds_and_nothing_else(node: AccessNode, role: str) -> None:
    client = client_of(node, role)
    for (method, path), (needs, body) in TABLES[node.core.node].items():
        answer = await client.request(method, path.replace("{id}", ONE), json=body)
        what = f"{role}: {method} {path}: {answer.status_code} {answer.text[:200]}"
        if needs in (ANY, KNOWN):
            assert answer.status_code in (200, 401), what
        elif needs == OWN:
            # It is a system's token: there is no account that could be its own.
            assert (answer.status_code, answer.json()["code"]) == (403, "OPERATORS_ALONE"), what
        elif may(role, needs):
            assert answer.status_code not in (401, 403), what
            assert answer.status_code < 500, what
        else:
            assert answer.status_code == 403, what
            assert answer.json()["code"] in ("NOT_PERMITTED", "OUTSIDE_SCOPE"), what


async def test_without_a_token_only_signing_in_answers(node: AccessNode) -> None:
    for (method, path), (_, body) in TABLES[node.core.node].items():
        answer = await node.client().request(method, path.replace("{id}", ONE), json=body)
        expected = "SIGN_IN_REFUSED" if path.endswith("/signIn") else "NOT_SIGNED_IN"
        assert (answer.status_code, answer.json()["code"]) == (401, expected), f"{method} {path}"


@pytest.mark.parametrize("role", BUILT_IN)
def test_a_role_may_wish_what_it_holds_and_nothing_else(role: str) -> None:
    declared = {**KIT_NEEDS, **HQ_NEEDS, **PROVINCE_NEEDS}
    guard, held = Guard(declared), BUILT_IN[role]
    operator = Actor(ActorKind.OPERATOR, "li.na", rights=held.rights)
    client = Actor(ActorKind.CLIENT, "billing", rights=held.rights)
    wished = 0
    for kind, needs in declared.items():
        if not isinstance(needs, Needs):
            continue
        wish = object.__new__(kind)
        for actor in (operator, client, ANYBODY):
            if isinstance(needs, OwnAccount):
                allowed = actor is operator
            elif isinstance(needs, JudgedByRecord):
                # The handler goes on asking.
                allowed = actor is operator
            else:
                allowed = actor is not ANYBODY and needs.permission in held.permissions
            if allowed:
                guard.admit(wish, actor)
            else:
                with pytest.raises(NotPermitted):
                    guard.admit(wish, actor)
            wished += 1
    assert wished > 100


def test_own_account_needs_no_role_but_a_person() -> None:
    guard = Guard(KIT_NEEDS)
    guard.admit(EndOwnSession(bytes(16)), Actor(ActorKind.OPERATOR, "li.na", rights=NOTHING))


async def test_a_task_that_declares_nothing_is_nobodys() -> None:
    ran = []

    async def run(_call: Any, _body: Any) -> None:
        ran.append(1)

    undeclared: Any = None
    task = Task("do", "POST", undeclared, run, None, None, "Do.")
    for kind in ActorKind:
        scope = {"type": "http", "headers": [], "actor": Actor(kind, "x", rights=EVERYTHING), "body": b""}
        with pytest.raises(OperatorsAlone):
            await do_task(Call(Request(scope)), task)
    assert ran == []
