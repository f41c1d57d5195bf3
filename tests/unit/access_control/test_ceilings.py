"""What ceilings make of rights, and how they travel (SYS-01)."""

from __future__ import annotations

import pytest

from common.access_control.actor import local_actor
from common.access_control.ceilings import (
    NO_LIMITS,
    AccessLimits,
    Ceiling,
    CeilingUnfit,
    limits_for,
    parse_subject,
    read_scope,
    read_view,
)
from common.access_control.rights import (
    EVERYTHING,
    CeilingNotPermitted,
    FieldRight,
    NotPermitted,
    Permission,
    Rights,
    Scope,
)
from common.directory.ceilings_wire import CEILINGS_MAX, decode_ceilings, encode_ceilings
from common.directory.malformed import MalformedDirectory
from common.gen.quanwang.federation.v1 import directory_pb2 as pb
from common.ids import HQ

READ, EXPORT = Permission("customer", "read"), Permission("customer", "export")
VISIBLE, MASKED, HIDDEN = FieldRight.VISIBLE, FieldRight.MASKED, FieldRight.HIDDEN
WITHDRAWN = Ceiling("", "customer", action="export", reason="directive 7")


def limits(*ceilings: Ceiling, node: str = "31") -> AccessLimits:
    return limits_for(ceilings, node)


def test_a_wider_scope_is_cut_and_a_narrower_one_stays() -> None:
    held = Rights({READ: Scope.PROVINCE, EXPORT: Scope.OWN})
    cut = held.cut(limits(*(Ceiling("", "customer", action=one, scope=Scope.BELOW) for one in ("read", "export"))))
    assert dict(cut) == {READ: Scope.BELOW, EXPORT: Scope.OWN}
    assert held.scope_of(READ) is Scope.PROVINCE


def test_what_is_withdrawn_is_held_by_nobody_and_says_why() -> None:
    cut = Rights({READ: Scope.PROVINCE, EXPORT: Scope.PROVINCE}).cut(limits(WITHDRAWN))
    assert dict(cut) == {READ: Scope.PROVINCE}
    with pytest.raises(CeilingNotPermitted, match="directive 7"):
        cut.require(EXPORT)
    with pytest.raises(NotPermitted) as refused:
        cut.require(Permission("customer", "erase"))
    assert type(refused.value) is NotPermitted


def test_a_ceiling_gives_nothing() -> None:
    cut = Rights({}).cut(limits(Ceiling("", "customer", action="read", scope=Scope.NETWORK)))
    assert cut.scope_of(READ) is None
    assert cut.field_right("customer", "name", HIDDEN) is HIDDEN


def test_a_field_is_seen_no_further_than_its_ceiling_whoever_says_so() -> None:
    masked = limits(Ceiling("", "customer", field="address", view=MASKED))
    by_role = Rights({}, fields={"customer": {"address": FieldRight.EDITABLE}}).cut(masked)
    by_star = Rights({}, fields={"customer": {"*": VISIBLE}}).cut(masked)
    by_default = Rights({}).cut(masked)
    found = [rights.field_right("customer", "address", VISIBLE) for rights in (by_role, by_star, by_default)]
    assert found == [MASKED, MASKED, MASKED]
    assert by_star.field_right("customer", "name", HIDDEN) is VISIBLE
    assert by_default.field_right("subscription", "address", VISIBLE) is VISIBLE


def test_the_lowest_counts_of_what_is_said_for_all_for_one_and_for_every_field() -> None:
    said = (
        Ceiling("", "customer", field="*", view=MASKED),
        Ceiling("31", "customer", field="address", view=VISIBLE),
        Ceiling("31", "customer", field="name", view=HIDDEN),
        Ceiling("", "customer", action="read", scope=Scope.BELOW),
        Ceiling("31", "customer", action="read", scope=Scope.PROVINCE),
        Ceiling("", "customer", action="export", scope=Scope.OWN),
        Ceiling("31", "customer", action="export"),
    )
    rights = Rights({READ: Scope.NETWORK, EXPORT: Scope.NETWORK}).cut(limits(*said))
    assert dict(rights) == {READ: Scope.BELOW}
    seen = {name: rights.field_right("customer", name, VISIBLE) for name in ("address", "name", "kind")}
    assert seen == {"address": MASKED, "name": HIDDEN, "kind": MASKED}


def test_a_ceiling_concerns_those_it_names_and_never_headquarters() -> None:
    for_one, for_all = Ceiling("31", "customer", action="read"), Ceiling("", "customer", action="export")
    assert list(limits(for_one, for_all)) == [for_one, for_all]
    assert list(limits(for_one, for_all, node="44")) == [for_all]
    assert limits(for_one, for_all, node=HQ) is NO_LIMITS


def test_the_owner_of_the_data_directory_is_bound_by_what_nobody_may() -> None:
    said = limits(
        WITHDRAWN,
        Ceiling("", "customer", action="read", scope=Scope.OWN),
        Ceiling("", "customer", field="address", view=HIDDEN),
    )
    owner = local_actor("root", said)
    with pytest.raises(CeilingNotPermitted):
        owner.rights.require(EXPORT)
    # They act for the whole node and in no organisation: a scope says nothing about them.
    assert owner.rights.scope_of(READ) is Scope.NETWORK
    assert owner.rights.field_right("customer", "address", VISIBLE) is HIDDEN
    assert EVERYTHING.scope_of(EXPORT) is Scope.NETWORK


def test_rights_without_ceilings_are_the_same_object() -> None:
    rights = Rights({READ: Scope.OWN})
    assert rights.cut(NO_LIMITS) is rights


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("customer:export", ("customer", "export", "")),
        ("customer.document_number", ("customer", "", "document_number")),
        ("customer.*", ("customer", "", "*")),
    ],
)
def test_a_subject_is_read_as_it_is_written(text: str, parts: tuple[str, str, str]) -> None:
    assert parse_subject(text) == parts
    made = Ceiling("", parts[0], action=parts[1], field=parts[2])
    assert made.subject == text


@pytest.mark.parametrize("text", ["", "customer", "customer:", ":export", "customer:*", "a.b.c", "a b:c", "客户:x"])
def test_what_is_no_subject_is_refused(text: str) -> None:
    with pytest.raises(CeilingUnfit):
        parse_subject(text)


def test_the_most_is_read_in_any_case_and_nothing_else_is() -> None:
    assert (read_scope("none"), read_scope("Below"), read_view("masked")) == (None, Scope.BELOW, MASKED)
    with pytest.raises(CeilingUnfit, match="NETWORK"):
        read_scope("MASKED")
    with pytest.raises(CeilingUnfit, match="EDITABLE"):
        read_view("NONE")


def test_ceilings_come_back_from_the_wire_as_they_were() -> None:
    said = [
        *(Ceiling("", "customer", action=f"a{scope}", scope=scope) for scope in Scope),
        *(Ceiling("31", "customer", field=f"f{view}", view=view, reason="why") for view in FieldRight),
        Ceiling("", "x", action="none", since_us=5, set_by="li.na"),
    ]
    assert sorted(decode_ceilings(encode_ceilings(said)), key=lambda one: one.key) == sorted(
        said, key=lambda one: one.key
    )


def test_what_a_later_release_says_is_taken_as_the_least_or_passed_over() -> None:
    later = [
        pb.Ceiling(resource="customer", action="read", scope=99),  # type: ignore[arg-type]
        pb.Ceiling(resource="customer", field="name", view=99),  # type: ignore[arg-type]
        pb.Ceiling(resource="customer"),
        pb.Ceiling(resource="customer", action="both", field="both"),
    ]
    first, second = decode_ceilings(later)
    assert (first.most, second.most) == ("NONE", "HIDDEN")


@pytest.mark.parametrize(
    "bad",
    [
        [pb.Ceiling(node="00", resource="customer", action="read")],
        [pb.Ceiling(node="x", resource="customer", action="read")],
        [pb.Ceiling(action="read")],
        [pb.Ceiling(resource="c" * 65, action="read")],
        [pb.Ceiling(resource="customer", action="read", reason="x" * 501)],
        [pb.Ceiling(resource="customer", action="read", set_by="x" * 101)],
        [pb.Ceiling(resource="customer", action="read", since_us=-1)],
        [pb.Ceiling(resource="customer", action="read")] * 2,
        [pb.Ceiling(resource="customer", action=f"a{number}") for number in range(CEILINGS_MAX + 1)],
    ],
)
def test_ceilings_that_contradict_themselves_make_no_directory(bad: list[pb.Ceiling]) -> None:
    with pytest.raises(MalformedDirectory):
        decode_ceilings(bad)
