"""Who stands in for somebody away: may approve what they could, while it lasts, and nothing of their own."""

from __future__ import annotations

from typing import Any

import pytest

from common.access_control.rights import NotPermitted
from common.approvals.approval_states import CARRIED_OUT, REFUSED
from common.approvals.commands import (
    Approve,
    EndOwnSubstitution,
    EndSubstitution,
    NameOwnSubstitute,
    NameSubstitute,
    Refuse,
)
from common.approvals.model import (
    SUBSTITUTES_OF_ONE_MAX,
    SUBSTITUTION_US_MAX,
    ApprovalAwaited,
    ApprovalReasonMissing,
    NotAnotherPerson,
    SubstitutionNotFound,
    SubstitutionUnfit,
)
from common.approvals.queries import list_substitutions
from common.errors import Refusal
from common.ids import parse_id
from common.operators.commands import GivePost, LockOperator, Post, TakePost
from common.operators.model import OperatorNotFound, OwnRightsFixed
from tests.support.access import HALL, AccessNode
from tests.support.federation import SHANGHAI

DAY_US = 86_400_000_000
ADMINISTRATOR = Post(SHANGHAI, "administrator")


def ask(node: AccessNode, asker: str = "an") -> bytes:
    with pytest.raises(ApprovalAwaited) as awaited:
        node.run(GivePost("clerk", ADMINISTRATOR), node.acting(asker))
    return parse_id(awaited.value.facts["approval"])


def name(node: AccessNode, operator: str, substitute: str, from_us: int = 0, days: int = 1) -> Any:
    until_us = max(from_us, node.clock.at_us) + days * DAY_US
    return node.run(NameOwnSubstitute(substitute, from_us, until_us, "leave"), node.acting(operator))


def refused(node: AccessNode, approval_id: bytes, who: str, why: type[Refusal]) -> None:
    with pytest.raises(why):
        node.run(Approve(approval_id), node.acting(who))


def test_a_substitute_decides_for_whom_is_away_and_it_is_noted_for_whom(node: AccessNode) -> None:
    name(node, "bo", "clerk")
    approval_id = ask(node)
    assert node.run(Refuse(approval_id, "not now"), node.acting("clerk")).state == REFUSED
    (entry,) = node.log(resource="approval", action="refuse")
    assert entry["actor"] == "clerk"
    assert '"decided_for": "bo"' in entry["details"]


def test_it_begins_and_ends(node: AccessNode) -> None:
    begins_us = node.clock.at_us + DAY_US
    row = name(node, "bo", "clerk", begins_us)
    approval_id = ask(node)
    refused(node, approval_id, "clerk", NotPermitted)
    node.clock.at_us = begins_us
    assert [item["state"] for item in node.node.reads.now(list_substitutions, begins_us)] == ["in-force"]
    node.clock.at_us = begins_us + DAY_US
    approval_id = ask(node)
    refused(node, approval_id, "clerk", NotPermitted)
    with pytest.raises(SubstitutionNotFound):
        node.run(EndOwnSubstitution(row.substitution_id), node.acting("bo"))
    assert node.node.reads.now(list_substitutions, node.clock.at_us) == []
    again = name(node, "bo", "clerk")
    node.run(EndOwnSubstitution(again.substitution_id), node.acting("bo"))
    refused(node, approval_id, "clerk", NotPermitted)


def test_it_gives_what_the_absent_could_now_and_no_more(node: AccessNode) -> None:
    name(node, "bo", "clerk")
    approval_id = ask(node)
    # Approving is all that is lent.
    with pytest.raises(NotPermitted):
        node.run(LockOperator("dong", "why not"), node.acting("clerk"))
    node.run(LockOperator("bo", "left"))
    refused(node, approval_id, "clerk", NotPermitted)
    name(node, "chen", "clerk")
    node.run(TakePost("chen", ADMINISTRATOR))
    refused(node, approval_id, "clerk", NotPermitted)


def test_a_substitute_does_not_lend_on(node: AccessNode) -> None:
    node.run(GivePost("clerk", Post(HALL, "dealer")))
    name(node, "bo", "clerk")
    name(node, "clerk", "dong")
    node.run(TakePost("dong", ADMINISTRATOR))
    refused(node, ask(node), "dong", NotPermitted)


def test_who_stands_in_for_the_asker_decides_nothing_of_theirs(node: AccessNode) -> None:
    """Neither as the asker, who could not, nor as themselves, or for a third."""
    name(node, "an", "clerk")
    approval_id = ask(node)
    refused(node, approval_id, "clerk", NotAnotherPerson)
    name(node, "bo", "clerk")
    refused(node, approval_id, "clerk", NotAnotherPerson)
    name(node, "an", "chen")
    refused(node, approval_id, "chen", NotAnotherPerson)
    # What others have asked, the same people decide.
    assert node.run(Approve(ask(node, "dong")), node.acting("clerk")).state == CARRIED_OUT


def test_a_substitute_does_not_agree_with_themselves(node: AccessNode) -> None:
    name(node, "bo", "an")
    with pytest.raises(Refusal) as why:
        node.run(Approve(ask(node)), node.acting("an"))
    assert why.value.code == "OWN_REQUEST"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"substitute": "bo"}, SubstitutionUnfit),
        ({"substitute": "nobody"}, OperatorNotFound),
        ({"reason": " "}, ApprovalReasonMissing),
        ({"until_us": 1}, SubstitutionUnfit),
        ({"until_us": 2**60}, SubstitutionUnfit),
    ],
    ids=repr,
)
def test_what_is_no_substitution_is_refused(node: AccessNode, changes: dict[str, Any], why: type[Refusal]) -> None:
    fit: dict[str, Any] = {
        "substitute": "clerk",
        "from_us": 0,
        "until_us": node.clock.at_us + DAY_US,
        "reason": "leave",
    }
    with pytest.raises(why):
        node.run(NameOwnSubstitute(**fit | changes), node.acting("bo"))
    node.run(LockOperator("clerk", "left"))
    with pytest.raises(SubstitutionUnfit):
        node.run(NameOwnSubstitute(**fit), node.acting("bo"))


def test_there_are_not_too_many_and_none_is_too_long(node: AccessNode) -> None:
    until_us = node.clock.at_us + SUBSTITUTION_US_MAX
    for _ in range(SUBSTITUTES_OF_ONE_MAX):
        node.run(NameOwnSubstitute("clerk", 0, until_us, "leave"), node.acting("bo"))
    with pytest.raises(SubstitutionUnfit):
        name(node, "bo", "clerk")
    name(node, "chen", "clerk")


def test_naming_for_others_is_for_who_may_and_needs_approval(node: AccessNode) -> None:
    wish = NameSubstitute("bo", "clerk", 0, node.clock.at_us + DAY_US, "ill")
    with pytest.raises(NotPermitted):
        node.run(wish, node.acting("clerk"))
    with pytest.raises(OwnRightsFixed):
        node.run(wish, node.acting("bo"))
    with pytest.raises(ApprovalAwaited) as awaited:
        node.run(wish, node.acting("an"))
    approval_id = parse_id(awaited.value.facts["approval"])
    refused(node, approval_id, "clerk", NotPermitted)
    assert node.run(Approve(approval_id), node.acting("chen")).state == CARRIED_OUT
    (row,) = node.node.reads.now(list_substitutions, node.clock.at_us)
    assert (row["operator"], row["substitute"], row["named_by"]) == ("bo", "clerk", "an")
    substitution_id = parse_id(row["substitution_id"])
    with pytest.raises(SubstitutionNotFound):
        node.run(EndOwnSubstitution(substitution_id), node.acting("an"))
    node.run(EndSubstitution(substitution_id, "well again"), node.acting("an"))
    assert node.node.reads.now(list_substitutions, node.clock.at_us) == []
