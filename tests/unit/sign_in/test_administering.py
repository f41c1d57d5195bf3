"""What administrators do about others' sign-ins: how far they reach, and what it leaves."""

from __future__ import annotations

import pytest

from common.access_control.actor import Actor, ActorKind
from common.access_control.rights import Permission, Rights, Scope
from common.errors import Refusal
from common.ids import parse_id
from common.sign_in.commands import EndSession, NoteSessionUses
from common.sign_in.queries import list_sessions
from common.sign_in.upkeep import look_after
from tests.support.access import CITY, HALL, PASSWORD, SIGN_IN_ADDRESS, AccessNode, sign_in

OWN = f"{SIGN_IN_ADDRESS}/ownAccount"
RESET, END = Permission("operator", "reset-password"), Permission("session", "end")


def chief(scope: Scope, organisation: str = CITY, name: str = "chief") -> Actor:
    return Actor(ActorKind.OPERATOR, name, organisation, rights=Rights({RESET: scope, END: scope}))


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        (Scope.ORGANISATION, "OUTSIDE_SCOPE"),
        # A counter clerk reads customers of the whole province: whoever becomes one would, too.
        (Scope.BELOW, "ROLE_REACHES_FURTHER"),
        (Scope.PROVINCE, ""),
    ],
)
async def test_nobody_takes_over_who_reaches_further_than_they_do(node: AccessNode, scope: Scope, code: str) -> None:
    node.plant_organisations()
    client = await node.signed_in("li.na", "counter-clerk", HALL)
    session = parse_id((await client.get(OWN)).json()["sessionId"])
    found = []
    for wish in (
        lambda: node.node.sign_in.set_one_time_password(chief(scope), "li.na"),
        lambda: node.node.writer.execute(EndSession(session, "test"), actor=chief(scope)),
    ):
        try:
            await wish()
        except Refusal as refusal:
            found.append(refusal.code)
    if code:
        assert found == [code, code]
        assert (await client.get(OWN)).status_code == 200
    else:
        # The new password has ended the session already.
        assert found == ["SESSION_NOT_FOUND"]
        assert (await client.get(OWN)).status_code == 401


async def test_nobody_resets_their_own_password(node: AccessNode) -> None:
    await node.signed_in("li.na", "administrator")
    with pytest.raises(Refusal) as refused:
        await node.node.sign_in.set_one_time_password(chief(Scope.NETWORK, "31", "li.na"), "li.na")
    assert refused.value.code == "OWN_RIGHTS_FIXED"


async def test_a_session_is_ended_with_a_reason(node: AccessNode) -> None:
    client = await node.signed_in("li.na", "administrator")
    session = (await client.get(OWN)).json()["sessionId"]
    node.run(EndSession(parse_id(session), "laptop stolen"))
    assert (await client.get(OWN)).status_code == 401
    entry = node.log(resource="session", action="end")[-1]
    assert (entry["record"], entry["reason"], entry["actor_kind"]) == (session, "laptop stolen", "local")


async def test_uses_are_noted_and_what_is_over_is_forgotten(node: AccessNode) -> None:
    client = await node.signed_in("li.na", "administrator")
    await sign_in(node.client(), "nobody", "wrong")
    node.clock.at_us += 60_000_000
    await client.get(OWN)
    await look_after(node.node)
    (session,) = node.node.reads.now(list_sessions)["items"]
    assert session["used_at_us"] == node.clock.at_us
    node.run_alone(NoteSessionUses(((parse_id(session["session_id"]), 5),)))
    assert node.node.reads.now(list_sessions)["items"][0]["used_at_us"] == node.clock.at_us
    node.clock.at_us += 25 * 3_600_000_000
    await look_after(node.node)
    assert node.node.reads.now(list_sessions)["items"] == []
    assert node.failures() == 0


async def test_no_password_and_no_hash_is_in_the_audit_log(node: AccessNode) -> None:
    one_time = await node.add("li.na", "administrator")
    await sign_in(node.client(), "li.na", one_time)
    text = str(node.log())
    assert one_time not in text
    assert PASSWORD not in text
    assert "argon2" not in text
    assert node.log(action="reset-password")[-1]["record"] == "li.na"
