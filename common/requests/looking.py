"""Looking at what was answered about a customer of another province: in full for a reason, within a limit, and noted in
the transaction that shows it (SYS-01, SYS-03)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common.access_control.rights import FieldRight, Rights
from common.audit.entry import CUSTOMER
from common.errors import Refusal
from common.ids import format_id
from common.operators.reach import reaches_record
from common.personal_data.revealing import require_reason, require_within_limit
from common.requests.answers import described_answer, has_personal_data
from common.requests.commands import RevealAnswer
from common.requests.leg_states import COMPLETED
from common.requests.model import AskedLeg, RequestNotFound
from common.requests.permissions import REVEAL


class NothingToReveal(Refusal):
    """No answer to the request holds personal data, or none any more."""

    en = "No answer to request {request_id} holds personal data: it has none yet, hides nothing, or was erased."
    zh = "请求 {request_id} 的应答中没有个人信息：尚未答复、本无脱敏内容，或已删除。"


class SeveralAnswers(Refusal):
    """One is looked at at a time."""

    en = "Several nodes answered with personal data: {nodes}. Say whose answer you need."
    zh = "多个节点的应答含个人信息：{nodes}。请指明需要查看哪个节点的应答。"


def reveal_answer(command: RevealAnswer, uow: Any) -> dict[str, Any]:
    """Which node answered, and its answer in the clear, without what is hidden from the actor.

    Raises RevealReasonMissing, RevealedTooOften, RequestNotFound, NothingToReveal, SeveralAnswers.
    """
    require_reason(command.reason)
    require_within_limit(uow)
    request = uow.requests.get(command.request_id)
    if request is None or not reaches_record(uow, REVEAL, request.organisation, request.operator):
        raise RequestNotFound(request_id=format_id(command.request_id))
    leg = _answered_leg(command, uow)
    answer = _seen(described_answer(leg.answer, request.kind, uow.node, revealed=True), uow.actor.rights)
    uow.customer = str(answer.get("customer_number", ""))
    uow.describe_change(None, {"revealed": sorted(answer)})
    return {"destination": leg.destination, "answer": answer}


def _answered_leg(command: RevealAnswer, uow: Any) -> AskedLeg:
    legs = [leg for leg in uow.requests.legs_of(command.request_id) if command.destination in ("", leg.destination)]
    answered = [leg for leg in legs if leg.state == COMPLETED and has_personal_data(leg.answer)]
    if not answered:
        raise NothingToReveal(request_id=format_id(command.request_id))
    if len(answered) > 1:
        raise SeveralAnswers(nodes=", ".join(leg.destination for leg in answered))
    return answered[0]


def _seen(answer: dict[str, Any] | None, rights: Rights) -> dict[str, Any]:
    """Without the fields that the actor may not see of any customer."""
    fields = (answer or {}).items()
    return {
        name: value
        for name, value in fields
        if name == "customer_number" or rights.field_right(CUSTOMER, name, FieldRight.VISIBLE) is not FieldRight.HIDDEN
    }


HANDLERS: dict[type, Callable[[Any, Any], Any]] = {RevealAnswer: reveal_answer}
