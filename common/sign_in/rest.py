"""Signing in and out, and one's own account, for people's browsers."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from starlette.responses import Response

from common.ids import format_id, parse_id
from common.operators.model import OPERATOR_CHARACTERS_MAX
from common.operators.row_scope import Belongs
from common.organisations.model import ID_CHARACTERS_MAX
from common.program.node import Node
from common.rest.attributes import IDENTITY, MOMENT, Attribute, write_moment
from common.rest.bodies import Body
from common.rest.calls import Call, document_answer, response_of
from common.rest.commands import Answer
from common.rest.resource import FOR_ANYBODY, FOR_OPERATORS, Delete, Resource, Task
from common.sign_in.callers import COOKIE
from common.sign_in.commands import EndOwnSession, EndSession
from common.sign_in.desk import OpenedSession
from common.sign_in.model import PASSWORD_CHARACTERS_MAX
from common.sign_in.permissions import READ, RESET_PASSWORD
from common.sign_in.queries import list_sessions
from common.sign_in.repository import sessions

CODE_CHARACTERS_MAX = 32


class NewSignIn(Body):
    """Who signs in."""

    operator: str = Field(min_length=1, max_length=OPERATOR_CHARACTERS_MAX)
    """The sign-in name."""
    password: str = Field(min_length=1, max_length=PASSWORD_CHARACTERS_MAX, repr=False)
    code: str = Field(default="", max_length=CODE_CHARACTERS_MAX, repr=False)
    """The code of the second factor, or a recovery code, where there is one."""
    organisation_id: str = Field(default="", max_length=ID_CHARACTERS_MAX)
    """In which organisation they act; empty: where they belong."""


class NewPassword(Body):
    """Another password."""

    old: str = Field(min_length=1, max_length=PASSWORD_CHARACTERS_MAX, repr=False)
    new: str = Field(min_length=1, max_length=PASSWORD_CHARACTERS_MAX, repr=False)


class PasswordAgain(Body):
    """One's password, for what a stolen session alone must not do."""

    password: str = Field(min_length=1, max_length=PASSWORD_CHARACTERS_MAX, repr=False)


class PasswordAndCode(Body):
    """One's password, and a code of the second factor."""

    password: str = Field(min_length=1, max_length=PASSWORD_CHARACTERS_MAX, repr=False)
    code: str = Field(min_length=1, max_length=CODE_CHARACTERS_MAX, repr=False)


class SessionNamed(Body):
    """One of one's own sessions by its id."""

    id: str = Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


class _Document(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class SignedIn(_Document):
    """A session is open; what proves it is in a cookie that scripts cannot read."""

    session_id: str
    operator: str
    organisation_id: str
    csrf_token: str
    """To be sent as X-CSRF-Token with every call that changes something."""
    must_change_password: bool
    expires_at: str = Field(json_schema_extra={"format": "date-time"})


class Held(_Document):
    """A permission, and within which scope it is held."""

    permission: str
    scope: str


class OwnAccount(_Document):
    """Who is signed in, and what they may do."""

    operator: str
    organisation_id: str
    organisation: list[str]
    """In which organisations they may act."""
    session_id: str
    permission: list[Held]


class OwnSession(_Document):
    """A session."""

    id: str
    organisation_id: str
    address: str
    opened_at: str = Field(json_schema_extra={"format": "date-time"})
    used_at: str = Field(json_schema_extra={"format": "date-time"})


class OwnSessions(_Document):
    """One's own open sessions."""

    session: list[OwnSession]


class SecondFactor(_Document):
    """What the operator's device needs, told once."""

    secret: str
    uri: str


class RecoveryCodes(_Document):
    """Each good for one sign-in without the device; told once."""

    recovery_code: list[str]


class OperatorToReset(Body):
    """Who is to have a one-time password."""

    operator: str = Field(max_length=OPERATOR_CHARACTERS_MAX)


class OneTimePassword(_Document):
    """A password for one sign-in, told once."""

    operator: str
    one_time_password: str
    expires_at: str = Field(json_schema_extra={"format": "date-time"})


SESSION = Resource(
    "session",
    READ,
    sessions,
    Attribute("id", sessions.c.session_id, IDENTITY),
    (
        Attribute("operator", sessions.c.operator),
        Attribute("organisationId", sessions.c.organisation_id),
        Attribute("address", sessions.c.address),
        Attribute("openedDate", sessions.c.opened_at_us, MOMENT),
        Attribute("lastUse", sessions.c.used_at_us, MOMENT),
    ),
    belongs=Belongs(sessions.c.organisation_id, sessions.c.operator),
    delete=Delete(lambda session_id, _actor: EndSession(session_id, ""), en="End it."),
    en="An operator's open session.",
)


def sign_in_tasks(node: Node) -> tuple[Task, ...]:
    """What people do about their own account at one node."""
    desk = node.sign_in

    async def sign_in(call: Call, given: NewSignIn) -> Response:
        address = call.request.client.host if call.request.client is not None else ""
        opened = await desk.sign_in(given.operator, given.password, given.code, given.organisation_id, address)
        return _opened(opened)

    async def sign_out(call: Call, _given: None) -> Response:
        await node.writer.execute(EndOwnSession(parse_id(call.actor.session)), actor=call.actor)
        return _with_cookie(response_of(Answer(204, {}, b"")), "", 0)

    async def own_account(call: Call, _given: None) -> Response:
        actor = call.actor
        book = await node.access.current()
        held = [Held(permission=str(each), scope=scope.name) for each, scope in actor.rights]
        return _answer(
            OwnAccount(
                operator=actor.name,
                organisation_id=actor.organisation,
                organisation=list(book.organisations_of(actor.name)),
                session_id=actor.session,
                permission=held,
            )
        )

    async def change_password(call: Call, given: NewPassword) -> Response:
        return _opened(await desk.change_password(call.actor, parse_id(call.actor.session), given.old, given.new))

    async def own_sessions(call: Call, _given: None) -> Response:
        found = await node.reads.run(list_sessions, call.actor.name)
        return _answer(OwnSessions(session=[_session(item) for item in found["items"]]))

    async def end_own_session(call: Call, given: SessionNamed) -> Response:
        await node.writer.execute(EndOwnSession(parse_id(given.id)), actor=call.actor)
        return response_of(Answer(204, {}, b""))

    async def reset_password(call: Call, given: OperatorToReset) -> Response:
        password, expires_at_us = await desk.set_one_time_password(call.actor, given.operator)
        until = write_moment(expires_at_us)
        return _answer(OneTimePassword(operator=given.operator, one_time_password=password, expires_at=until))

    async def begin_second_factor(call: Call, given: PasswordAgain) -> Response:
        made = await desk.begin_second_factor(call.actor, given.password)
        return _answer(SecondFactor(secret=made.secret, uri=made.uri))

    async def confirm_second_factor(call: Call, given: PasswordAndCode) -> Response:
        codes = await desk.confirm_second_factor(call.actor, given.password, given.code)
        return _answer(RecoveryCodes(recovery_code=list(codes)))

    async def end_second_factor(call: Call, given: PasswordAndCode) -> Response:
        await desk.end_second_factor(call.actor, given.password, given.code)
        return response_of(Answer(204, {}, b""))

    own = FOR_OPERATORS
    return (
        Task("signIn", "POST", FOR_ANYBODY, sign_in, NewSignIn, SignedIn, "Sign in."),
        Task("signOut", "POST", own, sign_out, None, None, "End this session."),
        Task("ownAccount", "GET", own, own_account, None, OwnAccount, "Who is signed in, and what they may do."),
        Task("ownPassword", "POST", own, change_password, NewPassword, SignedIn, "Choose another password."),
        Task("ownSession", "GET", own, own_sessions, None, OwnSessions, "One's own open sessions."),
        Task("endOwnSession", "POST", own, end_own_session, SessionNamed, None, "End one of one's own sessions."),
        Task(
            "resetPassword",
            "POST",
            RESET_PASSWORD,
            reset_password,
            OperatorToReset,
            OneTimePassword,
            "Give an operator a one-time password; their sessions and second factor end.",
        ),
        Task("beginSecondFactor", "POST", own, begin_second_factor, PasswordAgain, SecondFactor, "A second factor."),
        Task(
            "confirmSecondFactor",
            "POST",
            own,
            confirm_second_factor,
            PasswordAndCode,
            RecoveryCodes,
            "From now on the second factor is needed.",
        ),
        Task("endSecondFactor", "POST", own, end_second_factor, PasswordAndCode, None, "No second factor any longer."),
    )


def _opened(opened: OpenedSession) -> Response:
    told = opened.opened
    answer = _answer(
        SignedIn(
            session_id=format_id(told.session_id),
            operator=told.operator,
            organisation_id=told.organisation_id,
            csrf_token=opened.csrf_token,
            must_change_password=told.one_time,
            expires_at=write_moment(told.expires_at_us),
        )
    )
    return _with_cookie(answer, opened.bearer, None)


def _answer(document: BaseModel) -> Response:
    return response_of(document_answer(document.model_dump(by_alias=True)))


def _with_cookie(response: Response, value: str, max_age: int | None) -> Response:
    response.set_cookie(COOKIE, value, max_age=max_age, path="/", secure=True, httponly=True, samesite="strict")
    return response


def _session(item: dict[str, Any]) -> OwnSession:
    return OwnSession(
        id=item["session_id"],
        organisation_id=item["organisation_id"],
        address=item["address"],
        opened_at=write_moment(item["opened_at_us"]),
        used_at=write_moment(item["used_at_us"]),
    )
