"""Approvals, substitutes and separated duties from the command line, on a real core."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from common.approvals.model import ApprovalAwaited
from common.approvals.routes import approval_routes
from common.operators.commands import CreateOperator, GivePost, Post
from common.operators.repository import posts
from common.operators.routes import operator_admin_routes
from common.parameters.commands import SetParameter
from common.web import build_app
from tests.support.access import HALL, AccessNode
from tests.support.fake_admin import CommandLine
from tests.support.federation import SHANGHAI
from tests.support.stores import SQLITE, Databases

GIVE = ("operators", "posts", "add", "clerk", "administrator", "--in", SHANGHAI)


class Place:
    """A command line, and the node behind it."""

    def __init__(self, line: CommandLine, node: AccessNode) -> None:
        self.line = line
        self.node = node

    def asked(self) -> str:
        """The id of what an administrator asks for: the same for the clerk."""
        with pytest.raises(ApprovalAwaited) as awaited:
            self.node.run(GivePost("clerk", Post(SHANGHAI, "administrator")), self.node.acting("an"))
        return str(awaited.value.awaited)

    def json(self, *arguments: str) -> Any:
        done = self.line(*arguments, "--json")
        assert done.code == 0, done.err
        return json.loads(done.out)


@pytest.fixture
def place(tmp_path: Path, province: CommandLine) -> Iterator[Place]:
    databases = Databases(SQLITE, tmp_path)
    node = AccessNode(databases, tmp_path / "room")
    node.plant_organisations()
    node.run(CreateOperator("an", "An", SHANGHAI, (Post(SHANGHAI, "administrator"),)))
    node.run(CreateOperator("clerk", "李娜", HALL, (Post(HALL, "counter-clerk"),)))
    province.node.app = build_app([operator_admin_routes(node.node), approval_routes(node.node)], 1 << 20)
    yield Place(province, node)
    node.close()
    databases.close()


def test_what_operators_ask_is_listed_shown_and_approved(place: Place) -> None:
    approval = place.asked()
    assert approval in place.line("approvals", "list", "--state", "pending").out
    shown = place.line("approvals", "show", approval).out
    for part in ("grant-rights", "administrator @ 31", "counter-clerk @ hall-1", "pending"):
        assert part in shown
    done = place.line("approvals", "approve", approval, "--reason", "agreed", "--lang", "zh")
    assert (done.code, "已按 an 的请求执行" in done.out) == (0, True)
    assert "administrator@31" in place.line("operators", "show", "clerk").out
    assert place.json("approvals", "show", approval)["decision_reason"] == "agreed"
    late = place.line("approvals", "refuse", approval, "--reason", "no")
    assert (late.code, "APPROVAL_ENDED" in late.err) == (1, True)
    assert place.line("approvals", "show", "x").code == 1


def test_what_is_agreed_to_and_fails_says_why(place: Place) -> None:
    approval = place.asked()
    place.line("operators", "posts", "add", "clerk", "dealer", "--in", HALL)
    done = place.line("approvals", "approve", approval)
    assert (done.code, "CHANGED_SINCE_ASKED" in done.out) == (1, True)


def test_a_request_is_refused_and_the_list_goes_on(place: Place) -> None:
    approval = place.asked()
    assert place.line("approvals", "refuse", approval).code == 2
    assert "is refused" in place.line("approvals", "refuse", approval, "--reason", "not her").out
    place.node.clock.at_us += 1_000_000
    second = place.asked()
    page = place.line("approvals", "list", "--limit", "1")
    assert second in page.out
    assert f"--before {second}" in page.err
    assert approval in place.line("approvals", "list", "--before", second, "--asker", "an").out
    assert "No requests" in place.line("approvals", "list", "--state", "expired").out


def test_the_owner_who_asks_too_is_told_so_and_takes_it_back_or_breaks_the_glass(place: Place) -> None:
    place.node.run(SetParameter("approvals.machine_owner_asks", True, "two persons at the machine"))
    asked = place.line(*GIVE)
    assert asked.code == 8
    assert "APPROVAL_AWAITED" in asked.err
    assert asked.out == ""
    in_json = json.loads(place.line(*GIVE, "--json").err)
    assert (in_json["code"], in_json["exit_code"]) == ("APPROVAL_AWAITED", 8)
    assert "等待审批" in place.line(*GIVE, "--lang", "zh").err
    (waiting,) = place.json("approvals", "list")["items"]
    own = place.line("approvals", "approve", waiting["approval_id"])
    assert (own.code, "OWN_REQUEST" in own.err) == (1, True)
    assert "is withdrawn" in place.line("approvals", "withdraw", waiting["approval_id"]).out
    assert place.line(*GIVE).code == 8
    (waiting,) = place.json("approvals", "list", "--state", "pending")["items"]
    assert place.line("approvals", "break-glass", waiting["approval_id"]).code == 2
    done = place.line("approvals", "break-glass", waiting["approval_id"], "--reason", "at night")
    assert "is carried out" in done.out
    assert "administrator@31" in place.line("operators", "show", "clerk").out


def test_a_substitute_is_named_listed_and_ended(place: Place) -> None:
    name = ("operators", "substitutes", "name", "an", "clerk", "--reason", "leave")
    named = place.line(*name, "--until", "2027-03-01")
    assert "clerk stands in for an until" in named.out
    place.json(*name, "--from", "2027-02-01T08:00", "--until", "2027-03-01")
    listed = place.json("operators", "substitutes", "list", "--operator", "an")["items"]
    assert [item["state"] for item in listed] == ["waits", "in-force"]
    ended = place.line("operators", "substitutes", "end", listed[0]["substitution_id"], "--lang", "zh")
    assert "不再代理" in ended.out
    assert place.line("operators", "substitutes", "end", listed[0]["substitution_id"]).code == 1
    assert len(place.json("operators", "substitutes", "list")["items"]) == 1
    assert "past" in place.line("operators", "substitutes", "list", "--all").out
    assert "Nobody" in place.line("operators", "substitutes", "list", "--operator", "clerk").out
    assert place.line(*name, "--until", "soon").code == 2


def test_duties_that_must_be_apart_are_listed(place: Place) -> None:
    assert "Nobody has duties" in place.line("access", "conflicts").out
    connection = place.node.core.connection
    connection.execute(sa.insert(posts).values(operator="an", organisation_id=SHANGHAI, role="auditor"))
    connection.commit()
    place.node.node.access.changed()
    connection.execute(sa.text("UPDATE access_version SET version = version + 1"))
    connection.commit()
    found = place.line("access", "conflicts")
    assert found.code == 1
    assert "administering who may do what, and reading the audit log" in found.out
    refused = place.line("operators", "posts", "add", "clerk", "auditor", "--in", SHANGHAI)
    assert (refused.code, "DUTIES_CONFLICT" in refused.err) == (1, True)
