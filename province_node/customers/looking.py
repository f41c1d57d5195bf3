"""Looking at a customer's personal data: done in the transaction that notes it in the audit log, so that nothing is
shown of which the log does not tell (SYS-03)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common.errors import Refusal
from common.personal_data.revealing import require_reason, require_within_limit
from province_node.customers.commands import NoteCustomerSearch, RevealCustomer, ShowCustomer
from province_node.customers.permissions import READ, REVEAL
from province_node.customers.queries import FOUND_MAX
from province_node.customers.reach import require_reach_of_city
from province_node.customers.searching import is_hidden, masked, seen

REVEALABLE = ("document_number", "contact_number", "address")


class RevealFieldUnknown(Refusal):
    """Nothing of that name is masked."""

    en = "{field} is not a field that is masked; there are: {fields}."
    zh = "{field} 不是脱敏字段，可查看的字段：{fields}。"


class RevealFieldHidden(Refusal):
    """It is not masked for whoever asks, but not there at all."""

    en = "{field} cannot be shown: your roles, or a ceiling of headquarters, hide it."
    zh = "{field} 不能查看：您的角色或总部限定隐藏了该字段。"


def show_customer(command: ShowCustomer, uow: Any) -> dict[str, Any]:
    """The customer, masked, without what is hidden from the actor. Raises CustomerNotFound, CustomerErased."""
    customer = uow.customers.get(command.customer_number)
    require_reach_of_city(uow, READ, customer.city_code)
    return seen(masked(customer), uow.actor.rights)


def note_customer_search(command: NoteCustomerSearch, uow: Any) -> None:
    """What was looked for is not noted; whom it led to is."""
    numbers = list(command.found[:FOUND_MAX])
    noted = {"by": command.by, "city_code": command.city_code, "count": len(command.found), "found": numbers}
    uow.describe_change(None, noted)


def reveal_customer(command: RevealCustomer, uow: Any) -> dict[str, str]:
    """The fields in the clear; where none is named, all that are not hidden from the actor.

    Raises RevealReasonMissing, RevealFieldUnknown, RevealFieldHidden, RevealedTooOften, CustomerNotFound,
    CustomerErased.
    """
    require_reason(command.reason)
    for field in command.fields:
        if field not in REVEALABLE:
            raise RevealFieldUnknown(field=repr(field[:64]), fields=", ".join(REVEALABLE))
        if is_hidden(field, uow.actor.rights):
            raise RevealFieldHidden(field=field)
    require_within_limit(uow)
    customer = uow.customers.get(command.customer_number)
    require_reach_of_city(uow, REVEAL, customer.city_code)
    fields = command.fields or [field for field in REVEALABLE if not is_hidden(field, uow.actor.rights)]
    uow.describe_change(None, {"revealed": sorted(fields)})
    return {field: getattr(customer, field) for field in fields}


HANDLERS: dict[type, Callable[[Any, Any], Any]] = {
    ShowCustomer: show_customer,
    NoteCustomerSearch: note_customer_search,
    RevealCustomer: reveal_customer,
}
