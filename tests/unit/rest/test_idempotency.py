"""The same key means the same request: the first answer again, for its caller, for a while."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from common.messaging.dispatcher import CommandWork
from common.rest.commands import Answer, AnswerCommand, ForgetAnswers, Once
from common.rest.repository import rest_answers
from tests.support.rest import ADDRESS, RestNode, WriteNote

KEY = {"Idempotency-Key": "k-1"}


async def count(node: RestNode) -> int:
    return int((await node.client().get(ADDRESS)).headers["x-total-count"])


async def test_the_first_answer_is_given_again_byte_for_byte(node: RestNode) -> None:
    client = node.client()
    first = await client.post(ADDRESS, json={"title": "one", "weight": 1}, headers=KEY)
    await client.patch(first.json()["href"], json={"title": "changed"}, headers={"If-Match": "*"})
    again = await client.post(
        ADDRESS, content=b'{"weight": 1,  "title": "one"}', headers={**KEY, "Content-Type": "application/json"}
    )
    assert (again.status_code, again.content) == (201, first.content)
    for name in ("location", "etag", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert await count(node) == 1


async def test_another_body_under_the_key_is_refused(node: RestNode) -> None:
    client = node.client()
    await client.post(ADDRESS, json={"title": "one"}, headers=KEY)
    other = await client.post(ADDRESS, json={"title": "two"}, headers=KEY)
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_TAKEN")
    assert await count(node) == 1


async def test_keys_of_different_callers_have_nothing_to_do_with_each_other(node: RestNode) -> None:
    for name in ("ann", "bob"):
        response = await node.client(name).post(ADDRESS, json={"title": name}, headers=KEY)
        assert response.json()["relatedParty"][0]["id"] == name
    assert await count(node) == 2


async def test_a_refused_request_leaves_its_key_free(node: RestNode) -> None:
    node.take_away("clerk")
    assert (await node.client().post(ADDRESS, json={"title": "one"}, headers=KEY)).status_code == 403
    node.give_back("clerk")
    assert (await node.client().post(ADDRESS, json={"title": "two"}, headers=KEY)).status_code == 201


async def test_who_has_lost_the_permission_is_not_told_the_answer_again(node: RestNode) -> None:
    assert (await node.client().post(ADDRESS, json={"title": "one"}, headers=KEY)).status_code == 201
    node.take_away("clerk")
    assert (await node.client().post(ADDRESS, json={"title": "one"}, headers=KEY)).status_code == 403


@pytest.mark.parametrize("key", ["", "a" * 256, b"a b".decode() + "\t", "é"])
async def test_a_key_that_is_none_is_refused(node: RestNode, key: str) -> None:
    headers = [(b"idempotency-key", key.encode())]
    response = await node.client().post(ADDRESS, json={"title": "one"}, headers=headers)
    assert (response.status_code, response.json()["code"]) == (400, "IDEMPOTENCY_KEY_UNFIT")


async def test_many_at_once_under_one_key_make_one(node: RestNode) -> None:
    answers = await asyncio.gather(*(node.client().post(ADDRESS, json={"title": "one"}, headers=KEY) for _ in range(8)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert await count(node) == 1


def test_in_one_group_the_second_finds_what_the_first_has_kept(node: RestNode) -> None:
    once = Once("operator:clerk", "k", b"d" * 32, 1_000_000)
    command = AnswerCommand(
        WriteNote("one", "red", None, False, (), "clerk"), lambda note, _uow: Answer(201, {}, bytes(note)), once=once
    )
    answers: list[Answer] = []
    work = [CommandWork(command, lambda result, error: answers.append(result)) for _ in range(2)]
    node.core.dispatcher.run_group(work, ())
    assert [answer.repeated for answer in answers] == [False, True]
    assert answers[0].body == answers[1].body


async def test_after_its_time_a_key_is_free_again_and_its_answer_forgotten(node: RestNode) -> None:
    client = node.client()
    await client.post(ADDRESS, json={"title": "one"}, headers=KEY)
    await client.post(ADDRESS, json={"title": "other"}, headers={"Idempotency-Key": "k-2"})
    assert await node.node.writer.execute(ForgetAnswers(10)) == 0
    node.federation.clock.at_us += node.settings.api.idempotency_hours * 3_600_000_000
    assert (await client.post(ADDRESS, json={"title": "two"}, headers=KEY)).status_code == 201
    assert await node.node.writer.execute(ForgetAnswers(10)) == 1
    kept = node.core.connection.execute(sa.select(rest_answers.c.idempotency_key)).scalars().all()
    node.core.connection.commit()
    assert kept == ["k-1"]
