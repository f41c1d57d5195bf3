"""What administrators change about signing in while the node runs; the settings give the defaults."""

from __future__ import annotations

import pytest

from common.errors import Refusal
from common.parameters.commands import SetParameter
from common.parameters.queries import list_parameters
from common.sign_in.parameters import PARAMETERS, SESSION_IDLE_MINUTES, defaults_of
from common.sign_in.settings import BOUNDS, SignInSettings
from common.validation import Unfit
from tests.support.access import PASSWORD, SIGN_IN_ADDRESS, AccessNode, sign_in

MINUTE_US = 60_000_000
WHY = "policy of 2027"


def change(node: AccessNode, name: str, value: int | None) -> None:
    node.run(SetParameter(f"sign_in.{name}", value, WHY))


@pytest.fixture
def ruled(node: AccessNode) -> AccessNode:
    """Whatever a test before has set counts no longer."""
    for name in BOUNDS:
        change(node, name, None)
    return node


async def test_an_open_session_ends_by_the_new_limit(ruled: AccessNode) -> None:
    client = await ruled.signed_in("li.na", "dealer")
    ruled.clock.at_us += 20 * MINUTE_US
    assert (await client.get(f"{SIGN_IN_ADDRESS}/ownAccount")).status_code == 200
    change(ruled, "session_idle_minutes", 5)
    ruled.clock.at_us += 6 * MINUTE_US
    assert (await client.get(f"{SIGN_IN_ADDRESS}/ownAccount")).status_code == 401
    change(ruled, "session_idle_minutes", 120)
    change(ruled, "session_hours", 1)
    client = await ruled.signed_in("wang", "dealer")
    ruled.clock.at_us += 61 * MINUTE_US
    assert (await client.get(f"{SIGN_IN_ADDRESS}/ownAccount")).status_code == 401


async def test_failures_are_counted_by_the_new_limit(ruled: AccessNode) -> None:
    await ruled.signed_in("li.na", "dealer")
    change(ruled, "account_failures_free", 2)
    change(ruled, "wait_seconds_max", 3)
    answers = [await sign_in(ruled.client(), "li.na", "wrong") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    for _ in range(4):
        ruled.clock.at_us += 3_000_000
        assert (await sign_in(ruled.client(), "li.na", "wrong")).status_code == 401
    ruled.clock.at_us += 3_000_000
    assert (await sign_in(ruled.client(), "li.na", PASSWORD)).status_code == 200


async def test_a_new_password_keeps_the_new_policy_and_a_former_one_stays_good(ruled: AccessNode) -> None:
    client = await ruled.signed_in("li.na", "dealer")
    change(ruled, "password_characters_min", 24)
    refused = await client.post(f"{SIGN_IN_ADDRESS}/ownPassword", json={"old": PASSWORD, "new": "Zq7!battery-staple"})
    assert refused.json()["code"] == "PASSWORD_UNFIT"
    assert "24" in refused.json()["message"]
    assert (await sign_in(ruled.client(), "li.na", PASSWORD)).status_code == 200


async def test_a_one_time_password_lasts_as_long_as_the_parameter_says(ruled: AccessNode) -> None:
    change(ruled, "one_time_password_hours", 1)
    password = await ruled.add("li.na", "dealer")
    ruled.clock.at_us += 61 * MINUTE_US
    answer = await sign_in(ruled.client(), "li.na", password)
    assert answer.json()["code"] == "ONE_TIME_PASSWORD_EXPIRED"


def test_the_settings_give_the_defaults(ruled: AccessNode) -> None:
    def idle() -> tuple[int, int]:
        book, now_us = ruled.node.context.parameters, ruled.clock.now_us()
        listed = {item["name"]: item for item in list_parameters(book, now_us)["items"]}
        return book.value(SESSION_IDLE_MINUTES, now_us), listed[SESSION_IDLE_MINUTES.name]["default"]

    ruled.core.take_defaults(defaults_of(SignInSettings(session_idle_minutes=7)))
    try:
        assert idle() == (7, 7)
        change(ruled, "session_idle_minutes", 9)
        assert idle() == (9, 7)
        change(ruled, "session_idle_minutes", None)
        assert idle() == (7, 7)
    finally:
        ruled.core.take_defaults(defaults_of(SignInSettings()))


@pytest.mark.parametrize("name", BOUNDS)
def test_neither_settings_nor_parameters_go_beyond_the_bounds(ruled: AccessNode, name: str) -> None:
    assert {parameter.name for parameter in PARAMETERS} == {f"sign_in.{each}" for each in BOUNDS}
    for value in (BOUNDS[name][0] - 1, BOUNDS[name][1] + 1):
        with pytest.raises(Unfit, match=name):
            SignInSettings(**{name: value})
        with pytest.raises(Refusal):
            change(ruled, name, value)
    for value in BOUNDS[name]:
        SignInSettings(**{name: value})
        change(ruled, name, value)
