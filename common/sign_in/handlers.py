"""Signing in and out, passwords, second factors, sessions.

What fails here must still be counted, so it is no exception: a refused sign-in is a result, and durable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common.access_control.actor import ActorKind
from common.audit.entry import DONE, AuditEntry
from common.errors import QuanwangError
from common.ids import format_id
from common.operators.commands import LockOperator
from common.operators.handlers import lock_operator
from common.operators.model import ACTIVE
from common.operators.reach import require_another, require_no_takeover
from common.operators.repository import OperatorBook
from common.sign_in.commands import (
    BeginSecondFactor,
    ChangeOwnPassword,
    ConfirmSecondFactor,
    CountWrongPassword,
    EndOwnSession,
    EndSecondFactor,
    EndSession,
    ForgetSignIns,
    NoteSessionUses,
    SetOneTimePassword,
    SignIn,
)
from common.sign_in.events import SessionOpened, SessionsChanged, SignInFailed
from common.sign_in.model import (
    SESSIONS_OF_ONE_MAX,
    NotActingThere,
    OneTimePasswordExpired,
    SecondFactorNeeded,
    SecondFactorRefused,
    SecondFactorStateUnfit,
    SessionNotFound,
    SignInRefused,
    TooManyFailures,
    retry_after,
)
from common.sign_in.parameters import (
    ACCOUNT_FAILURES_FREE,
    ADDRESS_FAILURES_FREE,
    ONE_TIME_PASSWORD_HOURS,
    SignInRules,
)
from common.sign_in.permissions import END, OWN, RESET_PASSWORD
from common.sign_in.repository import (
    CREDENTIALS,
    CredentialRow,
    FailureBook,
    FailureRow,
    SessionBook,
    SessionRow,
    account_subject,
    address_subject,
)
from common.sign_in.second_factor import is_code, recovery_hash, step_of
from common.sign_in.settings import HOUR_US

SIGN_IN = "sign-in"
CONSOLE = "console"
FAILURES_KEPT_US = 24 * HOUR_US


def sign_in(command: SignIn, uow: Any) -> SessionOpened | SignInFailed:
    """A session, or why not."""
    wait = _wait(command.operator, command.address_group, uow)
    if wait is not None:
        return _failed(command, wait, uow)
    operator = OperatorBook(uow).find(command.operator)
    credential = uow.rows(CREDENTIALS).get(command.operator)
    right = command.right and credential is not None and credential.password == command.compared
    if operator is None or credential is None or operator.state != ACTIVE or not right:
        _count(command.operator, command.address_group, uow)
        return _failed(command, SignInRefused(), uow)
    if credential.one_time and credential.expires_at_us <= uow.now_us:
        return _failed(command, OneTimePasswordExpired(), uow)
    acting_in = command.organisation_id or operator.organisation_id
    if acting_in not in {operator.organisation_id, *(post.organisation_id for post in operator.posts)}:
        return _failed(command, NotActingThere(organisation=repr(acting_in[:64])), uow)
    if credential.factor_on_at_us:
        if not command.code:
            return SignInFailed(SecondFactorNeeded())
        passed = _pass_second_factor(credential, command.factor, command.code, uow)
        if passed is None:
            _count(command.operator, command.address_group, uow)
            return _failed(command, SecondFactorRefused(), uow)
        credential = passed
    uow.rows(CREDENTIALS).update(credential._replace(password=command.renewed or credential.password))
    FailureBook(uow).forget(account_subject(command.operator))
    opened = _open_session(
        command.operator, acting_in, command.secret_hash, command.address, uow, one_time=credential.one_time
    )
    _audit(command, DONE, uow, session=format_id(opened.session_id))
    return opened


def count_wrong_password(command: CountWrongPassword, uow: Any) -> SignInFailed:
    """Counted as a sign-in that failed; what they are told."""
    wait = _wait(command.operator, command.address_group, uow)
    if wait is None:
        _count(command.operator, command.address_group, uow)
    error = wait or SignInRefused()
    uow.audit(_entry(command.operator, "", command.address, command.session, OWN, command.action, error.code))
    return SignInFailed(error)


def change_own_password(command: ChangeOwnPassword, uow: Any) -> SessionOpened:
    """Raises SignInRefused where the password was changed meanwhile, SessionNotFound."""
    credential = _own_credential(command.compared, uow)
    book = SessionBook(uow)
    session = book.find(command.session_id)
    if session is None or session.operator != uow.actor.name:
        raise SessionNotFound(session=format_id(command.session_id))
    uow.rows(CREDENTIALS).update(
        credential._replace(password=command.password, expires_at_us=0, changed_at_us=uow.now_us, factor=command.factor)
    )
    _end(book.of(uow.actor.name), uow)
    return _open_session(
        uow.actor.name, session.organisation_id, command.secret_hash, uow.actor.address, uow, one_time=False
    )


def begin_second_factor(command: BeginSecondFactor, uow: Any) -> None:
    """Raises SignInRefused where the password was changed meanwhile, SecondFactorStateUnfit."""
    credential = _own_credential(command.compared, uow)
    if credential.factor_on_at_us:
        raise SecondFactorStateUnfit(
            detail="there is a second factor already; end it first", detail_zh="已启用第二验证因子，请先停用"
        )
    uow.rows(CREDENTIALS).update(credential._replace(factor=command.factor, factor_step=0))


def confirm_second_factor(command: ConfirmSecondFactor, uow: Any) -> None:
    """Raises SignInRefused where the password was changed meanwhile, SecondFactorStateUnfit, SecondFactorRefused."""
    credential = _own_credential(command.compared, uow)
    if credential.factor_on_at_us or not credential.factor:
        raise SecondFactorStateUnfit(
            detail="there is no second factor that waits to be confirmed", detail_zh="没有待确认的第二验证因子"
        )
    step = step_of(command.factor, command.code, uow.now_us, credential.factor_step) if command.factor else None
    if step is None:
        raise SecondFactorRefused()
    uow.rows(CREDENTIALS).update(
        credential._replace(
            factor_on_at_us=uow.now_us, factor_step=step, recovery_hashes=" ".join(command.recovery_hashes)
        )
    )


def end_second_factor(command: EndSecondFactor, uow: Any) -> None:
    """Raises SignInRefused where the password was changed meanwhile, SecondFactorStateUnfit, SecondFactorRefused."""
    credential = _own_credential(command.compared, uow)
    if not credential.factor_on_at_us:
        raise SecondFactorStateUnfit(detail="there is no second factor", detail_zh="未启用第二验证因子")
    if _pass_second_factor(credential, command.factor, command.code, uow) is None:
        raise SecondFactorRefused()
    uow.rows(CREDENTIALS).update(credential._replace(factor=b"", factor_on_at_us=0, factor_step=0, recovery_hashes=""))


def end_own_session(command: EndOwnSession, uow: Any) -> None:
    """Raises SessionNotFound."""
    session = SessionBook(uow).find(command.session_id)
    if session is None or session.operator != uow.actor.name:
        raise SessionNotFound(session=format_id(command.session_id))
    _end([session], uow)


def end_session(command: EndSession, uow: Any) -> SessionRow:
    """Raises SessionNotFound, OutsideScope, RoleReachesFurther."""
    session = SessionBook(uow).find(command.session_id)
    if session is None:
        raise SessionNotFound(session=format_id(command.session_id))
    operator = OperatorBook(uow).find(session.operator)
    if operator is not None:
        require_no_takeover(operator, END, uow)
    _end([session], uow)
    return session


def set_one_time_password(command: SetOneTimePassword, uow: Any) -> int:
    """Until when it can be used (µs). Raises OperatorNotFound, OutsideScope, OwnRightsFixed, RoleReachesFurther."""
    operator = OperatorBook(uow).get(command.operator)
    require_another(operator, uow)
    require_no_takeover(operator, RESET_PASSWORD, uow)
    expires_at_us = int(uow.now_us) + _rules(uow).value(ONE_TIME_PASSWORD_HOURS) * HOUR_US
    rows = uow.rows(CREDENTIALS)
    rows.get(command.operator)
    rows.update(CredentialRow(command.operator, command.password, expires_at_us, uow.now_us))
    FailureBook(uow).forget(account_subject(command.operator))
    _end(SessionBook(uow).of(command.operator), uow)
    return expires_at_us


def lock_and_sign_out(command: LockOperator, uow: Any) -> Any:
    """Locks an operator, whose sessions end with it. Raises what `lock_operator` raises."""
    locked = lock_operator(command, uow)
    _end(SessionBook(uow).of(command.operator), uow)
    return locked


def note_session_uses(command: NoteSessionUses, uow: Any) -> None:
    """Sessions that have ended meanwhile stay so."""
    book = SessionBook(uow)
    for session_id, used_at_us in sorted(command.used_at_us):
        session = book.find(session_id)
        if session is not None and session.used_at_us < used_at_us:
            book.save(session._replace(used_at_us=used_at_us))


def forget_sign_ins(command: ForgetSignIns, uow: Any) -> int:
    """How many sessions and failures were forgotten."""
    rules = _rules(uow)
    over = SessionBook(uow).over(uow.now_us - rules.idle_us, uow.now_us - rules.session_us, command.most)
    _end(over, uow)
    return len(over) + FailureBook(uow).forget_old(uow.now_us - FAILURES_KEPT_US, command.most)


def _open_session(
    operator: str, organisation_id: str, secret_hash: bytes, address: str, uow: Any, *, one_time: bool
) -> SessionOpened:
    book = SessionBook(uow)
    known = book.of(operator)
    _end(known[: max(0, len(known) - SESSIONS_OF_ONE_MAX + 1)], uow)
    now_us = uow.now_us
    session_id: bytes = uow.ids.new()
    book.open(SessionRow(session_id, secret_hash, operator, organisation_id, one_time, address, now_us, now_us))
    return SessionOpened(session_id, operator, organisation_id, one_time, now_us + _rules(uow).session_us)


def _rules(uow: Any) -> SignInRules:
    return SignInRules(uow.node.parameters, uow.now_us)


def _end(ended: list[SessionRow], uow: Any) -> None:
    if ended:
        SessionBook(uow).end(ended)
        uow.record(SessionsChanged(tuple(session.session_id for session in ended)))


def _pass_second_factor(credential: CredentialRow, factor: bytes, code: str, uow: Any) -> CredentialRow | None:
    """The credential with the code used up; None where it is wrong."""
    if is_code(code):
        step = step_of(factor, code, uow.now_us, credential.factor_step) if factor else None
        return None if step is None else credential._replace(factor_step=step)
    left = credential.recovery_hashes.split()
    used = recovery_hash(code)
    if used not in left:
        return None
    left.remove(used)
    return credential._replace(recovery_hashes=" ".join(left))


def _own_credential(compared: str, uow: Any) -> CredentialRow:
    credential: CredentialRow | None = uow.rows(CREDENTIALS).get(uow.actor.name)
    if credential is None or credential.password != compared:
        raise SignInRefused()
    return credential


def _wait(operator: str, address_group: str, uow: Any) -> TooManyFailures | None:
    book = FailureBook(uow)
    rows = (book.find(subject) for subject in (account_subject(operator), address_subject(address_group)))
    until_us = max((row.wait_until_us for row in rows if row is not None), default=0)
    return TooManyFailures(retry_after=retry_after(until_us, uow.now_us)) if until_us > uow.now_us else None


def _count(operator: str, address_group: str, uow: Any) -> None:
    rules, book = _rules(uow), FailureBook(uow)
    for subject, free in (
        (account_subject(operator), rules.value(ACCOUNT_FAILURES_FREE)),
        (address_subject(address_group), rules.value(ADDRESS_FAILURES_FREE)),
    ):
        known = book.find(subject)
        fresh = known is None or known.failed_at_us <= uow.now_us - FAILURES_KEPT_US
        failures = 1 if known is None or fresh else known.failures + 1
        book.save(FailureRow(subject, failures, uow.now_us + rules.wait_us(failures, free), uow.now_us))


def _failed(command: SignIn, error: QuanwangError, uow: Any) -> SignInFailed:
    _audit(command, error.code, uow)
    return SignInFailed(error)


def _audit(command: SignIn, outcome: str, uow: Any, session: str = "") -> None:
    # A name that nobody has may be a password in the wrong field: it is not written down.
    known = OperatorBook(uow).find(command.operator)
    name = "" if known is None else command.operator
    organisation = "" if known is None else command.organisation_id or known.organisation_id
    uow.audit(_entry(name, organisation, command.address, session, "session", SIGN_IN, outcome))


def _entry(
    operator: str, organisation: str, address: str, session: str, resource: str, action: str, outcome: str
) -> AuditEntry:
    kind = ActorKind.OPERATOR
    return AuditEntry(kind, operator, organisation, CONSOLE, address, session, resource, action, operator, outcome)


HANDLERS: dict[type, Callable[[Any, Any], Any]] = {
    SignIn: sign_in,
    CountWrongPassword: count_wrong_password,
    ChangeOwnPassword: change_own_password,
    BeginSecondFactor: begin_second_factor,
    ConfirmSecondFactor: confirm_second_factor,
    EndSecondFactor: end_second_factor,
    EndOwnSession: end_own_session,
    EndSession: end_session,
    SetOneTimePassword: set_one_time_password,
    LockOperator: lock_and_sign_out,
    NoteSessionUses: note_session_uses,
    ForgetSignIns: forget_sign_ins,
}
