"""Duties that nobody has both of: refused when given, and listed where somebody has them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from common.operators.built_in import BUILT_IN
from common.operators.commands import ChangeOperator, ChangeRole, CreateOperator, CreateRole, GivePost, Post, TakePost
from common.operators.repository import posts
from common.operators.separation import APART, DutiesConflict, conflicts_of
from tests.support.access import CITY, HALL, AccessNode
from tests.support.federation import SHANGHAI
from tests.support.stores import Databases

AUDITOR, ADMINISTRATOR, CLERK = Post(SHANGHAI, "auditor"), Post(CITY, "administrator"), Post(HALL, "counter-clerk")


@pytest.fixture
def node(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessNode]:
    made = AccessNode(databases, tmp_path_factory.mktemp("node"))
    made.plant_organisations()
    yield made
    made.close()


def test_no_built_in_role_is_in_conflict_and_every_duty_is_somebodys() -> None:
    for role in BUILT_IN.values():
        assert conflicts_of(role.permissions) == [], role.role
    for apart in APART:
        for duty in (apart.one, apart.other):
            assert any(duty.permissions & role.permissions.keys() for role in BUILT_IN.values()), duty.en


def test_duties_that_must_be_apart_are_not_given_together_wherever_the_posts_are(node: AccessNode) -> None:
    with pytest.raises(DutiesConflict, match="audit:read"):
        node.run(CreateOperator("an", "An", SHANGHAI, (AUDITOR, ADMINISTRATOR)))
    node.run(CreateOperator("an", "An", SHANGHAI, (AUDITOR,)))
    with pytest.raises(DutiesConflict) as refused:
        node.run(GivePost("an", ADMINISTRATOR))
    assert "审计" in refused.value.text("zh")
    with pytest.raises(DutiesConflict, match="customer:reveal"):
        node.run(ChangeOperator("an", posts=(AUDITOR, CLERK)))
    node.run(ChangeOperator("an", posts=(ADMINISTRATOR, CLERK)))
    assert node.node.access.now().conflicts() == []


def test_a_role_makes_no_conflict_for_itself_or_for_who_has_it(node: AccessNode) -> None:
    both = {"audit:read": "OWN", "role:create": "OWN"}
    with pytest.raises(DutiesConflict, match="both"):
        node.run(CreateRole("both", "Both", both))
    node.run(CreateRole("helper", "Helper", {"organisation:read": "OWN"}))
    with pytest.raises(DutiesConflict):
        node.run(ChangeRole("helper", "Helper", both))
    node.run(CreateOperator("an", "An", SHANGHAI, (AUDITOR, Post(HALL, "helper"))))
    with pytest.raises(DutiesConflict, match="an may not"):
        node.run(ChangeRole("helper", "Helper", {"role:create": "OWN"}))
    node.run(ChangeRole("helper", "Helper", {"audit:read": "OWN"}))


def test_a_conflict_from_before_is_listed_and_hinders_nothing_else(node: AccessNode) -> None:
    node.run(CreateOperator("an", "An", SHANGHAI, (AUDITOR,)))
    connection = node.core.connection
    for post in (ADMINISTRATOR, CLERK):
        connection.execute(sa.insert(posts).values(operator="an", organisation_id=post.organisation_id, role=post.role))
    connection.commit()
    node.run(ChangeOperator("an", "Another name"))
    found = node.node.access.now().conflicts()
    assert [(item["operator"], item["conflict"], item["roles"]) for item in found] == [
        ("an", "administering-auditing", ["administrator", "auditor"]),
        ("an", "auditing-serving", ["auditor", "counter-clerk"]),
    ]
    assert found[1]["permissions"] == ["audit:read", "customer:reveal"]
    node.run(TakePost("an", ADMINISTRATOR))
    assert [item["conflict"] for item in node.node.access.now().conflicts()] == ["auditing-serving"]
