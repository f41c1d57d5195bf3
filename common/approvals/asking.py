"""Where a command needs a second person, it is not carried out but stored; the one place where that is decided.

Every rule is asked first: the command is carried out, so that what it would refuse is refused at once and what it would
change can be shown, and undone again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from common.access_control.actor import ActorKind
from common.access_control.approval import Approval
from common.access_control.needs import Declared, Needs
from common.approvals.approval_states import APPROVAL, ASKER, NONE, Facts
from common.approvals.model import PENDING_OF_ONE_MAX, REASON_CHARACTERS_MAX, ApprovalAwaited, ApprovalsTooMany
from common.approvals.parameters import MACHINE_OWNER_ASKS, VALID_HOURS
from common.approvals.repository import RECORD_CHARACTERS_MAX, ApprovalBook, ApprovalRow
from common.approvals.stored_commands import sealed, written
from common.clock import iso
from common.ids import format_id

Handlers = Mapping[type, Callable[[Any, Any], Any]]

HOUR_US = 3_600_000_000


def asking(handlers: Handlers, declared: Declared) -> dict[type, Callable[[Any, Any], Any]]:
    """The handlers, of which those ask whose commands are declared to need approval."""
    return {kind: _asking(handler, declared.get(kind)) for kind, handler in handlers.items()}


def _asking(handler: Callable[[Any, Any], Any], needs: Any) -> Callable[[Any, Any], Any]:
    if not isinstance(needs, Needs) or needs.approval is None:
        return handler
    approval = needs.approval

    def ask_or_do(command: Any, uow: Any) -> Any:
        if not _is_needed(approval, command, uow):
            return handler(command, uow)
        handler(command, uow)
        change = uow.change
        uow.start_over()
        return _ask(command, needs, approval, change, uow)

    return ask_or_do


def _is_needed(approval: Approval, command: Any, uow: Any) -> bool:
    if uow.actor.kind is ActorKind.SYSTEM:
        return False
    book, now_us = uow.node.parameters, uow.now_us
    if uow.actor.kind is ActorKind.LOCAL and not book.value(MACHINE_OWNER_ASKS, now_us):
        return False
    if approval.switch is not None and not book.value(approval.switch, now_us):
        return False
    return approval.when(command, uow)


def _ask(command: Any, needs: Needs, approval: Approval, change: str, uow: Any) -> ApprovalAwaited:
    """Stores it; what waits already is not stored twice. Raises ApprovalsTooMany, CommandTooLarge, ReaderUnknown."""
    book, actor = ApprovalBook(uow), uow.actor
    content, kind = written(command), type(command).__name__
    digest = hashlib.sha256(f"{kind}\0{actor.organisation}\0".encode() + content).digest()
    waiting = book.pending_of(actor.kind, actor.name, PENDING_OF_ONE_MAX)
    known = next((approval_id for approval_id, other in waiting if other == digest), None)
    if known is not None:
        return _awaited(book.get(known), approval, uow)
    if len(waiting) >= PENDING_OF_ONE_MAX:
        raise ApprovalsTooMany(most=PENDING_OF_ONE_MAX)
    approval_id = uow.ids.new()
    expires_at_us = uow.now_us + uow.node.parameters.value(VALID_HOURS, uow.now_us) * HOUR_US
    row = ApprovalRow(
        approval_id=approval_id,
        state=APPROVAL.row_for(NONE, "ask", ASKER, None).next_state(NONE, Facts(uow.now_us)),
        action=approval.action,
        command_kind=kind,
        command=sealed(content, approval_id, uow.node) if approval.personal else content,
        encrypted=approval.personal,
        digest=digest,
        record=needs.record(command)[:RECORD_CHARACTERS_MAX],
        change=change,
        reason=(needs.reason(command) or actor.why)[:REASON_CHARACTERS_MAX],
        asker_kind=actor.kind,
        asker=actor.name,
        organisation_id=actor.organisation,
        channel=actor.channel,
        address=actor.address,
        session=actor.session,
        asked_at_us=uow.now_us,
        expires_at_us=expires_at_us,
    )
    book.add(row)
    return _awaited(row, approval, uow)


def _awaited(row: ApprovalRow, approval: Approval, uow: Any) -> ApprovalAwaited:
    changes = json.loads(row.change) if row.change else {}
    uow.change = json.dumps({"approval": format_id(row.approval_id), **changes}, ensure_ascii=False, sort_keys=True)
    named = {"approval": format_id(row.approval_id), "permission": str(approval.permission)}
    return ApprovalAwaited(named["approval"], **named, until=iso(row.expires_at_us))
