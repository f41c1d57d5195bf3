"""Operators, roles, teams, tokens and sessions from the command line, on a real core."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.api_tokens.routes import token_routes
from common.operators.routes import operator_admin_routes
from common.sign_in.routes import sign_in_routes
from common.web import build_app
from tests.support.access import HALL, PASSWORD, SIGN_IN_ADDRESS, AccessNode, sign_in
from tests.support.fake_admin import CommandLine
from tests.support.stores import SQLITE, Databases


class Place:
    """A command line, and the node behind it."""

    def __init__(self, line: CommandLine, node: AccessNode) -> None:
        self.line = line
        self.node = node

    def json(self, *arguments: str) -> Any:
        done = self.line(*arguments, "--json")
        assert done.code == 0, done.err
        return json.loads(done.out)

    def signs_in(self, operator: str, password: str) -> bool:
        return asyncio.run(sign_in(self.node.client(), operator, password)).status_code == 200


@pytest.fixture
def place(tmp_path: Path, province: CommandLine) -> Iterator[Place]:
    databases = Databases(SQLITE, tmp_path)
    node = AccessNode(databases, tmp_path / "room")
    node.plant_organisations()
    routers = [operator_admin_routes(node.node), sign_in_routes(node.node), token_routes(node.node)]
    province.node.app = build_app(routers, 1 << 20)
    yield Place(province, node)
    node.close()
    databases.close()


def create(place: Place, operator: str = "li.na") -> str:
    made = place.json("operators", "create", operator, "--name", "李娜", "--in", HALL, "--post", "counter-clerk")
    return str(made["one_time_password"])


def test_an_operator_is_created_with_a_password_that_works_once(place: Place) -> None:
    said = place.line("operators", "create", "wang", "--name", "王伟", "--in", HALL, "--post", "dealer@310100")
    assert "One-time password: " in said.out
    assert "shown this once" in said.out
    password = create(place)
    assert place.signs_in("li.na", password)
    assert "counter-clerk@hall-1" in place.line("operators", "show", "li.na").out
    listed = place.line("operators", "list", "--below", "310100", "--lang", "zh").out
    assert "dealer@310100" in listed
    assert "李娜" in listed
    assert "--after li.na" in place.line("operators", "list", "--limit", "1").err


def test_an_operator_is_disabled_and_enabled_with_a_reason(place: Place) -> None:
    password = create(place)
    assert "is locked" in place.line("operators", "disable", "li.na", "--reason", "left").out
    assert not place.signs_in("li.na", password)
    assert "li.na" in place.line("operators", "list", "--state", "locked").out
    again = place.line("operators", "disable", "li.na")
    assert again.code == 1
    assert "locked already" in again.err
    assert "已解除锁定" in place.line("operators", "enable", "li.na", "--lang", "zh").out
    assert place.signs_in("li.na", password)
    assert place.node.log(action="lock")[0]["reason"] == "left"


def test_a_reset_password_takes_the_place_of_the_former_one(place: Place) -> None:
    former = create(place)
    password = place.json("operators", "reset-password", "li.na")["one_time_password"]
    assert not place.signs_in("li.na", former)
    assert place.signs_in("li.na", password)
    assert place.line("operators", "reset-password", "nobody").code == 1


def test_posts_are_given_and_taken(place: Place) -> None:
    create(place)
    added = place.line("operators", "posts", "add", "li.na", "back-office", "--in", "310100")
    assert "back-office@310100, counter-clerk@hall-1" in added.out
    twice = place.line("operators", "posts", "add", "li.na", "back-office", "--in", "310100")
    assert (twice.code, "already" in twice.err) == (1, True)
    removed = place.line("operators", "posts", "remove", "li.na", "counter-clerk", "--in", HALL)
    assert "Posts of li.na: back-office@310100" in removed.out
    gone = place.line("operators", "posts", "remove", "li.na", "counter-clerk", "--in", HALL, "--lang", "zh")
    assert (gone.code, "未在" in gone.err) == (1, True)
    assert place.line("operators", "posts", "add", "li.na", "nothing", "--in", HALL).code == 1
    assert place.line("operators", "create", "x", "--name", "x", "--in", HALL, "--post", "@310100").code == 2


def test_a_role_is_made_shown_and_changed(place: Place) -> None:
    permission = ("--permission", "service-request:read=ORGANISATION")
    made = place.line("roles", "create", "looker", "--name", "Looker", *permission, "--field", "customer.name=HIDDEN")
    assert "with 1 permissions" in made.out
    shown = place.line("roles", "show", "looker").out
    assert "organisation (ORGANISATION)" in shown
    assert "customer.name" in shown
    changed = ("--permission", "service-request:cancel=OWN", "--without", "service-request:read")
    place.json("roles", "change", "looker", *changed, "--without-field", "customer.name")
    found = place.json("roles", "show", "looker")
    assert (found["permissions"], found["fields"], found["zh"]) == ({"service-request:cancel": "OWN"}, {}, "Looker")
    listed = place.line("roles", "list", "--lang", "zh").out
    assert "营业员" in listed
    assert "内置" in listed
    assert "service-request:submit" in place.line("roles", "permissions").out.split()
    for wrong in (("--permission", "x"), ("--field", "x"), ("--without", "node:revoke"), ("--without-field", "a.b")):
        assert place.line("roles", "change", "looker", *wrong).code == 2, wrong
    assert place.line("roles", "change", "dealer", "--permission", "node:revoke=NETWORK").code == 1
    assert "No command or query" in place.line("roles", "change", "looker", "--permission", "a:b=OWN").err


def test_a_team_is_set_and_listed(place: Place) -> None:
    create(place)
    done = place.line("teams", "set", "counter", "--name", "Counter", "--in", HALL, "--member", "li.na")
    assert "counter is now: li.na" in done.out
    assert "Counter" in place.line("teams", "list").out
    assert place.json("operators", "show", "li.na")["teams"] == ["counter"]


def test_it_is_explained_what_somebody_may_do_and_why(place: Place) -> None:
    create(place)
    held = place.line("access", "explain", "li.na", "service-request:submit")
    assert held.code == 0
    assert "service-request:submit is permitted" in held.out
    assert "counter-clerk" in held.out
    assert "hall-1" in held.out
    lacking = place.line("access", "explain", "li.na", "api-token:issue", "--lang", "zh")
    assert lacking.code == 1
    assert "没有任何岗位" in lacking.out
    place.line("operators", "disable", "li.na")
    locked = place.line("access", "explain", "li.na", "service-request:submit")
    assert locked.code == 1
    assert "the operator is locked" in locked.out
    assert "masked (MASKED)" in place.line("access", "explain", "li.na").out
    assert place.line("access", "explain", "li.na", "no:thing").code == 1
    assert place.line("access", "explain", "nobody").code == 1


def test_a_token_is_issued_once_listed_and_revoked(place: Place) -> None:
    issued = place.json("tokens", "issue", "billing", "--role", "finance", "--in", "31", "--only", "subscription:read")
    products = "/tmf-api/productInventory/v4/product"
    client = place.node.client(Authorization=f"Bearer {issued['token']}")
    assert asyncio.run(client.get(products)).status_code == 200
    listed = place.line("tokens", "list", "--client", "billing")
    assert issued["token_id"] in listed.out
    assert "subscription:read" in listed.out
    assert issued["token"] not in listed.out
    revoked = place.line("tokens", "revoke", issued["token_id"], "--reason", "leaked")
    assert "is revoked" in revoked.out
    assert asyncio.run(client.get(products)).status_code == 401
    assert "revoked" in place.line("tokens", "list").out
    assert place.line("tokens", "revoke", "nonsense").code == 1
    said = place.line("tokens", "issue", "other", "--role", "finance", "--in", "31", "--lang", "zh")
    assert "qwt_" in said.out
    assert "仅显示这一次" in said.out


def test_sessions_are_listed_and_ended(place: Place) -> None:
    client = asyncio.run(place.node.signed_in("li.na", "counter-clerk", HALL))
    (found,) = place.json("sessions", "list", "--operator", "li.na")["items"]
    assert "10.0.0.7" in place.line("sessions", "list").out
    ended = place.line("sessions", "end", found["session_id"], "--reason", "stolen")
    assert "of li.na has ended" in ended.out
    assert asyncio.run(client.get(f"{SIGN_IN_ADDRESS}/ownAccount")).status_code == 401
    assert place.line("sessions", "end", found["session_id"]).code == 1
    assert "没有进行中的会话" in place.line("sessions", "list", "--lang", "zh").out
    assert place.signs_in("li.na", PASSWORD)
