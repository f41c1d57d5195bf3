"""Headquarters sets a ceiling, a province takes the directory: whoever is signed in there may do less at once, and
nobody gets above it by any way (SYS-01). Real handlers, directories, links, sessions and REST."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from common.access_control.rights import CeilingNotPermitted
from common.api_tokens.commands import IssueToken
from common.directory.signing import open_directory
from common.event_hub.announcing import announcers
from common.event_hub.commands import Subscribe
from common.event_hub.repository import hub_deliveries
from common.ids import HQ
from common.operators.commands import ChangeRole, CreateRole
from common.operators.roles import RoleAboveCeiling
from common.requests.rest import BASE
from common.sign_in.bearers import TOKEN_PREFIX, Bearer
from province_node.customers.commands import CustomerRecord, ImportCustomers, RevealCustomer, ShowCustomer
from province_node.customers.looking import RevealFieldHidden
from tests.support import ceilings
from tests.support.access import SIGN_IN_ADDRESS, AccessNode
from tests.support.federation import SHANGHAI, ZHEJIANG, Federation
from tests.support.stores import Databases

CUSTOMERS = "/tmf-api/customerManagement/v4/customer"
OPERATORS = f"{SIGN_IN_ADDRESS}/operator"
CUSTOMER = CustomerRecord(
    1, "31-1", "person", "张三", "resident_id", "11010519491231002X", "13800138000", "上海市黄浦区金丝雀路8号", "310100"
)


@pytest.fixture
def node(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessNode]:
    federation = Federation(databases)
    federation.connect()
    made = AccessNode(databases, tmp_path_factory.mktemp("node"), federation=federation)
    yield made
    made.close()


def owner(node: AccessNode) -> Any:
    """The owner of the data directory, as the admin socket knows them at this moment."""
    return node.node.local_desk.actor


async def permitted(client: httpx.AsyncClient) -> dict[str, str]:
    """What somebody is told that they may do."""
    account = (await client.get(f"{SIGN_IN_ADDRESS}/ownAccount")).json()
    return {held["permission"]: held["scope"] for held in account["permission"]}


async def test_an_open_session_and_a_token_lose_what_is_withdrawn_and_get_it_back(node: AccessNode) -> None:
    agent = await node.signed_in("agent", "call-centre-agent")
    issued = node.run(IssueToken("billing", SHANGHAI, "call-centre-agent", 30, bytes(32)))
    system = node.client(authorization=f"Bearer {Bearer(TOKEN_PREFIX, issued.token_id, bytes(32)).text()}")
    assert [(await client.get(CUSTOMERS)).status_code for client in (agent, system)] == [200, 200]

    ceilings.limit(node.federation, "customer:read", "NONE")
    for client in (agent, system):
        refused = await client.get(CUSTOMERS)
        assert (refused.status_code, refused.json()["code"]) == (403, "CEILING_NOT_PERMITTED"), refused.text
        assert "directive 7" in refused.json()["message"]
    assert "customer:read" not in await permitted(agent)
    assert (await agent.get(f"{BASE}/serviceRequest")).status_code == 200

    ceilings.lift(node.federation, "customer:read")
    assert [(await client.get(CUSTOMERS)).status_code for client in (agent, system)] == [200, 200]


async def test_scopes_are_cut_and_fields_hidden_for_whoever_is_signed_in(node: AccessNode) -> None:
    chief = await node.signed_in("chief", "administrator")
    await node.add("li.na", "dealer")
    assert "name" in (await chief.get(OPERATORS)).json()[0]
    ceilings.limit(node.federation, "operator:read", "OWN")
    ceilings.limit(node.federation, "operator.name", "HIDDEN", SHANGHAI)
    (only,) = (await chief.get(OPERATORS)).json()
    assert (only["id"], "name" in only) == ("chief", False)
    assert (await chief.get(OPERATORS, params={"name": "Chief"})).status_code == 400
    assert (await permitted(chief))["operator:read"] == "OWN"


async def test_what_concerns_another_province_or_headquarters_alone_changes_nothing(node: AccessNode) -> None:
    agent = await node.signed_in("agent", "call-centre-agent")
    ceilings.limit(node.federation, "customer:read", "NONE", ZHEJIANG)
    assert (await agent.get(CUSTOMERS)).status_code == 200
    cores = node.federation.cores
    assert not cores[SHANGHAI].context.access_limits
    assert cores[ZHEJIANG].context.access_limits
    assert not cores[HQ].context.access_limits


async def test_why_names_the_ceiling_and_a_role_above_it_is_shown_as_cut(node: AccessNode) -> None:
    chief = await node.signed_in("chief", "administrator")
    await node.add("li.na", "call-centre-agent")
    node.run(CreateRole("looker", "Looker", {"customer:read": "PROVINCE"}, {"customer": {"name": "VISIBLE"}}))
    ceilings.limit(node.federation, "customer:read", "BELOW")
    ceilings.limit(node.federation, "customer:reveal", "NONE")
    ceilings.limit(node.federation, "customer.name", "MASKED")

    async def explained(permission: str) -> dict[str, Any]:
        question = {"operator": "li.na", "permission": permission}
        return dict((await chief.post(f"{SIGN_IN_ADDRESS}/explainAccess", json=question)).json())

    cut, withdrawn = await explained("customer:read"), await explained("customer:reveal")
    (way,) = cut["way"]
    assert (cut["permitted"], way["scope"], way["counts"]) == (True, "PROVINCE", True)
    assert (way["ceiling"]["most"], way["ceiling"]["reason"]) == ("BELOW", "directive 7")
    (way,) = withdrawn["way"]
    assert (withdrawn["permitted"], way["whyNot"], way["ceiling"]["most"]) == (False, "CEILING", "NONE")
    listed = {role["id"]: role for role in (await chief.get(f"{SIGN_IN_ADDRESS}/role")).json()["role"]}
    assert listed["looker"]["ceiling"]["customer:read"]["most"] == "BELOW"
    assert listed["looker"]["fieldCeiling"]["customer"]["name"]["most"] == "MASKED"
    assert listed["dealer"]["ceiling"] == {}
    published = (await chief.get(f"{SIGN_IN_ADDRESS}/ceiling")).json()["ceiling"]
    assert [(one["subject"], one["most"], one["province"]) for one in published] == [
        ("customer.name", "MASKED", ""),
        ("customer:read", "BELOW", ""),
        ("customer:reveal", "NONE", ""),
    ]


async def test_no_role_is_made_or_changed_that_gives_more(node: AccessNode) -> None:
    ceilings.limit(node.federation, "customer:read", "BELOW")
    ceilings.limit(node.federation, "customer.*", "MASKED")
    with pytest.raises(RoleAboveCeiling, match="BELOW"):
        node.run(CreateRole("looker", "Looker", {"customer:read": "PROVINCE"}), owner(node))
    with pytest.raises(RoleAboveCeiling, match=r"customer\.\*"):
        node.run(CreateRole("looker", "Looker", {}, {"customer": {"name": "VISIBLE"}}), owner(node))
    node.run(CreateRole("looker", "Looker", {"customer:read": "BELOW"}, {"customer": {"name": "MASKED"}}))
    with pytest.raises(RoleAboveCeiling):
        node.run(ChangeRole("looker", "Looker", {"customer:read": "NETWORK"}), owner(node))


async def test_the_owner_of_the_machine_reveals_nothing_that_is_hidden_or_withdrawn(node: AccessNode) -> None:
    node.run(ImportCustomers((CUSTOMER,)))
    ceilings.limit(node.federation, "customer.document_number", "HIDDEN")
    assert "document_number" not in node.run(ShowCustomer("31-1"), owner(node))
    with pytest.raises(RevealFieldHidden):
        node.run(RevealCustomer("31-1", ("document_number",), "test"), owner(node))
    revealed = node.run(RevealCustomer("31-1", (), "test"), owner(node))
    assert revealed == {"contact_number": CUSTOMER.contact_number, "address": CUSTOMER.address}
    ceilings.limit(node.federation, "customer:reveal", "NONE")
    with pytest.raises(CeilingNotPermitted):
        node.run(RevealCustomer("31-1", (), "test"), owner(node))
    assert node.log(action="reveal")[-1]["outcome"] == "CEILING_NOT_PERMITTED"


async def test_whoever_subscribed_before_is_told_no_more_of_what_may_not_be_seen(node: AccessNode) -> None:
    def deliveries() -> int:
        count = sa.select(sa.func.count()).select_from(hub_deliveries)
        return int(node.node.reads.now(lambda connection: connection.execute(count).scalar_one()))

    def asked_and_ended() -> int:
        """What is told of one more request."""
        before = deliveries()
        node.clock.at_us += 1_000_000
        node.federation.suspend()
        node.federation.run()
        return deliveries() - before

    node.core.announcers.update(announcers(node.apis))
    api = next(api for api in node.apis if api.base == BASE)
    node.run(Subscribe(api.name, "local:root", "https://hooks.example/crm", "", bytes(32)))
    assert asked_and_ended() == 1
    ceilings.limit(node.federation, "service-request:read", "BELOW", SHANGHAI)
    assert asked_and_ended() == 0
    ceilings.lift(node.federation, "service-request:read", SHANGHAI)
    ceilings.limit(node.federation, "service-request.operator", "MASKED", SHANGHAI)
    assert asked_and_ended() == 0
    ceilings.lift(node.federation, "service-request.operator", SHANGHAI)
    assert asked_and_ended() == 1


async def test_a_directory_from_before_the_ceiling_brings_nothing_back(node: AccessNode) -> None:
    agent = await node.signed_in("agent", "call-centre-agent")
    federation = node.federation
    before = ceilings.published(federation)
    ceilings.limit(federation, "customer:read", "NONE")
    federation.offer(before, (SHANGHAI,))
    assert (await agent.get(CUSTOMERS)).status_code == 403
    # And HQ itself cannot take it back by telling this province something else under the same version.
    forked = federation.sign_directory(open_directory(before, federation.root.public_key))
    federation.offer(forked, (SHANGHAI,))
    assert not federation.is_open(SHANGHAI)
    assert (await agent.get(CUSTOMERS)).status_code == 403
