"""Operators and teams, and the rules for them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from common.errors import Refusal
from common.operators.commands import MEMBERS_MAX, POSTS_MAX, Post

OPERATOR_CHARACTERS_MAX = 64
NAME_CHARACTERS_MAX = 120
ACTIVE, LOCKED = "active", "locked"

_OPERATOR = re.compile(rf"[a-z0-9][a-z0-9._-]{{0,{OPERATOR_CHARACTERS_MAX - 1}}}", re.ASCII)


class OperatorNotFound(Refusal):
    """There is no such operator."""

    en = "There is no operator {operator}. `operators list` shows those there are."
    zh = "没有操作员 {operator}。可用 `operators list` 查看。"


class OperatorExists(Refusal):
    """The sign-in name is taken."""

    en = "There is an operator {operator} already."
    zh = "操作员 {operator} 已存在。"


class OperatorUnfit(Refusal):
    """What was given makes no operator, or no team."""

    en = "This cannot be taken: {detail}."
    zh = "输入无效：{detail_zh}。"


class OwnRightsFixed(Refusal):
    """Nobody changes what they may do themselves."""

    en = "Nobody changes their own posts, roles or lock. Ask another administrator."
    zh = "任何人不得更改自己的岗位、角色或锁定状态，请由其他管理员办理。"


class RoleReachesFurther(Refusal):
    """A role would be given that reaches further than its giver does."""

    en = "The role {role} reaches {scope}; you may give roles that reach {own} at most."
    zh = "角色 {role} 的范围为 {scope}，您最多可授予范围为 {own} 的角色。"


class OperatorStateSame(Refusal):
    """Already so."""

    en = "The operator {operator} is {state} already."
    zh = "操作员 {operator} 的状态已是 {state}。"


class PostHeldAlready(Refusal):
    """The operator has it already."""

    en = "The operator {operator} has the post {role} in {organisation} already."
    zh = "操作员 {operator} 已在 {organisation} 担任 {role}。"


class PostNotHeld(Refusal):
    """There is nothing to take."""

    en = "The operator {operator} has no post {role} in {organisation}."
    zh = "操作员 {operator} 未在 {organisation} 担任 {role}。"


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who acts at this node. `posts` in order, each once."""

    operator: str
    name: str
    organisation_id: str
    state: str
    posts: tuple[Post, ...]
    created_at_us: int
    updated_at_us: int

    def changed(self, name: str, organisation_id: str, posts: tuple[Post, ...], now_us: int) -> Operator:
        """With another name, home or posts. Raises OperatorUnfit."""
        return replace(
            self,
            name=fit_name(name),
            organisation_id=organisation_id,
            posts=fit_posts(posts),
            updated_at_us=now_us,
        )

    def in_state(self, state: str, now_us: int) -> Operator:
        """Locked or not. Raises OperatorStateSame."""
        if self.state == state:
            raise OperatorStateSame(operator=self.operator, state=state)
        return replace(self, state=state, updated_at_us=now_us)


def new_operator(operator: str, name: str, organisation_id: str, posts: tuple[Post, ...], now_us: int) -> Operator:
    """Somebody new. Raises OperatorUnfit."""
    require_id(operator)
    return Operator(operator, fit_name(name), organisation_id, ACTIVE, fit_posts(posts), now_us, now_us)


def require_id(text: str) -> None:
    """Raises OperatorUnfit unless this can be a sign-in name, or a team's id."""
    if not _OPERATOR.fullmatch(text):
        most = OPERATOR_CHARACTERS_MAX
        raise OperatorUnfit(
            detail=f"a sign-in name or a team's id has 1 to {most} of a-z, 0-9, dot, hyphen and underscore",
            detail_zh=f"登录名或团队编号应为 1 至 {most} 个小写字母、数字、点、连字符或下划线",
        )


def fit_name(name: str) -> str:
    """The name without spaces around it. Raises OperatorUnfit."""
    name = name.strip()
    if not (0 < len(name) <= NAME_CHARACTERS_MAX and name.isprintable()):
        most = NAME_CHARACTERS_MAX
        raise OperatorUnfit(detail=f"a name has 1 to {most} characters", detail_zh=f"姓名或名称应为 1 至 {most} 个字符")
    return name


def fit_posts(posts: tuple[Post, ...]) -> tuple[Post, ...]:
    """The posts in order, each once. Raises OperatorUnfit."""
    if len(posts) > POSTS_MAX:
        raise OperatorUnfit(
            detail=f"an operator has at most {POSTS_MAX} posts", detail_zh=f"操作员最多 {POSTS_MAX} 个岗位"
        )
    return tuple(sorted(set(posts)))


def fit_members(members: tuple[str, ...]) -> tuple[str, ...]:
    """The members in order, each once. Raises OperatorUnfit."""
    if len(members) > MEMBERS_MAX:
        raise OperatorUnfit(
            detail=f"a team has at most {MEMBERS_MAX} members", detail_zh=f"团队最多 {MEMBERS_MAX} 名成员"
        )
    return tuple(sorted(set(members)))
