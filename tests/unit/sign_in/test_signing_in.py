"""Signing in over HTTP: who gets a session, who does not, and what either leaves behind."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from common.operators.commands import LockOperator, UnlockOperator
from common.sign_in.callers import COOKIE, CSRF_HEADER
from common.sign_in.model import SESSIONS_OF_ONE_MAX
from common.sign_in.repository import credentials, sessions
from tests.support.access import PASSWORD, SIGN_IN_ADDRESS, AccessNode, sign_in

OWN = f"{SIGN_IN_ADDRESS}/ownAccount"
MINUTE_US = 60_000_000


async def test_a_one_time_password_lets_in_only_to_choose_another(node: AccessNode) -> None:
    one_time = await node.add("li.na", "administrator")
    client = node.client()
    answer = await sign_in(client, "li.na", one_time)
    assert (answer.status_code, answer.json()["mustChangePassword"]) == (200, True)
    assert (await client.get("/api/serviceRequest/v1/serviceRequest")).json()["code"] == "PASSWORD_CHANGE_NEEDED"
    assert (await client.get(OWN)).json()["permission"] == []
    changed = await client.post(f"{SIGN_IN_ADDRESS}/ownPassword", json={"old": one_time, "new": PASSWORD})
    assert (changed.status_code, changed.json()["mustChangePassword"]) == (200, False)
    assert {"permission": "operator:create", "scope": "NETWORK"} in (await client.get(OWN)).json()["permission"]
    assert (await sign_in(node.client(), "li.na", one_time)).json()["code"] == "SIGN_IN_REFUSED"
    assert (await sign_in(node.client(), "li.na", PASSWORD)).status_code == 200


async def test_a_one_time_password_expires(node: AccessNode) -> None:
    one_time = await node.add("li.na", "administrator")
    node.clock.at_us += node.settings.sign_in.one_time_password_hours * 60 * MINUTE_US
    assert (await sign_in(node.client(), "li.na", one_time)).json()["code"] == "ONE_TIME_PASSWORD_EXPIRED"


async def test_the_cookie_is_for_the_nodes_own_pages_alone(node: AccessNode) -> None:
    one_time = await node.add("li.na", "administrator")
    cookie = (await sign_in(node.client(), "li.na", one_time)).headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=qws_")
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        "httponly",
        "path=/",
        "samesite=strict",
        "secure",
    }


@pytest.mark.parametrize("who", ["nobody", "li.na", "locked"])
async def test_every_wrong_sign_in_is_answered_alike(node: AccessNode, who: str) -> None:
    await node.add("li.na", "administrator")
    one_time = await node.add("locked", "administrator")
    node.run(LockOperator("locked", "left"))
    password = one_time if who == "locked" else "wrong"
    answer = await sign_in(node.client(), who, password)
    del answer.headers["x-call"]
    assert (answer.status_code, answer.json()["code"]) == (401, "SIGN_IN_REFUSED")
    assert "set-cookie" not in answer.headers
    reference = await sign_in(node.client(), "li.na", "also wrong")
    del reference.headers["x-call"]
    assert (answer.content, answer.headers) == (reference.content, reference.headers)


async def test_unknown_names_are_compared_with_a_hash_of_the_same_cost(
    node: AccessNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    await node.add("li.na", "administrator")
    passwords, compared = node.node.sign_in.passwords, []
    check = passwords.check

    def counted(password: str, stored: str, sealed_factor: bytes = b"") -> object:
        compared.append((stored or passwords._nobodys_hash()).split("$")[1:4])
        return check(password, stored, sealed_factor)

    monkeypatch.setattr(passwords, "check", counted)
    await sign_in(node.client(), "li.na", "wrong")
    await sign_in(node.client(), "nobody", "wrong")
    assert compared == [["argon2id", "v=19", "m=32,t=1,p=1"]] * 2


async def test_sign_ins_and_refusals_stand_in_the_audit_log_but_no_unknown_name(node: AccessNode) -> None:
    one_time = await node.add("li.na", "administrator")
    await sign_in(node.client(), "my-secret-password", "oops")
    await sign_in(node.client(), "li.na", "wrong")
    await sign_in(node.client(), "li.na", one_time)
    entries = node.log(action="sign-in")
    assert [(entry["actor"], entry["outcome"], entry["address"]) for entry in entries] == [
        ("", "SIGN_IN_REFUSED", "10.0.0.7"),
        ("li.na", "SIGN_IN_REFUSED", "10.0.0.7"),
        ("li.na", "DONE", "10.0.0.7"),
    ]
    assert entries[-1]["session"]
    assert "my-secret-password" not in str(node.log())


async def test_failures_make_an_account_wait_twice_as_long_each_time_whether_it_exists_or_not(node: AccessNode) -> None:
    one_time = await node.add("li.na", "administrator")
    for who in ("li.na", "nobody"):
        waits = []
        for _ in range(8):
            answer = await sign_in(node.client(f"10.1.0.{len(waits)}"), who, "wrong")
            while answer.status_code == 429:
                waits.append(int(answer.headers["retry-after"]))
                node.clock.at_us += waits[-1] * 1_000_000
                answer = await sign_in(node.client(f"10.1.0.{len(waits)}"), who, "wrong")
            assert answer.status_code == 401
        assert waits == [1, 2, 4]
    refused = await sign_in(node.client(), "li.na", one_time)
    assert refused.json()["code"] == "TOO_MANY_FAILURES"
    node.clock.at_us += 900 * 1_000_000
    assert (await sign_in(node.client(), "li.na", one_time)).status_code == 200
    assert (await sign_in(node.client(), "li.na", "wrong")).status_code == 401
    assert (await sign_in(node.client(), "li.na", one_time)).status_code == 200


async def test_an_address_that_tries_many_names_waits_as_well(node: AccessNode) -> None:
    one_time = await node.add("li.na", "administrator")
    for number in range(node.settings.sign_in.address_failures_free):
        assert (await sign_in(node.client(), f"name-{number}", "wrong")).status_code == 401
    assert (await sign_in(node.client(), "li.na", one_time)).status_code == 429
    assert (await sign_in(node.client("10.9.9.9"), "li.na", one_time)).status_code == 200


async def test_a_session_ends_when_it_is_not_used_and_after_its_time_in_any_case(node: AccessNode) -> None:
    client = await node.signed_in("li.na", "administrator")
    rules = node.settings.sign_in
    for _ in range(rules.session_hours * 60 // (rules.session_idle_minutes - 1)):
        node.clock.at_us += (rules.session_idle_minutes - 1) * MINUTE_US
        assert (await client.get(OWN)).status_code == 200
    node.clock.at_us += (rules.session_idle_minutes - 1) * MINUTE_US
    assert (await client.get(OWN)).status_code == 401
    await sign_in(client, "li.na", PASSWORD)
    node.clock.at_us += rules.session_idle_minutes * MINUTE_US
    assert (await client.get(OWN)).status_code == 401


async def test_signing_out_ends_the_session_on_the_node_too(node: AccessNode) -> None:
    client = await node.signed_in("li.na", "administrator")
    kept = dict(client.cookies)
    assert (await client.post(f"{SIGN_IN_ADDRESS}/signOut")).status_code == 204
    assert (await node.client(Cookie=f"{COOKIE}={kept[COOKIE]}").get(OWN)).status_code == 401
    assert node.log(action="sign-out")[-1]["outcome"] == "DONE"


async def test_locking_an_operator_ends_their_sessions_for_good(node: AccessNode) -> None:
    client = await node.signed_in("li.na", "administrator")
    node.run(LockOperator("li.na", "lost badge"))
    assert (await client.get(OWN)).status_code == 401
    node.run(UnlockOperator("li.na", "found"))
    assert (await client.get(OWN)).status_code == 401


async def test_another_password_ends_all_other_sessions_and_renews_this_one(node: AccessNode) -> None:
    client = await node.signed_in("li.na", "administrator")
    other = node.client()
    await sign_in(other, "li.na", PASSWORD)
    before = client.cookies[COOKIE]
    wish = {"old": PASSWORD, "new": "another One, much longer"}
    assert (await client.post(f"{SIGN_IN_ADDRESS}/ownPassword", json=wish)).status_code == 200
    assert client.cookies[COOKIE] != before
    assert (await client.get(OWN)).status_code == 200
    assert (await other.get(OWN)).status_code == 401
    assert (await node.client(Cookie=f"{COOKIE}={before}").get(OWN)).status_code == 401


async def test_a_wrong_old_password_is_refused_counted_and_noted(node: AccessNode) -> None:
    client = await node.signed_in("li.na", "administrator")
    wish = {"old": "guessed", "new": "another One, much longer"}
    for _ in range(node.settings.sign_in.account_failures_free):
        refused = await client.post(f"{SIGN_IN_ADDRESS}/ownPassword", json=wish)
        assert refused.json()["code"] == "SIGN_IN_REFUSED"
    assert (await client.post(f"{SIGN_IN_ADDRESS}/ownPassword", json=wish)).status_code == 429
    assert node.log(action="change-password")[-1]["outcome"] == "SIGN_IN_REFUSED"


async def test_a_session_given_before_signing_in_is_never_taken_up(node: AccessNode) -> None:
    one_time = await node.add("li.na", "administrator")
    planted = "qws_" + "A" * 64
    client = node.client(Cookie=f"{COOKIE}={planted}")
    answer = await sign_in(client, "li.na", one_time)
    assert planted not in answer.headers["set-cookie"]
    assert (await node.client(Cookie=f"{COOKIE}={planted}").get(OWN)).status_code == 401


async def test_a_change_needs_the_token_of_the_page_and_its_own_origin(node: AccessNode) -> None:
    client = await node.signed_in("li.na", "administrator")
    address, token = f"{SIGN_IN_ADDRESS}/signOut", client.headers[CSRF_HEADER]
    for headers in (
        {CSRF_HEADER: ""},
        {CSRF_HEADER: "0" * len(token)},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        refused = await client.post(address, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "CSRF_TOKEN_UNFIT")
    other = await node.signed_in("wang", "administrator")
    refused = await client.post(address, headers={CSRF_HEADER: other.headers[CSRF_HEADER]})
    assert refused.status_code == 403
    assert (await client.post(address, headers={"Origin": "https://node"})).status_code == 204


async def test_a_session_is_one_organisation_in_which_the_operator_has_a_post(node: AccessNode) -> None:
    node.plant_organisations()
    await node.signed_in("li.na", "counter-clerk", "hall-1")
    refused = await sign_in(node.client(), "li.na", PASSWORD, organisationId="310200")
    assert refused.json()["code"] == "NOT_ACTING_THERE"
    client = node.client()
    await sign_in(client, "li.na", PASSWORD, organisationId="hall-1")
    assert (await client.get(OWN)).json()["organisationId"] == "hall-1"


async def test_own_sessions_are_listed_and_ended_and_nobody_elses(node: AccessNode) -> None:
    client = await node.signed_in("li.na", "administrator")
    other = await node.signed_in("wang", "administrator")
    second = node.client("10.0.0.8")
    await sign_in(second, "li.na", PASSWORD)
    listed = (await client.get(f"{SIGN_IN_ADDRESS}/ownSession")).json()["session"]
    assert sorted(item["address"] for item in listed) == ["10.0.0.7", "10.0.0.8"]
    theirs = (await other.get(OWN)).json()["sessionId"]
    refused = await client.post(f"{SIGN_IN_ADDRESS}/endOwnSession", json={"id": theirs})
    assert (refused.status_code, refused.json()["code"]) == (404, "SESSION_NOT_FOUND")
    there = (await second.get(OWN)).json()["sessionId"]
    assert (await client.post(f"{SIGN_IN_ADDRESS}/endOwnSession", json={"id": there})).status_code == 204
    assert (await second.get(OWN)).status_code == 401


async def test_an_operator_has_so_many_sessions_and_no_more(node: AccessNode) -> None:
    client = await node.signed_in("li.na", "administrator")
    for _ in range(SESSIONS_OF_ONE_MAX):
        node.clock.at_us += 1
        assert (await sign_in(node.client(), "li.na", PASSWORD)).status_code == 200
    assert (await client.get(OWN)).status_code == 401
    count = sa.select(sa.func.count()).select_from(sessions)
    assert node.node.reads.now(lambda connection: connection.execute(count).scalar()) == SESSIONS_OF_ONE_MAX


async def test_nothing_that_proves_anybody_is_stored_in_clear(node: AccessNode) -> None:
    client = await node.signed_in("li.na", "administrator")
    secret = client.cookies[COOKIE]
    stored = node.node.reads.now(
        lambda connection: str([connection.execute(sa.select(table)).all() for table in (credentials, sessions)])
    )
    assert PASSWORD not in stored
    assert secret not in stored
    assert "$argon2id$" in stored
