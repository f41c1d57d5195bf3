"""Where people sign in: what hashing and chance are needed for, before the commands that decide."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from common.access_control.actor import SYSTEM, Actor
from common.clock import Clock
from common.program.reads import Reads
from common.rest.rates import address_group
from common.sign_in.bearers import SECRET_BYTES, SESSION_PREFIX, Bearer, csrf_token, secret_hash
from common.sign_in.callers import Callers
from common.sign_in.commands import (
    BeginSecondFactor,
    ChangeOwnPassword,
    ConfirmSecondFactor,
    CountWrongPassword,
    EndSecondFactor,
    SetOneTimePassword,
    SignIn,
)
from common.sign_in.events import SessionOpened, SignInFailed
from common.sign_in.model import PasswordUnfit, TooManyFailures, require_fit_password, retry_after
from common.sign_in.parameters import PASSWORD_CHARACTERS_MIN, SignInRules
from common.sign_in.passwords import Checked, Passwords
from common.sign_in.queries import Stored, stored_credential
from common.sign_in.second_factor import FACTOR_SECRET_BYTES, factor_uri, grouped, recovery_codes, recovery_hash, shown

ONE_TIME_BYTES = 10


class CommandWriter(Protocol):
    """Runs commands, durably."""

    def execute(self, command: Any, bulk: bool = False, actor: Actor = ...) -> Awaitable[Any]: ...


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session, with what proves it: for its operator's browser, and nobody else."""

    opened: SessionOpened
    bearer: str = field(repr=False)
    csrf_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewFactor:
    """A second factor's secret, for the operator's device: told once."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


class SignInDesk:
    """Of one node. `writer` gives its writer, which is another one when the node begins to serve; `rules` what counts
    at the moment."""

    def __init__(
        self,
        node: str,
        writer: Callable[[], CommandWriter],
        reads: Reads,
        clock: Clock,
        rules: Callable[[], SignInRules],
        passwords: Passwords,
        entropy: Callable[[int], bytes],
        callers: Callers,
    ) -> None:
        self.callers = callers
        self.passwords = passwords
        self._node = node
        self._writer = writer
        self._reads = reads
        self._clock = clock
        self._rules = rules
        self._entropy = entropy

    async def sign_in(
        self, operator: str, password: str, code: str = "", organisation_id: str = "", address: str = ""
    ) -> OpenedSession:
        """A session. Raises SignInRefused, TooManyFailures, SecondFactorNeeded, SecondFactorRefused,
        OneTimePasswordExpired, NotActingThere, SignInBusy, StorageUnavailable."""
        stored = await self._stored(operator, address)
        checked = await self._check(password, stored, with_factor=bool(code))
        secret = self._entropy(SECRET_BYTES)
        wish = SignIn(
            operator,
            checked.right,
            secret_hash(secret),
            stored.password,
            checked.renewed,
            checked.factor,
            code,
            organisation_id,
            address,
            address_group(address),
        )
        return self._session(await self._writer().execute(wish, actor=SYSTEM), secret)

    async def change_password(self, actor: Actor, session_id: bytes, old: str, new: str) -> OpenedSession:
        """A new session, after all others have ended. Raises PasswordUnfit, SignInRefused, TooManyFailures."""
        require_fit_password(new, actor.name, self._rules().value(PASSWORD_CHARACTERS_MIN))
        if new == old:
            raise PasswordUnfit(detail="it is the one that you have", detail_zh="与当前密码相同")
        stored, checked = await self._again(actor, old, "change-password")
        hashed, factor = await self.passwords.run(partial(self._renewed, new, checked.factor))
        secret = self._entropy(SECRET_BYTES)
        wish = ChangeOwnPassword(session_id, stored.password, hashed, secret_hash(secret), factor)
        return self._session(await self._writer().execute(wish, actor=actor), secret)

    async def begin_second_factor(self, actor: Actor, password: str) -> NewFactor:
        """Raises SignInRefused, TooManyFailures, SecondFactorStateUnfit."""
        stored, _ = await self._again(actor, password, "begin-second-factor")
        secret = self._entropy(FACTOR_SECRET_BYTES)
        sealed = await self.passwords.run(partial(self.passwords.seal_factor, password, secret))
        await self._writer().execute(BeginSecondFactor(stored.password, sealed), actor=actor)
        return NewFactor(shown(secret), factor_uri(secret, actor.name, self._node))

    async def confirm_second_factor(self, actor: Actor, password: str, code: str) -> tuple[str, ...]:
        """The recovery codes, told once. Raises SignInRefused, TooManyFailures, SecondFactorRefused,
        SecondFactorStateUnfit."""
        stored, checked = await self._again(actor, password, "confirm-second-factor")
        codes = recovery_codes(self._entropy)
        hashes = tuple(recovery_hash(each) for each in codes)
        await self._writer().execute(ConfirmSecondFactor(stored.password, checked.factor, code, hashes), actor=actor)
        return codes

    async def end_second_factor(self, actor: Actor, password: str, code: str) -> None:
        """Raises SignInRefused, TooManyFailures, SecondFactorRefused, SecondFactorStateUnfit."""
        stored, checked = await self._again(actor, password, "end-second-factor")
        await self._writer().execute(EndSecondFactor(stored.password, checked.factor, code), actor=actor)

    async def set_one_time_password(self, actor: Actor, operator: str) -> tuple[str, int]:
        """The password, told once, and until when it is good (µs). Raises what its handler raises."""
        password = grouped(self._entropy(ONE_TIME_BYTES))
        hashed = await self.passwords.run(partial(self.passwords.hashed, password))
        expires_at_us: int = await self._writer().execute(SetOneTimePassword(operator, hashed), actor=actor)
        return password, expires_at_us

    async def _stored(self, operator: str, address: str) -> Stored:
        stored = await self._reads.run(stored_credential, operator, address_group(address))
        now_us = self._clock.now_us()
        if stored.wait_until_us > now_us:
            raise TooManyFailures(retry_after=retry_after(stored.wait_until_us, now_us))
        return stored

    async def _check(self, password: str, stored: Stored, *, with_factor: bool) -> Checked:
        factor = stored.factor if with_factor else b""
        return await self.passwords.run(partial(self.passwords.check, password, stored.password, factor))

    async def _again(self, actor: Actor, password: str, action: str) -> tuple[Stored, Checked]:
        """What is stored of somebody who is signed in, and gives their password again. Raises SignInRefused."""
        stored = await self._stored(actor.name, actor.address)
        checked = await self._check(password, stored, with_factor=True)
        if not checked.right:
            group = address_group(actor.address)
            wrong = CountWrongPassword(actor.name, actor.session, action, actor.address, group)
            failed: SignInFailed = await self._writer().execute(wrong, actor=SYSTEM)
            raise failed.error
        return stored, checked

    def _renewed(self, password: str, factor: bytes) -> tuple[str, bytes]:
        sealed = self.passwords.seal_factor(password, factor) if factor else b""
        return self.passwords.hashed(password), sealed

    def _session(self, result: SessionOpened | SignInFailed, secret: bytes) -> OpenedSession:
        if isinstance(result, SignInFailed):
            raise result.error
        bearer = Bearer(SESSION_PREFIX, result.session_id, secret)
        return OpenedSession(result, bearer.text(), csrf_token(secret))
