"""The second factor: enrolled, confirmed, needed; codes that count once; recovery; and what ends it."""

from __future__ import annotations

import base64

import httpx
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from common.sign_in.model import RECOVERY_CODES
from common.sign_in.repository import credentials
from common.sign_in.second_factor import step_of
from tests.support.access import OWNER, PASSWORD, SIGN_IN_ADDRESS, AccessNode, sign_in

STEP_US = 30_000_000


def code_of(secret: str, now_us: int) -> str:
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    return TOTP(key, 6, SHA1(), 30).generate(now_us // 1_000_000).decode()  # noqa: S303 - as authenticators do.


async def enrolled(node: AccessNode) -> tuple[httpx.AsyncClient, str, list[str]]:
    """Somebody with a second factor: their browser, its secret, the recovery codes."""
    client = await node.signed_in("li.na", "administrator")
    begun = await client.post(f"{SIGN_IN_ADDRESS}/beginSecondFactor", json={"password": PASSWORD})
    assert begun.status_code == 200, begun.text
    secret = begun.json()["secret"]
    assert f"secret={secret}" in begun.json()["uri"]
    confirm = {"password": PASSWORD, "code": code_of(secret, node.clock.at_us)}
    confirmed = await client.post(f"{SIGN_IN_ADDRESS}/confirmSecondFactor", json=confirm)
    assert confirmed.status_code == 200, confirmed.text
    node.clock.at_us += STEP_US
    return client, secret, confirmed.json()["recoveryCode"]


async def test_a_confirmed_second_factor_is_needed_and_each_code_counts_once(node: AccessNode) -> None:
    _, secret, _ = await enrolled(node)
    assert (await sign_in(node.client(), "li.na", PASSWORD)).json()["code"] == "SECOND_FACTOR_NEEDED"
    code = code_of(secret, node.clock.at_us)
    assert (await sign_in(node.client(), "li.na", PASSWORD, code=code)).status_code == 200
    assert (await sign_in(node.client(), "li.na", PASSWORD, code=code)).json()["code"] == "SECOND_FACTOR_REFUSED"
    node.clock.at_us += STEP_US
    code = code_of(secret, node.clock.at_us)
    assert (await sign_in(node.client(), "li.na", PASSWORD, code=code)).status_code == 200


async def test_a_factor_that_was_never_confirmed_locks_nobody_out(node: AccessNode) -> None:
    client = await node.signed_in("li.na", "administrator")
    await client.post(f"{SIGN_IN_ADDRESS}/beginSecondFactor", json={"password": PASSWORD})
    confirm = {"password": PASSWORD, "code": "000000"}
    refused = await client.post(f"{SIGN_IN_ADDRESS}/confirmSecondFactor", json=confirm)
    assert refused.json()["code"] == "SECOND_FACTOR_REFUSED"
    assert (await sign_in(node.client(), "li.na", PASSWORD)).status_code == 200


async def test_a_right_code_with_a_wrong_password_is_no_sign_in(node: AccessNode) -> None:
    _, secret, _ = await enrolled(node)
    code = code_of(secret, node.clock.at_us)
    assert (await sign_in(node.client(), "li.na", "wrong", code=code)).json()["code"] == "SIGN_IN_REFUSED"
    assert (await sign_in(node.client(), "li.na", PASSWORD, code=code)).status_code == 200


async def test_guessing_codes_makes_the_account_wait(node: AccessNode) -> None:
    await enrolled(node)
    for _ in range(node.settings.sign_in.account_failures_free):
        assert (await sign_in(node.client(), "li.na", PASSWORD, code="000000")).status_code == 401
    assert (await sign_in(node.client(), "li.na", PASSWORD, code="000000")).status_code == 429


async def test_each_recovery_code_is_good_for_one_sign_in(node: AccessNode) -> None:
    _, _, codes = await enrolled(node)
    assert len(set(codes)) == RECOVERY_CODES
    assert (await sign_in(node.client(), "li.na", PASSWORD, code=codes[3].lower())).status_code == 200
    assert (await sign_in(node.client(), "li.na", PASSWORD, code=codes[3])).json()["code"] == "SECOND_FACTOR_REFUSED"
    assert (await sign_in(node.client(), "li.na", PASSWORD, code=codes[4])).status_code == 200


async def test_the_second_factor_outlives_another_password(node: AccessNode) -> None:
    client, secret, _ = await enrolled(node)
    wish = {"old": PASSWORD, "new": "another One, much longer"}
    assert (await client.post(f"{SIGN_IN_ADDRESS}/ownPassword", json=wish)).status_code == 200
    assert (await sign_in(node.client(), "li.na", wish["new"])).json()["code"] == "SECOND_FACTOR_NEEDED"
    code = code_of(secret, node.clock.at_us)
    assert (await sign_in(node.client(), "li.na", wish["new"], code=code)).status_code == 200


async def test_it_ends_with_password_and_code_together_alone(node: AccessNode) -> None:
    client, secret, codes = await enrolled(node)
    address = f"{SIGN_IN_ADDRESS}/endSecondFactor"
    code = code_of(secret, node.clock.at_us)
    for given in ({"password": "wrong", "code": code}, {"password": PASSWORD, "code": "000000"}):
        assert (await client.post(address, json=given)).status_code == 401
    begin = await client.post(f"{SIGN_IN_ADDRESS}/beginSecondFactor", json={"password": PASSWORD})
    assert begin.json()["code"] == "SECOND_FACTOR_STATE_UNFIT"
    assert (await client.post(address, json={"password": PASSWORD, "code": code})).status_code == 204
    assert (await sign_in(node.client(), "li.na", PASSWORD)).status_code == 200
    again = await client.post(address, json={"password": PASSWORD, "code": codes[0]})
    assert again.json()["code"] == "SECOND_FACTOR_STATE_UNFIT"


async def test_a_one_time_password_from_an_administrator_ends_it(node: AccessNode) -> None:
    await enrolled(node)
    one_time, _ = await node.node.sign_in.set_one_time_password(OWNER, "li.na")
    assert (await sign_in(node.client(), "li.na", one_time)).status_code == 200


async def test_its_secret_cannot_be_read_from_the_database(node: AccessNode) -> None:
    _, secret, codes = await enrolled(node)
    row = node.node.reads.now(lambda connection: connection.execute(sa.select(credentials)).one())
    assert base64.b32decode(secret + "=" * (-len(secret) % 8)) not in row.factor
    assert codes[0].replace("-", "") not in row.recovery_hashes.upper()
    assert len(row.recovery_hashes.split()) == RECOVERY_CODES


@pytest.mark.parametrize(("away", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clocks_may_differ_by_one_step(away: int, counts: bool) -> None:
    # RFC 6238, appendix B, of which six digits are used.
    secret, at_us = b"12345678901234567890", 1_111_111_109_000_000
    assert (step_of(secret, "081804", at_us + away * STEP_US, 0) is not None) is counts
    assert step_of(secret, "081804", at_us, 1_111_111_109 // 30) is None
