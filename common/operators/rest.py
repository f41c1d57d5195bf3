"""Operators, roles, teams, and who may do what, over the public REST interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from starlette.responses import Response

from common.access_control.actor import Actor
from common.access_control.rights import Permission
from common.operators.ceilings import published_ceilings
from common.operators.commands import (
    MEMBERS_MAX,
    POSTS_MAX,
    ChangeOperator,
    ChangeRole,
    CreateOperator,
    CreateRole,
    LockOperator,
    Post,
    SetTeam,
    UnlockOperator,
)
from common.operators.model import ACTIVE, LOCKED
from common.operators.permissions import (
    CHANGE_ROLE,
    CREATE_ROLE,
    LOCK_OPERATOR,
    READ_OPERATOR,
    READ_ROLE,
    SET_TEAM,
    UNLOCK_OPERATOR,
)
from common.operators.queries import list_roles, list_teams, show_role
from common.operators.repository import operators, posts
from common.operators.roles import known_permission
from common.operators.row_scope import Belongs
from common.personal_data.masking import mask_name
from common.program.node import Node
from common.rest.attributes import MOMENT, Attribute, Collection, listed, write_moment
from common.rest.bodies import Body
from common.rest.calls import Call, document_answer, response_of
from common.rest.commands import Answer
from common.rest.resource import Change, Create, Resource, Task

TEXT_CHARS_MAX = 128
REASON_CHARS_MAX = 512
PERMISSIONS_MAX = 500


class WrittenPost(Body):
    """A role in an organisation."""

    role: str = Field(max_length=TEXT_CHARS_MAX)
    organisation_id: str = Field(max_length=TEXT_CHARS_MAX)


class NewOperator(Body):
    """Somebody new. They need a one-time password before they can sign in (`resetPassword`)."""

    id: str = Field(max_length=TEXT_CHARS_MAX)
    """The sign-in name."""
    name: str = Field(max_length=TEXT_CHARS_MAX)
    organisation_id: str = Field(max_length=TEXT_CHARS_MAX)
    post: list[WrittenPost] = Field(default=[], max_length=POSTS_MAX)


class OperatorChange(Body):
    """What of an operator changes; posts in full."""

    name: str = Field(default="", max_length=TEXT_CHARS_MAX)
    organisation_id: str = Field(default="", max_length=TEXT_CHARS_MAX)
    post: list[WrittenPost] = Field(default=[], max_length=POSTS_MAX)


class OperatorNamed(Body):
    """An operator, and why."""

    operator: str = Field(max_length=TEXT_CHARS_MAX)
    reason: str = Field(default="", max_length=REASON_CHARS_MAX)


class WrittenRole(Body):
    """A role, in full: each permission with its scope, and by kind of record what is seen of fields."""

    id: str = Field(max_length=TEXT_CHARS_MAX)
    name: str = Field(max_length=TEXT_CHARS_MAX)
    permission: dict[str, str] = Field(default={}, max_length=PERMISSIONS_MAX)
    field: dict[str, dict[str, str]] = Field(default={}, max_length=PERMISSIONS_MAX)


class WrittenTeam(Body):
    """A team, in full."""

    id: str = Field(max_length=TEXT_CHARS_MAX)
    name: str = Field(max_length=TEXT_CHARS_MAX)
    organisation_id: str = Field(max_length=TEXT_CHARS_MAX)
    member: list[str] = Field(default=[], max_length=MEMBERS_MAX)


class Question(Body):
    """Whether, and why, an operator may do something: one permission, or all."""

    operator: str = Field(max_length=TEXT_CHARS_MAX)
    permission: str = Field(default="", max_length=TEXT_CHARS_MAX)


class _Document(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class CeilingDocument(_Document):
    """The most that headquarters lets be given, since when, why and by whom."""

    most: str
    since: str
    reason: str
    set_by: str


class CeilingOn(CeilingDocument):
    """A ceiling. `subject`: a permission (customer:export) or a field (customer.address); `province`: whom it concerns,
    empty for all."""

    subject: str
    province: str


class CeilingList(_Document):
    """The ceilings that are in force at this node; at headquarters all."""

    ceiling: list[CeilingOn]


class RoleDocument(_Document):
    """A role. `ceiling`, `fieldCeiling`: what of it does not count as it is written, since headquarters lets less be
    given."""

    id: str
    name: str
    name_en: str
    built_in: bool
    permission: dict[str, str]
    field: dict[str, dict[str, str]]
    ceiling: dict[str, CeilingDocument]
    field_ceiling: dict[str, dict[str, CeilingDocument]]


class RoleList(_Document):
    """All roles of the node."""

    role: list[RoleDocument]


class TeamDocument(_Document):
    """A team."""

    id: str
    name: str
    organisation_id: str
    member: list[str]


class TeamList(_Document):
    """All teams of the node."""

    team: list[TeamDocument]


class DutiesConflict(_Document):
    """Somebody has two duties that must be apart: by which permissions, and which roles give them."""

    operator: str
    state: str
    conflict: str
    permission: list[str]
    role: list[str]


class DutiesConflicts(_Document):
    """All such conflicts at the node."""

    duties_conflict: list[DutiesConflict]


class Way(_Document):
    """How a permission is held: by which role, in which organisation; `ceiling`: where headquarters lets less be given;
    `whyNot`: why it does not count now."""

    permission: str
    scope: str
    role: str
    organisation_id: str
    ceiling: CeilingDocument | None
    counts: bool
    why_not: str


class Explained(_Document):
    """What an operator may do, and why."""

    operator: str
    state: str
    organisation_id: str
    permission: str
    permitted: bool
    way: list[Way]


def _create(new: NewOperator, _actor: Actor) -> CreateOperator:
    return CreateOperator(new.id, new.name, new.organisation_id, _posts(new.post))


def _change(operator: str, changes: Mapping[str, Any], _actor: Actor) -> ChangeOperator:
    given = changes.get("post")
    held = None if given is None else tuple(Post(post["organisationId"], post["role"]) for post in given)
    return ChangeOperator(operator, changes.get("name"), changes.get("organisationId"), held)


def _posts(written: list[WrittenPost]) -> tuple[Post, ...]:
    return tuple(Post(post.organisation_id, post.role) for post in written)


OPERATOR = Resource(
    "operator",
    READ_OPERATOR,
    operators,
    Attribute("id", operators.c.operator),
    (
        Attribute("name", operators.c.name, mask=mask_name),
        Attribute("organisationId", operators.c.organisation_id),
        Attribute("state", operators.c.state, listed((ACTIVE, LOCKED))),
        Attribute("creationDate", operators.c.created_at_us, MOMENT),
        Attribute("lastUpdate", operators.c.updated_at_us, MOMENT),
    ),
    collections=(
        Collection(
            "post",
            posts,
            posts.c.operator == operators.c.operator,
            posts.c.organisation_id + posts.c.role,
            (Attribute("role", posts.c.role), Attribute("organisationId", posts.c.organisation_id)),
            en="Roles, each in an organisation.",
        ),
    ),
    belongs=Belongs(operators.c.organisation_id, operators.c.operator),
    create=Create(NewOperator, _create, lambda made: made.operator),
    change=Change(OperatorChange, _change, needs_match=True),
    en="Somebody who acts at this node.",
)


def operator_tasks(node: Node) -> tuple[Task, ...]:
    """What is done about operators, roles and teams that leaves no resource, at one node."""

    def executing(name: str, needs: Permission, body: type[Body], command: Any, en: str) -> Task:
        async def run(call: Call, given: Any) -> Response:
            await node.writer.execute(command(given), actor=call.actor)
            return response_of(Answer(204, {}, b""))

        return Task(name, "POST", needs, run, body, None, en)

    def writing(method: str, name: str, needs: Permission, command: Any, en: str) -> Task:
        async def run(call: Call, given: WrittenRole) -> Response:
            await node.writer.execute(command(given.id, given.name, given.permission, given.field), actor=call.actor)
            return _answer(_role(await node.reads.run(show_role, given.id, node.context.access_limits)))

        return Task(name, method, needs, run, WrittenRole, RoleDocument, en)

    async def roles(_call: Call, _given: None) -> Response:
        known = await node.reads.run(list_roles, node.context.access_limits)
        return _answer(RoleList(role=[_role(role) for role in known]))

    async def ceilings(_call: Call, _given: None) -> Response:
        found = published_ceilings(node.context.directory.ceilings, node.context.node)
        listed = [CeilingOn(subject=one["subject"], province=one["node"], **_ceiling(one)) for one in found]
        return _answer(CeilingList(ceiling=listed))

    async def teams(_call: Call, _given: None) -> Response:
        found = await node.reads.run(list_teams)
        return _answer(
            TeamList(
                team=[
                    TeamDocument(
                        id=team["team"],
                        name=team["name"],
                        organisation_id=team["organisation_id"],
                        member=team["members"],
                    )
                    for team in found
                ]
            )
        )

    async def explain(_call: Call, given: Question) -> Response:
        permission = known_permission(given.permission, node.context.permissions) if given.permission else None
        found = (await node.access.current()).explain(given.operator, permission)
        named = {name: found[name] for name in ("operator", "state", "organisation_id", "permission", "permitted")}
        return _answer(
            Explained(**named, way=[Way(**{**way, "ceiling": _of(way["ceiling"])}) for way in found["ways"]])
        )

    async def conflicts(_call: Call, _given: None) -> Response:
        found = (await node.access.current()).conflicts()
        return _answer(DutiesConflicts(duties_conflict=[_conflict(each) for each in found]))

    return (
        executing(
            "lockOperator",
            LOCK_OPERATOR,
            OperatorNamed,
            lambda given: LockOperator(given.operator, given.reason),
            "Lock an operator; their sessions end.",
        ),
        executing(
            "unlockOperator",
            UNLOCK_OPERATOR,
            OperatorNamed,
            lambda given: UnlockOperator(given.operator, given.reason),
            "Unlock an operator.",
        ),
        executing(
            "setTeam",
            SET_TEAM,
            WrittenTeam,
            lambda given: SetTeam(given.id, given.name, given.organisation_id, tuple(given.member)),
            "Say what a team is from now on, new or known.",
        ),
        writing("POST", "createRole", CREATE_ROLE, CreateRole, "A role of the node's own."),
        writing("POST", "changeRole", CHANGE_ROLE, ChangeRole, "What a role is from now on."),
        Task("role", "GET", READ_ROLE, roles, None, RoleList, "The built-in roles and the node's own."),
        Task("ceiling", "GET", READ_ROLE, ceilings, None, CeilingList, "What headquarters lets be given at most."),
        Task("team", "GET", READ_OPERATOR, teams, None, TeamList, "All teams.", whole=True),
        Task(
            "dutiesConflict",
            "GET",
            READ_OPERATOR,
            conflicts,
            None,
            DutiesConflicts,
            "Who has duties that must be apart.",
            whole=True,
        ),
        Task(
            "explainAccess",
            "POST",
            READ_OPERATOR,
            explain,
            Question,
            Explained,
            "Who may do what, and why.",
            whole=True,
        ),
    )


def _conflict(found: Mapping[str, Any]) -> DutiesConflict:
    named = {name: found[name] for name in ("operator", "state", "conflict")}
    return DutiesConflict(**named, permission=found["permissions"], role=found["roles"])


def _role(role: Mapping[str, Any]) -> RoleDocument:
    ceilings = role["ceilings"]
    return RoleDocument(
        id=role["role"],
        name=role["zh"],
        name_en=role["en"],
        built_in=role["built_in"],
        permission=role["permissions"],
        field=role["fields"],
        ceiling={each: CeilingDocument(**_ceiling(found)) for each, found in ceilings["permissions"].items()},
        field_ceiling={
            resource: {name: CeilingDocument(**_ceiling(found)) for name, found in names.items()}
            for resource, names in ceilings["fields"].items()
        },
    )


def _of(ceiling: Mapping[str, Any] | None) -> CeilingDocument | None:
    return None if ceiling is None else CeilingDocument(**_ceiling(ceiling))


def _ceiling(found: Mapping[str, Any]) -> dict[str, str]:
    since = write_moment(found["since_us"])
    return {"most": found["most"], "since": since, "reason": found["reason"], "set_by": found["set_by"]}


def _answer(document: BaseModel) -> Response:
    return response_of(document_answer(document.model_dump(by_alias=True)))
