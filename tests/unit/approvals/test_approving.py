"""What needs a second person waits for one, is carried out as whoever asked, and at most once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from common.access_control.actor import Actor, ActorKind
from common.access_control.rights import NotPermitted, OutsideScope
from common.alarms.repository import alarms
from common.api_tokens.commands import IssueToken, RevokeToken
from common.approvals.approval_states import CARRIED_OUT, EXPIRED, FAILED, PENDING, REFUSED, WITHDRAWN
from common.approvals.commands import Approve, BreakGlass, ExpireApprovals, Refuse, Withdraw
from common.approvals.handlers import DONE_UNAPPROVED, Decided
from common.approvals.model import (
    PENDING_OF_ONE_MAX,
    ApprovalAwaited,
    ApprovalEnded,
    ApprovalNotFound,
    ApprovalReasonMissing,
    ApprovalsTooMany,
    NotAnotherPerson,
    NotYourRequest,
    OwnersAlone,
    OwnRequest,
)
from common.approvals.repository import ApprovalRow, approvals
from common.errors import QuanwangError
from common.ids import format_id, parse_id
from common.messaging.dispatcher import CommandWork
from common.operators.commands import (
    ChangeOperator,
    ChangeRole,
    CreateOperator,
    CreateRole,
    GivePost,
    LockOperator,
    Post,
    TakePost,
)
from common.operators.model import OperatorNotFound
from common.operators.queries import show_operator, show_role
from common.parameters.commands import SetParameter
from common.sign_in.commands import SetOneTimePassword
from province_node.customers.commands import CustomerRecord, EraseCustomer, ImportCustomers, ShowCustomer
from province_node.customers.model import CustomerErased, CustomerNotFound
from tests.support.access import CITY, HALL, OWNER, AccessNode
from tests.support.federation import SHANGHAI

HOUR_US = 3_600_000_000
ADMINISTRATOR = Post(SHANGHAI, "administrator")
GIVE = GivePost("clerk", ADMINISTRATOR)


def ask(node: AccessNode, command: Any = GIVE, actor: Actor | None = None) -> bytes:
    with pytest.raises(ApprovalAwaited) as awaited:
        node.run(command, actor or node.acting("an"))
    return parse_id(awaited.value.facts["approval"])


def stored(node: AccessNode, approval_id: bytes) -> ApprovalRow:
    statement = sa.select(approvals).where(approvals.c.approval_id == approval_id)
    return ApprovalRow(*node.node.reads.now(lambda connection: connection.execute(statement).one()))


def posts_of(node: AccessNode, operator: str) -> list[str]:
    return [post["role"] for post in node.node.reads.now(show_operator, operator)["posts"]]


def details(entry: dict[str, Any]) -> Any:
    return json.loads(entry["details"])


def test_what_needs_a_second_person_is_stored_and_not_done(node: AccessNode) -> None:
    asked = replace(node.acting("an"), why="she takes over", address="10.0.0.7")
    approval_id = ask(node, CreateOperator("wang", "王伟", SHANGHAI, (ADMINISTRATOR,)), asked)
    with pytest.raises(OperatorNotFound):
        node.node.reads.now(show_operator, "wang")
    row = stored(node, approval_id)
    assert (row.state, row.action, row.asker, row.organisation_id) == (PENDING, "grant-rights", "an", SHANGHAI)
    assert (row.record, row.reason, row.address) == ("wang", "she takes over", "10.0.0.7")
    assert row.expires_at_us == node.clock.at_us + 72 * HOUR_US
    # Names of people are masked in what is shown, and encrypted in what is kept.
    assert json.loads(row.change)["after"]["name"] == "王**"
    assert "王伟".encode() not in row.command
    assert b"\\u738b\\u4f1f" not in row.command
    entry = node.log(resource="operator", action="create")[-1]
    assert (entry["outcome"], entry["actor"], entry["record"]) == ("APPROVAL_AWAITED", "an", "wang")
    assert entry["reason"] == "she takes over"
    assert details(entry)["approval"] == format_id(approval_id)
    assert details(entry)["after"]["posts"] == ["administrator @ 31"]


def test_it_is_carried_out_as_the_asker_when_somebody_else_approves(node: AccessNode) -> None:
    approval_id = ask(node)
    decided = node.run(Approve(approval_id, "agreed by telephone"), node.acting("bo"))
    assert decided == Decided(approval_id, CARRIED_OUT)
    assert posts_of(node, "clerk") == ["administrator", "counter-clerk"]
    row = stored(node, approval_id)
    assert (row.state, row.decider, row.decided_for, row.decision_reason) == (
        CARRIED_OUT,
        "bo",
        "",
        "agreed by telephone",
    )
    assert row.command == b""
    change, approval = node.log()[-2:]
    assert (change["actor"], change["resource"], change["action"], change["record"]) == (
        "an",
        "operator",
        "change",
        "clerk",
    )
    assert change["outcome"] == approval["outcome"] == "DONE"
    assert details(change)["approved_by"] == "bo"
    assert details(change)["approval"] == format_id(approval_id) == approval["record"]
    assert details(change)["before"]["posts"] == ["counter-clerk @ hall-1"]
    assert (approval["actor"], approval["resource"], approval["action"]) == ("bo", "approval", "approve")
    assert details(approval)["after"]["asker"] == "an"


@pytest.mark.parametrize(
    "command",
    [
        GivePost("clerk", Post(SHANGHAI, "auditor")),
        ChangeOperator("clerk", posts=(Post(SHANGHAI, "administrator"),)),
        CreateOperator("new", "New", SHANGHAI, (Post(CITY, "administrator"),)),
        ChangeRole("helper", "Helper", {"approval:grant-rights": "OWN"}),
        ChangeRole("helper", "Helper", {"operator:lock": "NETWORK"}),
        SetParameter("approvals.grant_rights", False, "less trouble"),
        SetParameter("approvals.valid_hours", 720, "less trouble"),
    ],
    ids=repr,
)
def test_weighty_rights_and_the_rules_of_approval_itself_need_a_second_person(node: AccessNode, command: Any) -> None:
    if isinstance(command, ChangeRole) and "helper" not in node.node.access.now().own_roles:
        node.run(CreateRole("helper", "Helper", {"operator:lock": "OWN", "organisation:read": "OWN"}))
    if "auditor" in repr(command):
        node.run(TakePost("clerk", Post(HALL, "counter-clerk")))
    ask(node, command)


@pytest.mark.parametrize(
    "command",
    [
        GivePost("clerk", Post(HALL, "dealer")),
        ChangeOperator("clerk", "Another name"),
        ChangeOperator("bo", "Another name", posts=(ADMINISTRATOR,)),
        CreateOperator("new", "New", HALL, (Post(HALL, "counter-clerk"),)),
        ChangeRole("helper", "Helper", {"operator:lock": "OWN", "organisation:read": "NETWORK"}),
        SetParameter("customers.reveals_an_hour_max", 61, "more"),
        TakePost("bo", ADMINISTRATOR),
    ],
    ids=repr,
)
def test_everything_else_is_done_at_once(node: AccessNode, command: Any) -> None:
    if "helper" not in node.node.access.now().own_roles:
        node.run(CreateRole("helper", "Helper", {"operator:lock": "OWN", "organisation:read": "OWN"}))
    node.run(command, node.acting("an"))


def test_what_the_rules_refuse_is_refused_at_once_and_not_asked(node: AccessNode) -> None:
    before = len(node.log())
    with pytest.raises(OperatorNotFound):
        node.run(GivePost("nobody", ADMINISTRATOR), node.acting("an"))
    with pytest.raises(NotPermitted):
        node.run(GIVE, node.acting("clerk"))
    with pytest.raises(CustomerNotFound):
        node.run(EraseCustomer("31-0000000009", "asked for it", 0), node.acting("an"))
    assert [entry["outcome"] for entry in node.log()[before:]] == [
        "OPERATOR_NOT_FOUND",
        "NOT_PERMITTED",
        "CUSTOMER_NOT_FOUND",
    ]
    count = sa.select(sa.func.count()).select_from(approvals)
    assert node.node.reads.now(lambda connection: connection.execute(count).scalar_one()) == 0


def test_the_same_asked_again_waits_once_and_nobody_fills_the_list(node: AccessNode) -> None:
    first = ask(node)
    assert ask(node) == first
    assert ask(node, actor=node.acting("bo")) != first
    for number in range(PENDING_OF_ONE_MAX - 1):
        ask(node, CreateOperator(f"new-{number}", "New", SHANGHAI, (ADMINISTRATOR,)))
    with pytest.raises(ApprovalsTooMany):
        node.run(CreateOperator("one-more", "New", SHANGHAI, (ADMINISTRATOR,)), node.acting("an"))
    assert ask(node) == first


def test_nobody_agrees_with_themselves(node: AccessNode) -> None:
    approval_id = ask(node)
    for decision in (Approve(approval_id), Refuse(approval_id, "no")):
        with pytest.raises(OwnRequest):
            node.run(decision, node.acting("an"))
    assert stored(node, approval_id).state == PENDING


def test_who_may_not_approve_it_does_not(node: AccessNode) -> None:
    if "local-admin" not in node.node.access.now().own_roles:
        node.run(CreateRole("local-admin", "Local", {"approval:grant-rights": "BELOW", "approval:read": "BELOW"}))
    node.run(CreateOperator("eng", "Eng", CITY, (Post(CITY, "local-admin"),)))
    approval_id = ask(node)
    with pytest.raises(NotPermitted, match="approval:grant-rights"):
        node.run(Approve(approval_id), node.acting("clerk"))
    with pytest.raises(OutsideScope):
        node.run(Approve(approval_id), node.acting("eng"))
    with pytest.raises(NotPermitted):
        node.run(Approve(approval_id), Actor(ActorKind.CLIENT, "billing"))
    with pytest.raises(ApprovalNotFound):
        node.run(Approve(bytes(16)), node.acting("bo"))
    assert stored(node, approval_id).state == PENDING


def test_who_had_a_password_from_the_asker_is_not_yet_another_person(node: AccessNode) -> None:
    """Else whoever asks signs in as them, and agrees."""
    node.run(SetOneTimePassword("bo", "$argon2id$x"), node.acting("an"))
    node.clock.at_us += 71 * HOUR_US
    approval_id = ask(node)
    with pytest.raises(NotAnotherPerson, match="one-time password"):
        node.run(Approve(approval_id), node.acting("bo"))
    node.clock.at_us += HOUR_US
    assert node.run(Approve(approval_id), node.acting("bo")).state == CARRIED_OUT


def test_a_refusal_needs_a_reason_and_ends_it(node: AccessNode) -> None:
    approval_id = ask(node)
    with pytest.raises(ApprovalReasonMissing):
        node.run(Refuse(approval_id, " "), node.acting("bo"))
    node.run(Refuse(approval_id, "not her"), node.acting("bo"))
    row = stored(node, approval_id)
    assert (row.state, row.decider, row.decision_reason, row.command) == (REFUSED, "bo", "not her", b"")
    for decision in (Approve(approval_id), Refuse(approval_id, "no"), Withdraw(approval_id)):
        with pytest.raises(ApprovalEnded, match="refused"):
            node.run(decision, node.acting("chen"))
    assert posts_of(node, "clerk") == ["counter-clerk"]
    assert node.log(resource="approval", action="refuse", outcome="DONE")[-1]["reason"] == "not her"


def test_only_the_asker_withdraws(node: AccessNode) -> None:
    approval_id = ask(node)
    with pytest.raises(NotYourRequest):
        node.run(Withdraw(approval_id), node.acting("bo"))
    node.run(Withdraw(approval_id, "by mistake"), node.acting("an"))
    assert stored(node, approval_id).state == WITHDRAWN
    assert ask(node) != approval_id


def test_after_its_time_nobody_approves_it_and_the_timer_ends_it(node: AccessNode) -> None:
    approval_id = ask(node)
    node.clock.at_us += 72 * HOUR_US
    with pytest.raises(ApprovalEnded, match="expired"):
        node.run(Approve(approval_id), node.acting("bo"))
    later = ask(node)
    assert later != approval_id
    assert node.run_alone(ExpireApprovals(10)) == 1
    assert (stored(node, approval_id).state, stored(node, approval_id).command) == (EXPIRED, b"")
    assert stored(node, later).state == PENDING
    assert node.run_alone(ExpireApprovals(10)) == 0


def test_of_two_approvers_at_once_one_comes_too_late(node: AccessNode) -> None:
    approval_id = ask(node)
    told: list[tuple[Any, Any]] = []
    works = [
        CommandWork(Approve(approval_id), lambda result, error: told.append((result, error)), actor=node.acting(name))
        for name in ("bo", "chen")
    ]
    node.core.dispatcher.run_group(works, [])
    assert told[0] == (Decided(approval_id, CARRIED_OUT), None)
    assert isinstance(told[1][1], ApprovalEnded)
    assert stored(node, approval_id).decider == "bo"
    assert len(node.log(resource="operator", action="change", outcome="DONE")) == 1


def fails(node: AccessNode, approval_id: bytes) -> str:
    """Why what is approved now is not carried out; it has not been, and never will be."""
    decided = node.run(Approve(approval_id), node.acting("bo"))
    assert decided.state == FAILED
    assert posts_of(node, "clerk").count("administrator") == 0
    row = stored(node, approval_id)
    assert (row.state, row.failure, row.command, row.decider) == (FAILED, decided.failure, b"", "bo")
    with pytest.raises(ApprovalEnded, match="failed"):
        node.run(Approve(approval_id), node.acting("chen"))
    return str(decided.failure)


def test_who_may_no_longer_gets_nothing_by_an_approval(node: AccessNode) -> None:
    approval_id = ask(node)
    node.run(TakePost("an", ADMINISTRATOR))
    assert fails(node, approval_id) == "NOT_PERMITTED"
    entry = node.log(resource="operator", action="change", record="clerk")[-1]
    assert (entry["actor"], entry["outcome"], details(entry)["approved_by"]) == ("an", "NOT_PERMITTED", "bo")


def test_who_was_locked_gets_nothing_by_an_approval(node: AccessNode) -> None:
    approval_id = ask(node)
    node.run(LockOperator("an", "left"))
    assert fails(node, approval_id) == "NOT_PERMITTED"


def test_who_may_approve_no_longer_does_not(node: AccessNode) -> None:
    approval_id, as_known = ask(node), node.acting("bo")
    node.run(TakePost("bo", ADMINISTRATOR))
    with pytest.raises(NotPermitted):
        node.run(Approve(approval_id), as_known)


def test_what_was_changed_in_between_must_be_seen_anew(node: AccessNode) -> None:
    approval_id = ask(node, ChangeOperator("clerk", posts=(Post(SHANGHAI, "administrator"),)))
    node.run(GivePost("clerk", Post(HALL, "dealer")))
    assert fails(node, approval_id) == "CHANGED_SINCE_ASKED"
    assert posts_of(node, "clerk") == ["counter-clerk", "dealer"]


def test_what_the_program_does_not_know_any_more_is_not_done(node: AccessNode) -> None:
    approval_id = ask(node)
    connection = node.core.connection
    connection.execute(sa.update(approvals).values(command_kind="GivePostTwice"))
    connection.commit()
    assert fails(node, approval_id) == "COMMAND_UNREADABLE"
    # There is no entry of a command that nobody knows; there is one of who agreed to it.
    (entry,) = node.log(resource="approval", action="approve", outcome="DONE")
    assert details(entry)["after"]["failure"] == "COMMAND_UNREADABLE"


def test_a_system_asks_too_but_whoever_issued_its_token_does_not_agree(node: AccessNode) -> None:
    issued = node.run(IssueToken("hr", SHANGHAI, "administrator", 1, node.entropy(32)), node.acting("bo"))
    rights = node.node.access.now().rights_given("administrator", SHANGHAI)
    system = Actor(ActorKind.CLIENT, "hr", SHANGHAI, session=format_id(issued.token_id), rights=rights)
    approval_id = ask(node, GIVE, system)
    with pytest.raises(NotAnotherPerson, match="token"):
        node.run(Approve(approval_id), node.acting("bo"))
    node.run(RevokeToken(issued.token_id, "lost"))
    assert node.run(Approve(approval_id), node.acting("chen")).failure == "NOT_PERMITTED"


def test_the_owner_of_the_directory_agrees_with_others_and_acts_alone_unless_told_otherwise(node: AccessNode) -> None:
    approval_id = ask(node)
    assert node.run(Approve(approval_id)).state == CARRIED_OUT
    assert node.log(resource="approval", action="approve")[-1]["actor_kind"] == "local"
    node.run(TakePost("clerk", ADMINISTRATOR))
    node.run(GIVE)
    assert "administrator" in posts_of(node, "clerk")


def test_the_owner_asks_where_it_is_so_set_and_breaks_the_glass_with_an_alarm(node: AccessNode) -> None:
    node.run(SetParameter("approvals.machine_owner_asks", True, "two persons at the machine"))
    try:
        owner = OWNER
        approval_id = ask(node, GIVE, owner)
        with pytest.raises(OwnRequest):
            node.run(Approve(approval_id))
        with pytest.raises(OwnersAlone):
            node.run(BreakGlass(approval_id, "at night"), node.acting("bo"))
        with pytest.raises(ApprovalReasonMissing):
            node.run(BreakGlass(approval_id, ""))
        assert node.run(BreakGlass(approval_id, "at night, nobody there")).state == CARRIED_OUT
        assert "administrator" in posts_of(node, "clerk")
        statement = sa.select(alarms.c.detail).where(alarms.c.kind == DONE_UNAPPROVED)
        told = node.node.reads.now(lambda connection: list(connection.execute(statement).scalars()))
        assert told == ["root: grant-rights clerk: at night, nobody there"]
        other = ask(node, SetParameter("approvals.machine_owner_asks", False, "as it was"), owner)
        assert node.run(Approve(other), node.acting("bo")).state == CARRIED_OUT
        node.run(TakePost("clerk", ADMINISTRATOR))
        node.run(GIVE)
    finally:
        node.run_alone(SetParameter("approvals.machine_owner_asks", None, "as it was"))


def test_what_is_switched_off_needs_nobody_but_switching_it_does(node: AccessNode) -> None:
    node.run(SetParameter("approvals.grant_rights", False, "one administrator alone"))
    try:
        node.run(GIVE, node.acting("an"))
        assert "administrator" in posts_of(node, "clerk")
        approval_id = ask(node, SetParameter("approvals.grant_rights", True, "two again"))
        assert node.run(Approve(approval_id), node.acting("bo")).state == CARRIED_OUT
        ask(node, GivePost("clerk", Post(HALL, "administrator")))
    finally:
        node.run_alone(SetParameter("approvals.grant_rights", None, "as it was"))


def test_a_fault_leaves_the_request_as_it_was(node: AccessNode, monkeypatch: pytest.MonkeyPatch) -> None:
    approval_id = ask(node)

    def broken(*_: Any) -> None:
        raise RuntimeError("the disk says no")

    monkeypatch.setattr("common.operators.handlers.OperatorBook.save", broken)
    with pytest.raises(QuanwangError, match="inside the node"):
        node.run(Approve(approval_id), node.acting("bo"))
    monkeypatch.undo()
    assert stored(node, approval_id).state == PENDING
    assert node.run(Approve(approval_id), node.acting("bo")).state == CARRIED_OUT


def test_a_customer_is_erased_when_two_agree_and_what_was_left_needs_nobody(node: AccessNode) -> None:
    number = "31-0000000077"
    node.run(ImportCustomers((CustomerRecord(1, number, "individual", name="王伟"),)))
    wish = EraseCustomer(number, "asked for it", 0)
    approval_id = ask(node, wish)
    assert stored(node, approval_id).action == "erase-customer"
    node.run(ShowCustomer(number))
    assert node.run(Approve(approval_id), node.acting("bo")).state == CARRIED_OUT
    with pytest.raises(CustomerErased):
        node.run(ShowCustomer(number))
    assert node.log(resource="customer", action="erase", outcome="DONE")[-1]["actor"] == "an"
    node.run(wish, node.acting("an"))


def test_a_role_is_made_weightier_only_as_it_was_asked(node: AccessNode) -> None:
    if "helper" not in node.node.access.now().own_roles:
        node.run(CreateRole("helper", "Helper", {"organisation:read": "OWN"}))
    node.run(ChangeRole("helper", "Helper", {"organisation:read": "OWN"}))
    approval_id = ask(node, ChangeRole("helper", "Helper", {"organisation:read": "OWN", "role:create": "NETWORK"}))
    assert node.node.reads.now(show_role, "helper")["permissions"] == {"organisation:read": "OWN"}
    node.run(Approve(approval_id), node.acting("bo"))
    assert "role:create" in node.node.reads.now(show_role, "helper")["permissions"]
    node.run(ChangeRole("helper", "Helper", {"organisation:read": "OWN", "operator:lock": "OWN"}))
