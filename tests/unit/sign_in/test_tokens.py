"""Tokens of other systems: what they may do, how they end, and that a leaked database holds none."""

from __future__ import annotations

import httpx
import pytest
import sqlalchemy as sa

from common.access_control.actor import Actor, ActorKind
from common.access_control.rights import Permission, Rights, Scope
from common.api_tokens.commands import IssueToken, RevokeToken
from common.api_tokens.events import TokenIssued
from common.api_tokens.queries import list_tokens
from common.api_tokens.repository import api_tokens
from common.errors import Refusal
from common.organisations.commands import CreateOrganisation, DeactivateOrganisation
from common.sign_in.bearers import TOKEN_PREFIX, Bearer, read_bearer
from common.sign_in.upkeep import look_after
from tests.support.access import CITY, HALL, OTHER, OWNER, SIGN_IN_ADDRESS, AccessNode

REQUESTS = "/api/serviceRequest/v1/serviceRequest"
CUSTOMERS = "/tmf-api/customerManagement/v4/customer"
DAY_US = 86_400_000_000
SECRET = bytes(range(32))


def issue(
    node: AccessNode, role: str = "back-office", organisation: str = "31", only: tuple[str, ...] = (), days: int = 30
) -> TokenIssued:
    issued: TokenIssued = node.run(IssueToken("billing", organisation, role, days, node.entropy(32), only))
    return issued


def with_token(node: AccessNode, issued: TokenIssued) -> httpx.AsyncClient:
    text = Bearer(TOKEN_PREFIX, issued.token_id, issued.secret).text()
    return node.client(Authorization=f"Bearer {text}")


async def test_a_token_acts_with_what_its_role_gives(node: AccessNode) -> None:
    client = with_token(node, issue(node))
    assert (await client.get(REQUESTS)).status_code == 200
    assert (await with_token(node, issue(node, "finance")).get(CUSTOMERS)).status_code == 403


async def test_a_narrowed_token_has_no_more_than_was_named(node: AccessNode) -> None:
    client = with_token(node, issue(node, only=("customer:read",)))
    assert (await client.get(CUSTOMERS)).status_code == 200
    assert (await client.get(REQUESTS)).json()["code"] == "NOT_PERMITTED"


async def test_a_token_has_no_account_of_its_own(node: AccessNode) -> None:
    client = with_token(node, issue(node, "administrator"))
    for name, body in (("ownPassword", {"old": "x", "new": "y"}), ("beginSecondFactor", {"password": "x"})):
        refused = await client.post(f"{SIGN_IN_ADDRESS}/{name}", json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "OPERATORS_ALONE")


async def test_a_revoked_token_is_good_no_longer_from_the_next_call_on(node: AccessNode) -> None:
    issued = issue(node)
    client = with_token(node, issued)
    assert (await client.get(REQUESTS)).status_code == 200
    node.run(RevokeToken(issued.token_id, "leaked"))
    assert (await client.get(REQUESTS)).status_code == 401
    with pytest.raises(Refusal) as refused:
        node.run(RevokeToken(issued.token_id, "again"))
    assert refused.value.code == "TOKEN_REVOKED_ALREADY"


async def test_a_token_expires(node: AccessNode) -> None:
    client = with_token(node, issue(node, days=2))
    node.clock.at_us += 2 * DAY_US - 1
    assert (await client.get(REQUESTS)).status_code == 200
    node.clock.at_us += 1
    assert (await client.get(REQUESTS)).status_code == 401


async def test_a_token_gives_nothing_where_its_organisation_is_no_more(node: AccessNode) -> None:
    node.run(CreateOrganisation("31-it", "department", "IT", "31"))
    client = with_token(node, issue(node, organisation="31-it"))
    assert (await client.get(REQUESTS)).status_code == 200
    node.run(DeactivateOrganisation("31-it", "outsourced"))
    assert (await client.get(REQUESTS)).json()["code"] == "NOT_PERMITTED"


@pytest.mark.parametrize("change", ["secret", "id", "prefix", "scheme", "short", "session"])
async def test_what_is_no_token_lets_nobody_in(node: AccessNode, change: str) -> None:
    issued = issue(node)
    good = Bearer(TOKEN_PREFIX, issued.token_id, issued.secret).text()
    shown = {
        "secret": "Bearer " + Bearer(TOKEN_PREFIX, issued.token_id, SECRET).text(),
        "id": "Bearer " + Bearer(TOKEN_PREFIX, bytes(16), issued.secret).text(),
        "prefix": "Bearer " + good.replace("qwt_", "qws_"),
        "scheme": "Basic " + good,
        "short": "Bearer " + good[:-1],
        "session": "Bearer",
    }[change]
    refused = await node.client(Authorization=shown).get(REQUESTS)
    assert (refused.status_code, refused.json()["code"]) == (401, "NOT_SIGNED_IN")


async def test_nobody_issues_a_token_that_reaches_further_than_they_do(node: AccessNode) -> None:
    node.plant_organisations()
    rights = Rights({Permission("api-token", "issue"): Scope.BELOW})
    chief = Actor(ActorKind.OPERATOR, "chief", CITY, rights=rights)
    codes = []
    for organisation, role in ((OTHER, "dealer"), (HALL, "back-office"), (HALL, "nothing"), ("nowhere", "dealer")):
        with pytest.raises(Refusal) as refused:
            node.run(IssueToken("x", organisation, role, 1, SECRET), chief)
        codes.append(refused.value.code)
    assert codes == ["OUTSIDE_SCOPE", "ROLE_REACHES_FURTHER", "ROLE_NOT_FOUND", "ORGANISATION_NOT_FOUND"]
    assert node.run(IssueToken("x", HALL, "dealer", 1, SECRET), chief).client == "x"


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (IssueToken("No Name", "31", "dealer", 1, SECRET), "OPERATOR_UNFIT"),
        (IssueToken("x", "31", "dealer", 0, SECRET), "TOKEN_UNFIT"),
        (IssueToken("x", "31", "dealer", 731, SECRET), "TOKEN_UNFIT"),
        (IssueToken("x", "31", "dealer", 1, SECRET, ("customer:read",)), "TOKEN_UNFIT"),
        (RevokeToken(bytes(16), "x"), "TOKEN_NOT_FOUND"),
    ],
)
def test_what_makes_no_token_is_refused(node: AccessNode, wish: object, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        node.run(wish)
    assert refused.value.code == code


async def test_tokens_are_listed_with_their_last_use_and_nothing_that_proves_them(node: AccessNode) -> None:
    issued = issue(node)
    await with_token(node, issued).get(REQUESTS)
    await look_after(node.node)
    (token,) = node.node.reads.now(list_tokens)["items"]
    assert (token["client"], token["issued_by"], token["used_at_us"]) == ("billing", OWNER.name, node.clock.at_us)
    assert "secret_hash" not in token
    stored = str(node.node.reads.now(lambda connection: connection.execute(sa.select(api_tokens)).all()))
    assert repr(issued.secret)[2:-1] not in stored
    assert repr(issued.secret)[2:-1] not in str(node.log())
    assert node.log(resource="api-token")[-1]["record"] == "billing"


def test_what_is_written_is_read_again() -> None:
    bearer = Bearer(TOKEN_PREFIX, bytes(range(16)), SECRET)
    assert read_bearer(bearer.text()) == bearer
    assert SECRET.hex() not in repr(bearer)
    for text in ("", "qwt_", "qwt_" + "!" * 64, bearer.text() + "A", "xyz_" + bearer.text()[4:]):
        assert read_bearer(text) is None
