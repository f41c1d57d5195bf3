"""Roles, operators, teams, and who may do what, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from common.operators.ceilings import published_ceilings
from common.operators.commands import (
    MEMBERS_MAX,
    POSTS_MAX,
    ChangeOperator,
    ChangeRole,
    CreateOperator,
    CreateRole,
    GivePost,
    LockOperator,
    Post,
    SetTeam,
    TakePost,
    UnlockOperator,
)
from common.operators.queries import ROWS_MAX, list_operators, list_roles, list_teams, show_operator, show_role
from common.operators.roles import FIELDS_MAX, PERMISSIONS_MAX, known_permission
from common.program.node import Node
from common.routing import Router

TEXT_CHARACTERS_MAX = 512

Text = Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WrittenPost(_Body):
    """A role in an organisation."""

    organisation_id: Text
    role: Text


class WrittenOperator(_Body):
    """An operator: all of a new one, or what of a known one changes."""

    name: Text | None = None
    organisation_id: Text | None = None
    posts: list[WrittenPost] | None = Field(default=None, max_length=POSTS_MAX)


class Why(_Body):
    """Why it is done."""

    reason: Text = ""


class WrittenRole(_Body):
    """A role, in full."""

    name: Text
    permissions: dict[Text, Text] = Field(max_length=PERMISSIONS_MAX)
    fields: dict[Text, dict[Text, Text]] = Field(default={}, max_length=FIELDS_MAX)


class WrittenTeam(_Body):
    """A team, in full."""

    name: Text
    organisation_id: Text
    members: list[Text] = Field(max_length=MEMBERS_MAX)


def operator_admin_routes(node: Node) -> Router:
    """The routes of one node."""
    router = Router()

    async def shown(operator: str) -> dict[str, Any]:
        return await node.reads.run(show_operator, operator)

    @router.get("/operators")
    async def operators(
        below: Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)] = "",
        state: Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)] = "",
        after: Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)] = "",
        limit: Annotated[int, Field(ge=1, le=ROWS_MAX)] = 50,
    ) -> dict[str, Any]:
        return await node.reads.run(list_operators, below, after, limit, state)

    @router.get("/operators/{operator}")
    async def show(operator: str) -> dict[str, Any]:
        return await shown(operator)

    @router.post("/operators/{operator}")
    async def create(operator: str, given: WrittenOperator) -> dict[str, Any]:
        posts = tuple(Post(post.organisation_id, post.role) for post in given.posts or ())
        wish = CreateOperator(operator, given.name or "", given.organisation_id or "", posts)
        await node.local_desk.execute(wish)
        return await shown(operator)

    @router.post("/operators/{operator}/change")
    async def change(operator: str, given: WrittenOperator) -> dict[str, Any]:
        posts = None if given.posts is None else tuple(Post(post.organisation_id, post.role) for post in given.posts)
        await node.local_desk.execute(ChangeOperator(operator, given.name, given.organisation_id, posts))
        return await shown(operator)

    @router.post("/operators/{operator}/posts")
    async def give_post(operator: str, given: WrittenPost) -> dict[str, Any]:
        await node.local_desk.execute(GivePost(operator, Post(given.organisation_id, given.role)))
        return await shown(operator)

    @router.post("/operators/{operator}/posts/removal")
    async def take_post(operator: str, given: WrittenPost) -> dict[str, Any]:
        await node.local_desk.execute(TakePost(operator, Post(given.organisation_id, given.role)))
        return await shown(operator)

    @router.post("/operators/{operator}/lock")
    async def lock(operator: str, given: Why) -> dict[str, Any]:
        await node.local_desk.execute(LockOperator(operator, given.reason))
        return await shown(operator)

    @router.post("/operators/{operator}/unlock")
    async def unlock(operator: str, given: Why) -> dict[str, Any]:
        await node.local_desk.execute(UnlockOperator(operator, given.reason))
        return await shown(operator)

    @router.get("/access/{operator}")
    async def explain(
        operator: str, permission: Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)] = ""
    ) -> dict[str, Any]:
        wanted = known_permission(permission, node.context.permissions) if permission else None
        return (await node.access.current()).explain(operator, wanted)

    @router.get("/duties-conflicts")
    async def conflicts() -> dict[str, Any]:
        return {"items": (await node.access.current()).conflicts()}

    async def shown_role(role: str) -> dict[str, Any]:
        return await node.reads.run(show_role, role, node.context.access_limits)

    @router.get("/roles")
    async def roles() -> dict[str, Any]:
        return {"items": await node.reads.run(list_roles, node.context.access_limits)}

    @router.get("/roles/{role}")
    async def role_shown(role: str) -> dict[str, Any]:
        return await shown_role(role)

    @router.post("/roles/{role}")
    async def create_role(role: str, given: WrittenRole) -> dict[str, Any]:
        await node.local_desk.execute(CreateRole(role, given.name, given.permissions, given.fields))
        return await shown_role(role)

    @router.post("/roles/{role}/change")
    async def change_role(role: str, given: WrittenRole) -> dict[str, Any]:
        await node.local_desk.execute(ChangeRole(role, given.name, given.permissions, given.fields))
        return await shown_role(role)

    @router.get("/ceilings")
    async def ceilings() -> dict[str, Any]:
        return {"items": published_ceilings(node.context.directory.ceilings, node.context.node)}

    @router.get("/permissions")
    async def permissions() -> dict[str, Any]:
        return {"items": [str(permission) for permission in sorted(node.context.permissions)]}

    @router.get("/teams")
    async def teams() -> dict[str, Any]:
        return {"items": await node.reads.run(list_teams)}

    @router.post("/teams/{team}")
    async def set_team(team: str, given: WrittenTeam) -> dict[str, Any]:
        wish = SetTeam(team, given.name, given.organisation_id, tuple(given.members))
        members = await node.local_desk.execute(wish)
        return {"team": team, "name": given.name, "organisation_id": given.organisation_id, "members": list(members)}

    return router
