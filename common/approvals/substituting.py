"""Naming who stands in for whom while they are away: who may approve what they could, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common.access_control.version import hold
from common.approvals.commands import EndOwnSubstitution, EndSubstitution, NameOwnSubstitute, NameSubstitute
from common.approvals.model import (
    SUBSTITUTES_OF_ONE_MAX,
    SUBSTITUTION_US_MAX,
    SubstitutionNotFound,
    SubstitutionUnfit,
    fit_reason,
)
from common.approvals.naming import END_SUBSTITUTION, NAME_SUBSTITUTE
from common.approvals.repository import SubstitutionBook, SubstitutionRow
from common.ids import format_id
from common.operators.model import LOCKED
from common.operators.reach import require_another
from common.operators.repository import OperatorBook
from common.organisations.reach import require_reach


def name_substitute(command: NameSubstitute, uow: Any) -> SubstitutionRow:
    """For somebody else. Raises OperatorNotFound, OwnRightsFixed, OutsideScope, SubstitutionUnfit,
    ApprovalReasonMissing."""
    operator = OperatorBook(uow).get(command.operator)
    require_another(operator, uow)
    require_reach(uow, NAME_SUBSTITUTE, operator.organisation_id)
    return _name(command.operator, command, uow)


def name_own_substitute(command: NameOwnSubstitute, uow: Any) -> SubstitutionRow:
    """Raises OperatorNotFound, SubstitutionUnfit, ApprovalReasonMissing."""
    return _name(uow.actor.name, command, uow)


def end_substitution(command: EndSubstitution, uow: Any) -> SubstitutionRow:
    """Raises SubstitutionNotFound, OutsideScope, ApprovalReasonMissing."""
    row = SubstitutionBook(uow).get(command.substitution_id)
    require_reach(uow, END_SUBSTITUTION, OperatorBook(uow).get(row.operator).organisation_id)
    return _end(row, command, uow)


def end_own_substitution(command: EndOwnSubstitution, uow: Any) -> SubstitutionRow:
    """Raises SubstitutionNotFound, ApprovalReasonMissing."""
    row = SubstitutionBook(uow).get(command.substitution_id)
    if row.operator != uow.actor.name:
        raise SubstitutionNotFound(substitution=format_id(command.substitution_id))
    return _end(row, command, uow)


def _name(operator: str, command: NameSubstitute | NameOwnSubstitute, uow: Any) -> SubstitutionRow:
    reason = fit_reason(command.reason, needed=True)
    # Of two that come at once, the one is counted when the other is.
    hold(uow)
    book, from_us = SubstitutionBook(uow), max(command.from_us, uow.now_us)
    if command.substitute == operator:
        raise _unfit("nobody stands in for themselves", "不能由本人代理本人")
    if OperatorBook(uow).get(command.substitute).state == LOCKED:
        raise _unfit("the operator is locked", "该操作员已锁定")
    if not from_us < command.until_us <= from_us + SUBSTITUTION_US_MAX:
        raise _unfit("it ends after it begins, and within 366 days", "结束时间应晚于开始时间，且不超过 366 天")
    if book.count_open(operator) >= SUBSTITUTES_OF_ONE_MAX:
        most = SUBSTITUTES_OF_ONE_MAX
        raise _unfit(
            f"{operator} has {most} that are in force or to come already",
            f"{operator} 已有 {most} 个生效中或待生效的代理",
        )
    row = SubstitutionRow(
        uow.ids.new(), operator, command.substitute, from_us, command.until_us, uow.actor.name[:64], reason
    )
    book.add(row)
    uow.describe_change(None, _shown(row))
    return row


def _end(row: SubstitutionRow, command: EndSubstitution | EndOwnSubstitution, uow: Any) -> SubstitutionRow:
    fit_reason(command.reason, needed=False)
    ended = row._replace(ended_at_us=uow.now_us)
    SubstitutionBook(uow).save(ended)
    uow.describe_change(_shown(row), None)
    return ended


def _shown(row: SubstitutionRow) -> dict[str, Any]:
    times = {"from_us": row.from_us, "until_us": row.until_us}
    return {"operator": row.operator, "substitute": row.substitute, **times}


def _unfit(en: str, zh: str) -> SubstitutionUnfit:
    return SubstitutionUnfit(detail=en, detail_zh=zh)


HANDLERS: dict[type, Callable[[Any, Any], Any]] = {
    NameSubstitute: name_substitute,
    NameOwnSubstitute: name_own_substitute,
    EndSubstitution: end_substitution,
    EndOwnSubstitution: end_own_substitution,
}
