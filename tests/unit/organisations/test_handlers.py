"""The organisation tree on a real core: founded, grown, moved, ended, taken in from files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from common.access_control.actor import SYSTEM, Actor, ActorKind, local_actor
from common.access_control.events import AccessChanged
from common.access_control.rights import NotPermitted, OutsideScope, Permission, Rights, Scope
from common.audit.queries import Sought, search
from common.errors import Refusal
from common.ids import HQ
from common.organisations import repository
from common.organisations.commands import (
    CreateOrganisation,
    DeactivateOrganisation,
    FoundOrganisations,
    ImportOrganisations,
    MoveOrganisation,
    OrganisationRow,
    RenameOrganisation,
)
from common.organisations.kinds import KINDS
from common.organisations.queries import has_root, list_organisations, show_organisation
from common.organisations.repository import organisation_closure, organisations
from common.program.inline_writer import InlineWriter
from tests.support.federation import Federation
from tests.support.stores import Databases

OWNER = local_actor("root")
GUANGZHOU, SHENZHEN, TIANHE, HALL = "310100", "310200", "310106", "hall-1"


class Tree:
    """A province's core and its organisations."""

    def __init__(self, databases: Databases) -> None:
        self.federation = Federation(databases)
        self.core = self.federation.cores["31"]
        self.told: list[int] = []
        self.core.dispatcher.subscribe(AccessChanged, lambda event: self.told.append(event.version))
        self.run(FoundOrganisations(), SYSTEM)

    def run(self, command: Any, actor: Actor = OWNER) -> Any:
        return InlineWriter(self.core.dispatcher).run(command, actor)

    def read(self, query: Any, *arguments: Any, **more: Any) -> Any:
        try:
            return query(self.core.connection, *arguments, **more)
        finally:
            self.core.connection.rollback()

    def grow(self) -> Tree:
        self.run(CreateOrganisation(GUANGZHOU, "city", "First", "31"))
        self.run(CreateOrganisation(SHENZHEN, "city", "Second", "31"))
        self.run(CreateOrganisation(TIANHE, "county", "County", GUANGZHOU))
        self.run(CreateOrganisation(HALL, "branch", "Hall", TIANHE))
        return self

    def pairs(self) -> set[tuple[str, str]]:
        return self.read(lambda connection: {tuple(row) for row in connection.execute(sa.select(organisation_closure))})

    def pairs_by_parents(self) -> set[tuple[str, str]]:
        """What the pairs must be, told from the parents alone."""
        parents = self.read(
            lambda connection: {
                row.organisation_id: row.parent_id for row in connection.execute(sa.select(organisations))
            }
        )
        found = set()
        for own in parents:
            at = own
            while at:
                found.add((at, own))
                at = parents[at]
        return found

    def path(self, organisation_id: str) -> list[str]:
        return [above["organisation_id"] for above in self.read(show_organisation, organisation_id)["path"]]


@pytest.fixture
def tree(databases: Databases) -> Iterator[Tree]:
    made = Tree(databases)
    yield made
    made.federation.close()


def acting(permission: str, scope: Scope, organisation: str) -> Actor:
    rights = Rights({Permission.parse(permission): scope})
    return Actor(ActorKind.OPERATOR, "li.na", organisation, rights=rights)


def test_the_root_is_the_node_itself_and_is_founded_once(tree: Tree) -> None:
    assert tree.read(has_root, "31")
    tree.run(FoundOrganisations(), SYSTEM)
    assert tree.told == [1]
    root = tree.read(show_organisation, "31")
    assert (root["kind"], root["name"], root["path"], root["below"]) == ("province", "上海", [], 0)


def test_headquarters_has_a_root_of_its_own_kind_and_provinces_below(tree: Tree) -> None:
    writer = InlineWriter(tree.federation.cores[HQ].dispatcher)
    writer.run(FoundOrganisations())
    made = writer.run(CreateOrganisation("44", "province", "广东", HQ), OWNER)
    assert (made.kind, made.parent_id) == ("province", HQ)
    with pytest.raises(Refusal) as refused:
        writer.run(CreateOrganisation("99", "province", "x", HQ), OWNER)
    assert refused.value.code == "ORGANISATION_CODE_UNFIT"


def test_what_hangs_below_is_found_from_every_height(tree: Tree) -> None:
    tree.grow()
    assert tree.path(HALL) == ["31", GUANGZHOU, TIANHE]
    below = tree.read(list_organisations, GUANGZHOU)["items"]
    assert [item["organisation_id"] for item in below] == [GUANGZHOU, TIANHE, HALL] == sorted([GUANGZHOU, TIANHE, HALL])
    assert tree.pairs() == tree.pairs_by_parents()


def test_a_list_goes_on_where_it_ended(tree: Tree) -> None:
    tree.grow()
    first = tree.read(list_organisations, limit=3)
    rest = tree.read(list_organisations, after=first["next"], limit=3)
    ids = [item["organisation_id"] for item in first["items"] + rest["items"]]
    assert ids == ["31", GUANGZHOU, TIANHE, SHENZHEN, HALL]
    assert rest["next"] == ""


def test_a_subtree_moves_with_all_below_it(tree: Tree) -> None:
    tree.grow().run(MoveOrganisation(TIANHE, SHENZHEN))
    assert tree.path(HALL) == ["31", SHENZHEN, TIANHE]
    assert tree.pairs() == tree.pairs_by_parents()
    assert [item["organisation_id"] for item in tree.read(list_organisations, GUANGZHOU)["items"]] == [GUANGZHOU]


def test_moving_to_where_it_hangs_already_changes_no_pair(tree: Tree) -> None:
    tree.grow()
    before = tree.pairs()
    tree.run(MoveOrganisation(TIANHE, GUANGZHOU))
    assert tree.pairs() == before


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (CreateOrganisation(GUANGZHOU, "city", "Twice", "31"), "ORGANISATION_EXISTS"),
        (CreateOrganisation("440100", "city", "Elsewhere", "31"), "ORGANISATION_CODE_UNFIT"),
        (CreateOrganisation("310000", "city", "The province", "31"), "ORGANISATION_CODE_UNFIT"),
        (CreateOrganisation("310305", "city", "A county", "31"), "ORGANISATION_CODE_UNFIT"),
        (CreateOrganisation("a b", "branch", "Hall", "31"), "ORGANISATION_ID_UNFIT"),
        (CreateOrganisation("x" * 33, "branch", "Hall", "31"), "ORGANISATION_ID_UNFIT"),
        (CreateOrganisation("x", "shop", "Hall", "31"), "ORGANISATION_KIND_UNKNOWN"),
        (CreateOrganisation("x", "community", "Hall", "31"), "ORGANISATION_CANNOT_HANG_THERE"),
        (CreateOrganisation("x", "branch", " \n", "31"), "ORGANISATION_NAME_UNFIT"),
        (CreateOrganisation("x", "branch", "Hall", "nowhere"), "ORGANISATION_NOT_FOUND"),
        (RenameOrganisation("nowhere", "Hall"), "ORGANISATION_NOT_FOUND"),
        (MoveOrganisation("31", GUANGZHOU), "ORGANISATION_IS_ROOT"),
        (MoveOrganisation(GUANGZHOU, HALL), "ORGANISATION_MOVE_MAKES_CIRCLE"),
        (MoveOrganisation(GUANGZHOU, GUANGZHOU), "ORGANISATION_MOVE_MAKES_CIRCLE"),
        (MoveOrganisation(HALL, "nowhere"), "ORGANISATION_NOT_FOUND"),
        (DeactivateOrganisation("31", "x"), "ORGANISATION_IS_ROOT"),
        (DeactivateOrganisation(TIANHE, "x"), "ORGANISATION_HAS_ACTIVE_PARTS"),
    ],
)
def test_what_the_tree_does_not_allow_is_refused_and_changes_nothing(tree: Tree, command: Any, code: str) -> None:
    tree.grow()
    before, told = tree.pairs(), list(tree.told)
    with pytest.raises(Refusal) as refused:
        tree.run(command)
    assert refused.value.code == code
    assert (tree.pairs(), tree.told) == (before, told)


def test_what_was_deactivated_takes_nothing_more(tree: Tree) -> None:
    tree.grow().run(DeactivateOrganisation(HALL, "closed"))
    assert HALL not in [item["organisation_id"] for item in tree.read(list_organisations)["items"]]
    assert HALL in [item["organisation_id"] for item in tree.read(list_organisations, inactive=True)["items"]]
    for command in (
        RenameOrganisation(HALL, "x"),
        MoveOrganisation(HALL, SHENZHEN),
        CreateOrganisation("c-1", "community", "x", HALL),
        DeactivateOrganisation(HALL, "again"),
    ):
        with pytest.raises(Refusal) as refused:
            tree.run(command)
        assert refused.value.code == "ORGANISATION_INACTIVE"
    tree.run(DeactivateOrganisation(TIANHE, "now it can"))


def test_a_change_is_in_the_log_with_what_was_before_and_after(tree: Tree) -> None:
    tree.grow().run(RenameOrganisation(HALL, "Great hall"))
    (entry,) = tree.read(search, Sought(record=HALL, action="rename"))["items"]
    details = json.loads(entry["details"])
    assert (details["before"]["name"], details["after"]["name"]) == ("Hall", "Great hall")
    with pytest.raises(Refusal):
        tree.run(RenameOrganisation(HALL, ""))
    assert tree.read(search, Sought(record=HALL, action="rename"))["items"][0]["details"] == ""


def test_who_may_below_a_city_may_not_beside_it(tree: Tree) -> None:
    tree.grow()
    may = acting("organisation:move", Scope.BELOW, GUANGZHOU)
    with pytest.raises(OutsideScope):
        tree.run(MoveOrganisation(TIANHE, SHENZHEN), may)
    tree.run(CreateOrganisation("310107", "county", "Other", GUANGZHOU))
    tree.run(MoveOrganisation(HALL, "310107"), may)
    with pytest.raises(OutsideScope):
        tree.run(RenameOrganisation(TIANHE, "x"), acting("organisation:rename", Scope.ORGANISATION, GUANGZHOU))
    with pytest.raises(OutsideScope):
        tree.run(RenameOrganisation(TIANHE, "x"), acting("organisation:rename", Scope.OWN, TIANHE))
    with pytest.raises(NotPermitted):
        tree.run(RenameOrganisation(TIANHE, "x"), may)


def row(line: int, organisation_id: str, kind: str, name: str, parent_id: str) -> OrganisationRow:
    return OrganisationRow(line, organisation_id, kind, name, parent_id)


def test_a_file_can_be_taken_in_again_and_again(tree: Tree) -> None:
    rows = (
        row(2, "31", "province", "上海", ""),
        row(3, GUANGZHOU, "city", "First", "31"),
        row(4, TIANHE, "county", "County", GUANGZHOU),
    )
    first = tree.run(ImportOrganisations(rows))
    assert (first.created, first.updated, first.unchanged, first.problems) == (2, 0, 1, ())
    again = tree.run(ImportOrganisations(rows))
    assert (again.created, again.updated, again.unchanged, again.problems) == (0, 0, 3, ())


def test_a_file_renames_and_moves_what_it_says_otherwise(tree: Tree) -> None:
    tree.grow()
    done = tree.run(ImportOrganisations((row(2, TIANHE, "county", "New name", SHENZHEN),)))
    assert (done.created, done.updated, done.problems) == (0, 1, ())
    assert tree.path(HALL) == ["31", SHENZHEN, TIANHE]
    assert tree.read(show_organisation, TIANHE)["name"] == "New name"
    assert tree.pairs() == tree.pairs_by_parents()


def test_a_bad_row_is_named_with_its_column_and_hinders_no_other(tree: Tree) -> None:
    tree.grow()
    done = tree.run(
        ImportOrganisations(
            (
                row(2, "x 1", "branch", "Hall", "31"),
                row(3, "x2", "shop", "Hall", "31"),
                row(4, "x3", "branch", "Hall", "nowhere"),
                row(5, TIANHE, "branch", "Other kind", GUANGZHOU),
                row(6, GUANGZHOU, "city", "Below itself", HALL),
                row(7, "x4", "branch", "\x07", "31"),
                row(8, "good", "branch", "Hall", "31"),
            )
        )
    )
    assert [(problem.line, problem.column, problem.code) for problem in done.problems] == [
        (2, "organisation_id", "ORGANISATION_ID_UNFIT"),
        (3, "kind", "ORGANISATION_KIND_UNKNOWN"),
        (4, "parent_id", "ORGANISATION_NOT_FOUND"),
        (5, "kind", "ORGANISATION_KIND_FIXED"),
        (6, "parent_id", "ORGANISATION_MOVE_MAKES_CIRCLE"),
        (7, "name", "ORGANISATION_NAME_UNFIT"),
    ]
    assert done.created == 1
    assert tree.read(show_organisation, GUANGZHOU)["name"] == "First"
    assert tree.pairs() == tree.pairs_by_parents()


def test_there_can_be_too_many(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.grow()
    monkeypatch.setattr(repository, "ORGANISATIONS_MAX", 5)
    with pytest.raises(Refusal) as refused:
        tree.run(CreateOrganisation("x", "branch", "Hall", "31"))
    assert refused.value.code == "ORGANISATIONS_TOO_MANY"
    tree.run(ImportOrganisations((row(2, HALL, "branch", "Known", TIANHE),)))


def test_no_kind_can_come_to_hang_under_itself() -> None:
    def above(kind: str) -> set[str]:
        return {one for under in KINDS[kind].under for one in {under, *above(under)}}

    for kind in KINDS:
        assert kind not in above(kind)
