"""Commands that wait for approval come back as they were, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from common.approvals.commands import NameSubstitute
from common.approvals.model import COMMAND_BYTES_MAX, CommandTooLarge, CommandUnreadable
from common.approvals.stored_commands import opened, read, sealed, written
from common.core import KIT_NEEDS
from common.operators.commands import ChangeOperator, ChangeRole, CreateOperator, GivePost, Post
from common.parameters.commands import SetParameter, WithdrawParameter
from hq_node.core import NEEDS as HQ_NEEDS
from hq_node.directory.commands import RevokeNode
from hq_node.publications.commands import PublishParameter, WithdrawPublished
from province_node.core import NEEDS as PROVINCE_NEEDS
from province_node.customers.commands import EraseCustomer
from tests.support.federation import SHANGHAI, Federation
from tests.support.stores import Databases

POST = Post("31", "administrator")
COMMANDS: tuple[Any, ...] = (
    CreateOperator("li.na", "李娜", "31", (POST, Post("hall-1", "dealer"))),
    ChangeOperator("li.na", None, "31", (POST,)),
    ChangeOperator("li.na"),
    GivePost("li.na", POST),
    ChangeRole("looker", "Looker", {"audit:read": "NETWORK"}, {"customer": {"name": "HIDDEN"}}),
    SetParameter("approvals.valid_hours", 5, "shorter"),
    SetParameter("approvals.machine_owner_asks", True, "stricter", 7),
    SetParameter("approvals.valid_hours", None, "as it was"),
    WithdrawParameter("approvals.valid_hours", 3, "no"),
    RevokeNode("44", "burnt down", "wang"),
    EraseCustomer("31-0000000001", "asked for it", 0),
    NameSubstitute("li.na", "wang", 0, 10, "leave"),
    PublishParameter("approvals.grant_rights", False, "none for anybody", fixed=True),
    PublishParameter("approvals.valid_hours", 5, "shorter", 1, 24),
    WithdrawPublished("approvals.valid_hours", 3, "no"),
)


NAMES = [f"{type(command).__name__}-{place}" for place, command in enumerate(COMMANDS)]


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_a_command_comes_back_as_it_was(command: Any) -> None:
    kind = type(command).__name__
    assert read(kind, written(command), {kind: type(command)}) == command


def test_every_command_that_may_need_approval_can_be_kept() -> None:
    declared = {**KIT_NEEDS, **HQ_NEEDS, **PROVINCE_NEEDS}
    needing = {kind for kind, needs in declared.items() if getattr(needs, "approval", None) is not None}
    assert needing == {type(command) for command in COMMANDS}
    assert len({kind.__name__ for kind in needing}) == len(needing)


@dataclass(frozen=True, slots=True)
class OfTheNextRelease:
    node: str
    reason: str
    by: str
    at_once: bool = True


@pytest.mark.parametrize(
    ("kind", "kinds", "content"),
    [
        ("RevokeNode", {}, written(COMMANDS[9])),
        ("RevokeNode", {"RevokeNode": OfTheNextRelease}, written(COMMANDS[9])),
        ("RevokeNode", {"RevokeNode": RevokeNode}, written(OfTheNextRelease("44", "x", "y"))),
        ("RevokeNode", {"RevokeNode": RevokeNode}, b'{"by":"y","node":44,"reason":"x"}'),
        ("RevokeNode", {"RevokeNode": RevokeNode}, b"{"),
    ],
    ids=["gone", "has a field more", "has a field less", "of another type", "no JSON"],
)
def test_a_command_that_the_program_knows_otherwise_is_not_carried_out(
    kind: str, kinds: dict[str, type], content: bytes
) -> None:
    with pytest.raises(CommandUnreadable, match="RevokeNode"):
        read(kind, content, kinds)


def test_what_is_too_large_is_not_kept() -> None:
    with pytest.raises(CommandTooLarge):
        written(RevokeNode("44", "x" * COMMAND_BYTES_MAX, "y"))


def test_what_is_personal_is_read_by_this_node_for_this_request_alone(databases: Databases) -> None:
    federation = Federation(databases)
    try:
        node, other = (federation.cores[name].context for name in (SHANGHAI, "44"))
        content, one, two = written(COMMANDS[0]), bytes(16), bytes(15) + b"\1"
        kept = sealed(content, one, node)
        assert "李娜".encode() not in kept
        assert opened(kept, one, node, "CreateOperator") == content
        for approval_id, reader in ((two, node), (one, other)):
            with pytest.raises(CommandUnreadable):
                opened(kept, approval_id, reader, "CreateOperator")
    finally:
        federation.close()
