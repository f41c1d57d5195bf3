"""Operators, roles and teams on a real core, and the book that tells their rights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from common.access_control.actor import SYSTEM, Actor, ActorKind, local_actor
from common.access_control.events import AccessChanged
from common.access_control.rights import NOTHING, FieldRight, Permission, Rights, Scope
from common.audit.queries import Sought, search
from common.db.engine import open_reader, store_of
from common.errors import Refusal
from common.operators.commands import (
    ChangeOperator,
    ChangeRole,
    CreateOperator,
    CreateRole,
    LockOperator,
    Post,
    SetTeam,
    UnlockOperator,
)
from common.operators.keeper import AccessKeeper
from common.operators.queries import list_operators, list_roles, list_teams, show_operator, show_role
from common.operators.row_scope import Belongs, condition_of, rows_within
from common.organisations.commands import CreateOrganisation, DeactivateOrganisation, FoundOrganisations
from common.program.inline_writer import InlineWriter
from common.program.reads import Reads
from tests.support.federation import Federation
from tests.support.stores import Databases

OWNER = local_actor("root")
CITY, OTHER, HALL = "310100", "310200", "hall-1"
READ, SUBMIT = Permission("customer", "read"), Permission("service-request", "submit")

records = sa.Table(
    "records_of_tests",
    sa.MetaData(),
    sa.Column("record", sa.String(8), primary_key=True),
    sa.Column("organisation_id", sa.String(32), nullable=False),
    sa.Column("owner", sa.String(64), nullable=False),
)


class Office:
    """A province's core with some organisations and operators."""

    def __init__(self, databases: Databases) -> None:
        self.federation = Federation(databases)
        self.core = self.federation.cores["31"]
        self.reads = Reads(open_reader(self.federation.urls["31"], 1), 1)
        self.keeper = AccessKeeper(self.reads, self.federation.clock, shared=False)
        self.core.dispatcher.subscribe(AccessChanged, self.keeper.changed)
        self.run(FoundOrganisations(), SYSTEM)
        for wish in (
            CreateOrganisation(CITY, "city", "First", "31"),
            CreateOrganisation(OTHER, "city", "Second", "31"),
            CreateOrganisation(HALL, "branch", "Hall", CITY),
            CreateOperator("li.na", "李娜", HALL, (Post(HALL, "counter-clerk"),)),
            CreateOperator("wang", "王伟", OTHER, (Post(OTHER, "back-office"), Post(HALL, "complaint-handler"))),
        ):
            self.run(wish)

    def run(self, command: Any, actor: Actor = OWNER) -> Any:
        return InlineWriter(self.core.dispatcher).run(command, actor)

    def refused(self, command: Any, actor: Actor = OWNER) -> str:
        with pytest.raises(Refusal) as refused:
            self.run(command, actor)
        return refused.value.code

    def read(self, query: Any, *arguments: Any, **more: Any) -> Any:
        return self.reads.now(query, *arguments, **more)

    def close(self) -> None:
        self.reads.close()
        self.federation.close()


@pytest.fixture
def office(databases: Databases) -> Iterator[Office]:
    made = Office(databases)
    yield made
    made.close()


def acting(permission: str, scope: Scope, organisation: str, name: str = "chief") -> Actor:
    rights = Rights({Permission.parse(permission): scope})
    return Actor(ActorKind.OPERATOR, name, organisation, rights=rights)


def test_rights_come_from_the_posts_in_the_organisation_in_which_somebody_acts(office: Office) -> None:
    book = office.keeper.now()
    assert book.rights_of("li.na").scope_of(SUBMIT) is Scope.ORGANISATION
    assert book.rights_of("wang", OTHER).scope_of(Permission("served-leg", "finish")) is Scope.PROVINCE
    assert book.rights_of("wang", HALL).scope_of(Permission("served-leg", "finish")) is None
    assert book.rights_of("wang", HALL).field_right("customer", "address", FieldRight.HIDDEN) is FieldRight.MASKED
    assert book.rights_of("wang", CITY).scope_of(READ) is None
    assert book.rights_of("nobody") is NOTHING
    assert book.organisations_of("wang") == (OTHER, HALL)
    assert book.actor("wang", channel="console").organisation == OTHER


def test_the_book_is_read_anew_only_when_something_has_changed(office: Office) -> None:
    book = office.keeper.now()
    assert office.keeper.now() is book
    office.run(LockOperator("li.na", "lost badge"))
    assert office.keeper.now().rights_of("li.na") is NOTHING
    office.run(UnlockOperator("li.na", "found"))
    assert office.keeper.now().rights_of("li.na").scope_of(SUBMIT) is Scope.ORGANISATION


def test_another_process_that_heard_nothing_sees_the_change_after_a_second(office: Office) -> None:
    keeper = AccessKeeper(office.reads, office.federation.clock, shared=True)
    keeper.now()
    office.run(LockOperator("li.na", "x"))
    assert keeper.now().rights_of("li.na") is not NOTHING
    office.federation.clock.at_us += 1_000_000
    assert keeper.now().rights_of("li.na") is NOTHING


def test_posts_in_an_organisation_that_is_no_more_give_nothing(office: Office) -> None:
    office.run(DeactivateOrganisation(HALL, "closed"))
    book = office.keeper.now()
    assert book.rights_of("li.na") is NOTHING
    explained = book.explain("li.na", SUBMIT)
    assert not explained["permitted"]
    assert [way["why_not"] for way in explained["ways"]] == ["ORGANISATION_INACTIVE"]


def test_it_is_explained_which_post_and_role_give_what(office: Office) -> None:
    explained = office.keeper.now().explain("wang", SUBMIT)
    assert explained["permitted"]
    assert [(way["role"], way["organisation_id"], way["scope"]) for way in explained["ways"]] == [
        ("back-office", OTHER, "BELOW"),
        ("complaint-handler", HALL, "BELOW"),
    ]
    assert office.keeper.now().explain("wang")["fields"][0]["fields"]["customer"]["address"] == "MASKED"
    assert not office.keeper.now().explain("li.na", Permission("node", "revoke"))["permitted"]
    with pytest.raises(Refusal):
        office.keeper.now().explain("nobody")


def test_a_role_of_ones_own_gives_what_it_says_and_can_be_changed(office: Office) -> None:
    office.run(CreateRole("looker", "Looker", {"customer:read": "organisation"}, {"customer": {"name": "hidden"}}))
    office.run(ChangeOperator("li.na", posts=(Post(HALL, "looker"),)))
    rights = office.keeper.now().rights_of("li.na")
    assert (rights.scope_of(READ), rights.scope_of(SUBMIT)) == (Scope.ORGANISATION, None)
    assert rights.field_right("customer", "name", FieldRight.VISIBLE) is FieldRight.HIDDEN
    office.run(ChangeRole("looker", "Looker", {"customer:read": "BELOW"}))
    assert office.keeper.now().rights_of("li.na").scope_of(READ) is Scope.BELOW
    assert office.read(show_role, "looker")["posts"] == 1
    assert [role["role"] for role in office.read(list_roles)][-1] == "looker"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (CreateRole("dealer", "x", {}), "ROLE_EXISTS"),
        (ChangeRole("dealer", "x", {}), "ROLE_IS_BUILT_IN"),
        (ChangeRole("nothing", "x", {}), "ROLE_NOT_FOUND"),
        (CreateRole("No", "x", {}), "ROLE_UNFIT"),
        (CreateRole("no", " ", {}), "ROLE_UNFIT"),
        (CreateRole("no", "x", {"customer:fly": "OWN"}), "PERMISSION_UNKNOWN"),
        (CreateRole("no", "x", {"customer": "OWN"}), "PERMISSION_UNKNOWN"),
        (CreateRole("no", "x", {"customer:read": "WORLD"}), "ROLE_UNFIT"),
        (CreateRole("no", "x", {}, {"weather": {"rain": "HIDDEN"}}), "ROLE_UNFIT"),
        (CreateRole("no", "x", {}, {"customer": {"name": "SEEN"}}), "ROLE_UNFIT"),
        (CreateOperator("li.na", "x", HALL), "OPERATOR_EXISTS"),
        (CreateOperator("Li Na", "x", HALL), "OPERATOR_UNFIT"),
        (CreateOperator("zhao", "", HALL), "OPERATOR_UNFIT"),
        (CreateOperator("zhao", "x", "nowhere"), "ORGANISATION_NOT_FOUND"),
        (CreateOperator("zhao", "x", HALL, (Post(HALL, "king"),)), "ROLE_NOT_FOUND"),
        (CreateOperator("zhao", "x", HALL, (Post("nowhere", "dealer"),)), "ORGANISATION_NOT_FOUND"),
        (ChangeOperator("zhao", name="x"), "OPERATOR_NOT_FOUND"),
        (UnlockOperator("li.na", "x"), "OPERATOR_STATE_SAME"),
        (SetTeam("t", "x", HALL, ("nobody",)), "OPERATOR_NOT_FOUND"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(office: Office, command: Any, code: str) -> None:
    assert office.refused(command) == code


def test_nobody_changes_what_they_may_do_themselves(office: Office) -> None:
    self_made = acting("operator:change", Scope.NETWORK, OTHER, "wang")
    assert (
        office.refused(ChangeOperator("wang", posts=(Post(OTHER, "administrator"),)), self_made) == "OWN_RIGHTS_FIXED"
    )
    office.run(ChangeOperator("wang", name="王大伟"), self_made)
    assert office.refused(LockOperator("wang", "x"), acting("operator:lock", Scope.NETWORK, OTHER, "wang")) == (
        "OWN_RIGHTS_FIXED"
    )
    office.run(CreateRole("mine", "Mine", {"customer:read": "OWN"}))
    office.run(ChangeOperator("wang", posts=(Post(OTHER, "mine"),)))
    wider = ChangeRole("mine", "Mine", {"customer:read": "NETWORK"})
    assert office.refused(wider, acting("role:change", Scope.NETWORK, OTHER, "wang")) == "OWN_RIGHTS_FIXED"


def test_who_administers_a_city_gives_no_more_and_nowhere_else(office: Office) -> None:
    chief = acting("operator:create", Scope.BELOW, CITY)
    assert office.refused(CreateOperator("zhao", "x", OTHER), chief) == "OUTSIDE_SCOPE"
    assert office.refused(CreateOperator("zhao", "x", HALL, (Post(OTHER, "dealer"),)), chief) == "OUTSIDE_SCOPE"
    wide = CreateOperator("zhao", "x", HALL, (Post(HALL, "counter-clerk"),))
    assert office.refused(wide, chief) == "ROLE_REACHES_FURTHER"
    office.run(CreateOperator("zhao", "x", HALL, (Post(HALL, "dealer"),)), chief)
    assert office.refused(CreateRole("r", "x", {}), acting("role:create", Scope.BELOW, CITY)) == "OUTSIDE_SCOPE"


def test_a_change_is_in_the_log_with_masked_names_before_and_after(office: Office) -> None:
    office.run(ChangeOperator("li.na", posts=()))
    (entry,) = office.read(search, Sought(record="li.na", action="change"))["items"]
    details = json.loads(entry["details"])
    assert details["before"]["posts"] == [f"counter-clerk @ {HALL}"]
    assert details["after"]["posts"] == []
    assert "娜" not in entry["details"]


def test_lists_show_operators_below_an_organisation_with_their_posts(office: Office) -> None:
    page = office.read(list_operators, CITY)
    assert [item["operator"] for item in page["items"]] == ["li.na"]
    assert page["items"][0]["posts"] == [{"role": "counter-clerk", "organisation_id": HALL}]
    first = office.read(list_operators, limit=1)
    assert [item["operator"] for item in office.read(list_operators, after=first["next"])["items"]] == ["wang"]
    office.run(SetTeam("t1", "Team", HALL, ("wang", "li.na")))
    assert office.read(show_operator, "wang")["teams"] == ["t1"]
    assert office.read(list_teams)[0]["members"] == ["li.na", "wang"]
    office.run(SetTeam("t1", "Team", HALL, ("wang",)))
    assert office.read(list_teams)[0]["members"] == ["wang"]


def test_each_scope_reaches_its_rows_and_no_others(office: Office) -> None:
    office.run(SetTeam("t1", "Team", HALL, ("wang", "li.na")))
    connection = office.core.connection
    store_of(connection).begin(connection)
    records.create(connection)
    rows = [
        ("mine", HALL, "li.na"),
        ("mate", HALL, "wang"),
        ("mate2", OTHER, "wang"),
        ("hall", HALL, "zhao"),
        ("city", CITY, "zhao"),
        ("other", OTHER, "zhao"),
    ]
    connection.execute(records.insert(), [dict(zip(records.c.keys(), row, strict=True)) for row in rows])
    store_of(connection).commit(connection)

    def reached(scope: Scope, organisation: str = HALL, owned: bool = True) -> set[str]:
        actor = Actor(ActorKind.OPERATOR, "li.na", organisation)
        belongs = Belongs(records.c.organisation_id, records.c.owner if owned else None)
        condition = rows_within(scope, actor, "31", belongs)
        statement = sa.select(records.c.record)
        if condition is not None:
            statement = statement.where(condition_of(condition))
        return office.read(lambda reader: set(reader.execute(statement).scalars()))

    assert reached(Scope.OWN) == {"mine"}
    assert reached(Scope.TEAM) == {"mine", "mate"}
    assert reached(Scope.ORGANISATION) == {"mine", "mate", "hall"}
    assert reached(Scope.BELOW) == {"mine", "mate", "hall"}
    assert reached(Scope.BELOW, CITY) == {"mine", "mate", "hall", "city"}
    assert reached(Scope.BELOW, "") == set()
    everything = {row[0] for row in rows}
    assert reached(Scope.BELOW, "31") == reached(Scope.PROVINCE) == reached(Scope.NETWORK) == everything
    assert reached(Scope.OWN, owned=False) == reached(Scope.TEAM, owned=False) == set()
