"""Who calls: the operator of a session, by its cookie, or another system, by its token."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import NoReturn
from urllib.parse import urlsplit

from starlette.requests import Request

from common.access_control.actor import Actor, ActorKind
from common.access_control.rights import NOTHING
from common.api_tokens.events import TokensChanged
from common.api_tokens.queries import find_token
from common.api_tokens.repository import TokenRow
from common.clock import Clock
from common.ids import format_id
from common.operators.keeper import AccessKeeper
from common.program.reads import Reads
from common.rest.errors import NotSignedIn
from common.sign_in.bearers import SESSION_PREFIX, TOKEN_PREFIX, Bearer, csrf_token, is_secret, read_bearer
from common.sign_in.events import SessionsChanged
from common.sign_in.keeping import Kept
from common.sign_in.model import CsrfTokenUnfit, PasswordChangeNeeded
from common.sign_in.parameters import SignInRules
from common.sign_in.queries import find_session
from common.sign_in.repository import SessionRow
from common.web import READING_METHODS

COOKIE = "__Host-quanwang-session"
"""The prefix makes browsers take it only with Secure, without Domain, and for the whole host."""
CSRF_HEADER = "x-csrf-token"
BEFORE_PASSWORD_CHANGE = ("/ownPassword", "/signOut", "/ownAccount")
"""Where somebody may call who signed in with a one-time password (ends of addresses)."""
CONSOLE = "console"


class Callers:
    """Knows callers by what they show."""

    def __init__(
        self, reads: Reads, clock: Clock, access: AccessKeeper, rules: Callable[[], SignInRules], *, shared: bool
    ) -> None:
        self.sessions: Kept[SessionRow] = Kept(reads, clock, find_session, shared=shared)
        self.tokens: Kept[TokenRow] = Kept(reads, clock, find_token, shared=shared)
        self._clock = clock
        self._access = access
        self._rules = rules

    def sessions_changed(self, event: SessionsChanged) -> None:
        """On any thread."""
        self.sessions.changed(event.session_ids)

    def tokens_changed(self, event: TokensChanged) -> None:
        """On any thread."""
        self.tokens.changed(event.token_ids)

    async def actor_of(self, request: Request) -> Actor:
        """Who makes this call. Raises NotSignedIn, PasswordChangeNeeded, CsrfTokenUnfit, StorageUnavailable."""
        address = request.client.host if request.client is not None else ""
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if scheme:
            bearer = read_bearer(shown.strip()) if scheme.lower() == "bearer" else None
            if bearer is None or bearer.prefix != TOKEN_PREFIX:
                raise NotSignedIn()
            return await self._client(bearer, address)
        bearer = read_bearer(request.cookies.get(COOKIE, ""))
        if bearer is None or bearer.prefix != SESSION_PREFIX:
            raise NotSignedIn()
        actor, one_time = await self._operator(bearer, address)
        if request.method not in READING_METHODS:
            _require_own_page(request, bearer)
        if one_time and not request.url.path.endswith(BEFORE_PASSWORD_CHANGE):
            raise PasswordChangeNeeded()
        return actor

    async def _operator(self, bearer: Bearer, address: str) -> tuple[Actor, bool]:
        session = await self.sessions.find(bearer.bearer_id)
        if not is_secret(bearer.secret, _no_hash if session is None else session.secret_hash) or session is None:
            raise NotSignedIn()
        now_us = self._clock.now_us()
        used_at_us = max(session.used_at_us, self.sessions.used_at_us(session.session_id))
        rules = self._rules()
        over_at_us = min(used_at_us + rules.idle_us, session.opened_at_us + rules.session_us)
        book = await self._access.current()
        if now_us >= over_at_us or not book.is_active(session.operator):
            raise NotSignedIn()
        self.sessions.use(session.session_id, now_us)
        more = {"channel": CONSOLE, "address": address, "session": format_id(session.session_id)}
        if session.one_time:
            return Actor(ActorKind.OPERATOR, session.operator, session.organisation_id, rights=NOTHING, **more), True
        return book.actor(session.operator, session.organisation_id, **more), False

    async def _client(self, bearer: Bearer, address: str) -> Actor:
        token = await self.tokens.find(bearer.bearer_id)
        if not is_secret(bearer.secret, _no_hash if token is None else token.secret_hash) or token is None:
            raise NotSignedIn()
        now_us = self._clock.now_us()
        if token.revoked_at_us or now_us >= token.expires_at_us:
            raise NotSignedIn()
        self.tokens.use(token.token_id, now_us)
        book = await self._access.current()
        rights = book.rights_given(token.role, token.organisation_id, token.permissions.split())
        name, session = token.client, format_id(token.token_id)
        return Actor(ActorKind.CLIENT, name, token.organisation_id, address=address, session=session, rights=rights)


_no_hash = bytes(32)


def _require_own_page(request: Request, bearer: Bearer) -> None:
    """Raises CsrfTokenUnfit unless the call comes from a page of the node's own, which alone knows the token."""
    given = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(given.encode(), csrf_token(bearer.secret).encode()):
        _refuse()
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        _refuse()
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        _refuse()


def _refuse() -> NoReturn:
    raise CsrfTokenUnfit()
