"""Deciding requests for approval, and carrying out what was agreed: in one transaction, as whoever asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from common.access_control.actor import Actor, ActorKind, local_actor
from common.access_control.approval import RESOURCE
from common.access_control.guard import Guard
from common.access_control.rights import NOTHING, Rights
from common.access_control.version import hold
from common.alarms.handlers import raise_alarm
from common.api_tokens.repository import TokenBook
from common.approvals.approval_states import ALARM, APPROVAL, APPROVER, ASKER, EXPIRED, NODE, OWNER, PENDING, Facts
from common.approvals.commands import Approve, BreakGlass, ExpireApprovals, Refuse, Withdraw
from common.approvals.judging import judge
from common.approvals.model import (
    STATES_ZH,
    ApprovalEnded,
    ChangedSinceAsked,
    NotYourRequest,
    OwnersAlone,
    fit_reason,
)
from common.approvals.repository import ApprovalBook, ApprovalRow
from common.approvals.stored_commands import opened, read
from common.approvals.substituting import HANDLERS as substitute_handlers
from common.errors import Refusal
from common.ids import format_id, parse_id
from common.operators.repository import RoleBook
from common.operators.rights_now import acting_as, is_active, operator_now
from common.state_table import Row

Handlers = Mapping[type, Callable[[Any, Any], Any]]

DONE_UNAPPROVED = "DONE_WITHOUT_APPROVAL"


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a request. `failure`: the code for which it was approved, but not carried out."""

    approval_id: bytes
    state: str
    failure: str = ""


def handlers(others: Handlers, guard: Guard) -> dict[type, Callable[[Any, Any], Any]]:
    """`others`: the handlers of the commands that may need approval, as they are without it."""
    # To name a substitute for somebody else may need approval itself.
    others = {**others, **substitute_handlers}
    kinds = {kind.__name__: kind for kind in others if (needs := guard.needs_of(kind)) and needs.approval is not None}

    def approve(command: Approve, uow: Any) -> Decided:
        """Raises ApprovalNotFound, ApprovalEnded, ApprovalReasonMissing, and what `judge` raises."""
        reason = fit_reason(command.reason, needed=False)
        hold(uow)
        row = _open(command.approval_id, uow)
        absent = judge(row, uow)
        return carry_out(row, "approve", APPROVER, absent, reason, uow)

    def break_glass(command: BreakGlass, uow: Any) -> Decided:
        """Raises OwnersAlone, ApprovalNotFound, ApprovalEnded, ApprovalReasonMissing."""
        if uow.actor.kind is not ActorKind.LOCAL:
            raise OwnersAlone()
        reason = fit_reason(command.reason, needed=True)
        hold(uow)
        row = _open(command.approval_id, uow)
        return carry_out(row, "break-glass", OWNER, "", reason, uow)

    def carry_out(row: ApprovalRow, event: str, by: str, absent: str, reason: str, uow: Any) -> Decided:
        """What rules say against it ends the request as well: an agreement is used once."""
        step = APPROVAL.row_for(row.state, event, by, row, Facts(uow.now_us))
        asker, wish, failed = asker_now(row, uow), None, None
        try:
            with acting_as(uow, asker):
                wish = _command_of(row, kinds, uow)
                guard.admit(wish, asker)
                others[type(wish)](wish, uow)
            _require_as_shown(row, uow.change)
        except Refusal as refusal:
            failed = refusal
            uow.start_over()
            # Where that was a new transaction, somebody else may have come first.
            row = _open(row.approval_id, uow)
        if wish is not None:
            note_as_asker(wish, asker, row, absent, failed, uow)
        failure = "" if failed is None else failed.code
        if ALARM in step.emits and failed is None:
            told = f"{uow.actor.name}: {row.action} {row.record}: {reason}"
            raise_alarm(uow, DONE_UNAPPROVED, format_id(row.approval_id), told[:512])
        return _end(row, step, Facts(uow.now_us, failure), absent, reason, uow)

    def note_as_asker(wish: Any, asker: Actor, row: ApprovalRow, absent: str, failed: Refusal | None, uow: Any) -> None:
        """The audit log's entry of the command itself: the asker's, with who agreed."""
        entry = guard.entry(wish, replace(asker, why=row.reason), failed)
        assert entry is not None, "the node itself asks nobody"
        by = {"approval": format_id(row.approval_id), "approved_by": uow.actor.name, "approved_for": absent}
        change = json.loads(uow.change) if uow.change else {}
        uow.audit(replace(entry, details=json.dumps({**by, **change}, ensure_ascii=False, sort_keys=True)))

    return {Approve: approve, BreakGlass: break_glass, **substitute_handlers, **_DECIDING}


def refuse(command: Refuse, uow: Any) -> Decided:
    """Raises ApprovalNotFound, ApprovalEnded, ApprovalReasonMissing, and what `judge` raises."""
    reason = fit_reason(command.reason, needed=True)
    hold(uow)
    row = _open(command.approval_id, uow)
    absent = judge(row, uow)
    step = APPROVAL.row_for(row.state, "refuse", APPROVER, row, Facts(uow.now_us))
    return _end(row, step, Facts(uow.now_us), absent, reason, uow)


def withdraw(command: Withdraw, uow: Any) -> Decided:
    """Raises ApprovalNotFound, ApprovalEnded, ApprovalReasonMissing, NotYourRequest."""
    reason = fit_reason(command.reason, needed=False)
    row = _open(command.approval_id, uow)
    if (row.asker_kind, row.asker) != (uow.actor.kind, uow.actor.name):
        raise NotYourRequest()
    step = APPROVAL.row_for(row.state, "withdraw", ASKER, row, Facts(uow.now_us))
    return _end(row, step, Facts(uow.now_us), "", reason, uow)


def expire_approvals(command: ExpireApprovals, uow: Any) -> int:
    """How many have expired."""
    book, facts = ApprovalBook(uow), Facts(uow.now_us)
    expired = 0
    for approval_id in book.overdue(command.most):
        row = book.get(approval_id)
        # Between the search and the lock another process may have ended it.
        if row.state == PENDING:
            step = APPROVAL.row_for(row.state, "expire", NODE, row, facts)
            book.save(row._replace(state=step.next_state(row.state, facts), command=b"", decided_at_us=uow.now_us))
            expired += 1
    return expired


def asker_now(row: ApprovalRow, uow: Any) -> Actor:
    """Whoever asked, from where they asked, with what they may do by now."""
    kind, rights = ActorKind(row.asker_kind), NOTHING
    if kind is ActorKind.LOCAL:
        rights = local_actor(row.asker, uow.node.access_limits).rights
    elif kind is ActorKind.OPERATOR:
        rights = operator_now(uow, row.asker, row.organisation_id).rights
    elif kind is ActorKind.CLIENT:
        rights = _rights_of_token(parse_id(row.session), uow)
    return Actor(kind, row.asker, row.organisation_id, row.channel, row.address, row.session, rights)


def _rights_of_token(token_id: bytes, uow: Any) -> Rights:
    token = TokenBook(uow).find(token_id)
    if token is None or token.revoked_at_us or token.expires_at_us <= uow.now_us:
        return NOTHING
    role = RoleBook(uow).find(token.role)
    if role is None or not is_active(uow, token.organisation_id):
        return NOTHING
    return role.narrowed(token.permissions.split()).cut(uow.node.access_limits)


def _command_of(row: ApprovalRow, kinds: Mapping[str, type], uow: Any) -> Any:
    content = row.command
    if row.encrypted:
        content = opened(content, row.approval_id, uow.node, row.command_kind)
    return read(row.command_kind, content, kinds)


def _require_as_shown(row: ApprovalRow, change: str) -> None:
    """Raises ChangedSinceAsked where what is changed was not what it was when the change was shown."""
    shown, found = (json.loads(text)["before"] if text else None for text in (row.change, change))
    if shown != found:
        raise ChangedSinceAsked()


def _open(approval_id: bytes, uow: Any) -> ApprovalRow:
    """The request, as long as it can be decided. Raises ApprovalNotFound, ApprovalEnded."""
    row = ApprovalBook(uow).get(approval_id)
    # It may be over though the timer has not come by yet.
    state = EXPIRED if row.state == PENDING and row.expires_at_us <= uow.now_us else row.state
    if state != PENDING:
        raise ApprovalEnded(approval=format_id(approval_id), state=state, state_zh=STATES_ZH[state])
    return row


def _end(row: ApprovalRow, step: Row, facts: Facts, absent: str, reason: str, uow: Any) -> Decided:
    ended = row._replace(
        state=step.next_state(row.state, facts),
        command=b"",
        decider_kind=uow.actor.kind,
        decider=uow.actor.name,
        decided_for=absent,
        decided_at_us=uow.now_us,
        decision_reason=reason,
        failure=facts.failed,
    )
    ApprovalBook(uow).save(ended)
    after = {"state": ended.state, "action": f"{RESOURCE}:{row.action}", "record": row.record, "asker": row.asker}
    uow.describe_change({"state": row.state}, {**after, "decided_for": absent, "failure": facts.failed})
    return Decided(row.approval_id, ended.state, facts.failed)


_DECIDING: dict[type, Callable[[Any, Any], Any]] = {
    Refuse: refuse,
    Withdraw: withdraw,
    ExpireApprovals: expire_approvals,
}
