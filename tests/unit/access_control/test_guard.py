"""The guard: who may, who may not, and that either leaves its entry in the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from common.access_control.actor import SYSTEM, Actor, ActorKind, local_actor
from common.access_control.guard import Guard, PermissionNotDeclared
from common.access_control.needs import INTERNAL, Needs
from common.access_control.rights import (
    EVERYTHING,
    NOTHING,
    FieldRight,
    NotPermitted,
    Permission,
    Rights,
    Scope,
    joined,
)
from common.alarms.commands import EvaluateAlarms
from common.audit.queries import Break, Sought, search, verify_slice
from common.audit.repository import audit_log
from common.core import KIT_NEEDS
from common.db.engine import open_writer
from common.errors import Refusal
from common.ids import HQ
from common.live.commands import StoreBucket
from common.program.inline_writer import InlineWriter
from common.requests.commands import CancelServiceRequest
from hq_node.core import NEEDS as HQ_NEEDS
from hq_node.directory.handlers import handlers as hq_directory_handlers
from hq_node.hub.commands import EndLegsOfLostHome, PassTimeLimits
from province_node.core import NEEDS as PROVINCE_NEEDS
from province_node.directory.handlers import handlers as province_directory_handlers
from tests.support.federation import Federation
from tests.support.stores import Databases

END_LEGS = EndLegsOfLostHome("31", "burnt down", "li.na")
MAY_END_LEGS = Rights({Permission("node", "end-legs"): Scope.NETWORK})


def operator(rights: Rights) -> Actor:
    return Actor(ActorKind.OPERATOR, "li.na", "00", "console", "10.0.0.7", "s-1", rights)


@pytest.fixture
def federation(databases: Databases) -> Iterator[Federation]:
    made = Federation(databases)
    yield made
    made.close()


def run(federation: Federation, command: Any, actor: Actor) -> Any:
    return InlineWriter(federation.cores[HQ].dispatcher).run(command, actor)


def log(federation: Federation) -> list[dict[str, Any]]:
    entries = search(federation.cores[HQ].connection, Sought())["items"]
    federation.cores[HQ].connection.rollback()
    return list(reversed(entries))


def test_who_lacks_the_permission_is_refused_and_the_attempt_is_noted(federation: Federation) -> None:
    with pytest.raises(NotPermitted, match="node:end-legs"):
        run(federation, END_LEGS, operator(NOTHING))
    (entry,) = log(federation)
    assert (entry["actor"], entry["resource"], entry["action"]) == ("li.na", "node", "end-legs")
    assert (entry["record"], entry["outcome"], entry["reason"]) == ("31", "NOT_PERMITTED", "burnt down")
    assert (entry["address"], entry["session"], entry["organisation"]) == ("10.0.0.7", "s-1", "00")


def test_what_the_rules_refuse_is_noted_with_their_word(federation: Federation) -> None:
    with pytest.raises(Refusal) as refused:
        run(federation, END_LEGS, operator(MAY_END_LEGS))
    (entry,) = log(federation)
    assert entry["outcome"] == refused.value.code == "HOME_NOT_REVOKED"


def test_what_only_the_node_does_is_closed_to_everybody_else(federation: Federation) -> None:
    for actor in (local_actor("root"), operator(MAY_END_LEGS)):
        with pytest.raises(PermissionNotDeclared):
            run(federation, PassTimeLimits(), actor)
    run(federation, PassTimeLimits(), SYSTEM)
    assert [entry["outcome"] for entry in log(federation)] == ["PERMISSION_NOT_DECLARED"] * 2


def test_the_node_itself_leaves_no_entries(federation: Federation) -> None:
    federation.connect()
    federation.suspend()
    federation.run()
    assert log(federation) == []


def test_a_wish_that_no_feature_declared_is_nobodys() -> None:
    with pytest.raises(PermissionNotDeclared, match="CancelServiceRequest"):
        Guard({}).admit(CancelServiceRequest(bytes(16)), local_actor("root"))


def test_every_handler_says_what_it_needs(federation: Federation) -> None:
    absent: Any = None
    at_start: dict[str, set[type]] = {
        HQ: {*hq_directory_handlers(absent), EvaluateAlarms, StoreBucket},
        "31": {*province_directory_handlers(b"", absent), EvaluateAlarms, StoreBucket},
    }
    for node, needs in ((HQ, HQ_NEEDS), ("31", PROVINCE_NEEDS)):
        handled = {kind for kind in federation.cores[node].dispatcher.commands if not _of_tests(kind)} | at_start[node]
        declared = {**KIT_NEEDS, **needs}
        assert handled <= declared.keys(), sorted(kind.__name__ for kind in handled - declared.keys())
        assert all(isinstance(each, Needs) or each is INTERNAL for each in declared.values())


def _of_tests(kind: type) -> bool:
    return kind.__module__.startswith("tests.")


def test_rights_of_several_roles_join_to_the_widest_scope() -> None:
    permission = Permission("customer", "read")
    narrow, wide = Rights({permission: Scope.OWN}), Rights({permission: Scope.BELOW})
    assert joined([narrow, wide]).scope_of(permission) is joined([wide, narrow]).scope_of(permission) is Scope.BELOW
    assert joined([]).scope_of(permission) is None


def test_a_field_is_seen_as_far_as_any_role_that_speaks_of_it_lets_it_be() -> None:
    masked = Rights({}, fields={"customer": {"*": FieldRight.VISIBLE, "address": FieldRight.MASKED}})
    hidden = Rights({}, fields={"customer": {"*": FieldRight.HIDDEN}})
    both = joined([hidden, masked, NOTHING])
    assert both.field_right("customer", "address", FieldRight.HIDDEN) is FieldRight.MASKED
    assert both.field_right("customer", "name", FieldRight.HIDDEN) is FieldRight.VISIBLE
    assert hidden.field_right("customer", "name", FieldRight.VISIBLE) is FieldRight.HIDDEN
    assert joined([NOTHING]).field_right("customer", "name", FieldRight.MASKED) is FieldRight.MASKED
    assert EVERYTHING.field_right("customer", "name", FieldRight.HIDDEN) is FieldRight.EDITABLE


# The chain


@pytest.fixture
def logged(federation: Federation) -> Federation:
    for _ in range(5):
        with pytest.raises(NotPermitted):
            run(federation, END_LEGS, operator(NOTHING))
    return federation


def verdict(federation: Federation) -> tuple[int, list[tuple[int, str]]]:
    connection = federation.cores[HQ].connection
    entries = 0
    breaks: list[Break] = []
    goes_on: int | None = 0
    while goes_on is not None:
        # In slices of two: what goes over their borders is judged as well.
        judged = verify_slice(connection, goes_on, 2)
        entries, goes_on, breaks = entries + judged.entries, judged.next, breaks + judged.breaks
    connection.rollback()
    return entries, [(each.number, each.fault) for each in breaks]


def spoil(federation: Federation, statement: Any) -> None:
    engine = open_writer(federation.urls[HQ])
    with engine.connect() as connection:
        connection.execute(statement)
        connection.commit()
    engine.dispose()


def test_an_untouched_log_is_sound(logged: Federation) -> None:
    assert verdict(logged) == (5, [])


def test_a_changed_entry_is_found_and_no_other_accused(logged: Federation) -> None:
    spoil(logged, sa.update(audit_log).where(audit_log.c.number == 3).values(actor="nobody"))
    assert verdict(logged) == (5, [(3, "CHANGED")])


def test_an_entry_taken_out_is_missed(logged: Federation) -> None:
    spoil(logged, sa.delete(audit_log).where(audit_log.c.number == 2))
    assert verdict(logged) == (4, [(2, "MISSING")])


def test_an_end_that_was_cut_off_is_missed(logged: Federation) -> None:
    spoil(logged, sa.delete(audit_log).where(audit_log.c.number > 3))
    assert verdict(logged) == (3, [(4, "TRUNCATED")])


def test_two_texts_that_change_places_are_found(logged: Federation) -> None:
    spoil(logged, sa.update(audit_log).where(audit_log.c.number == 4).values(actor="10.0.0.7", address="li.na"))
    assert verdict(logged) == (5, [(4, "CHANGED")])
