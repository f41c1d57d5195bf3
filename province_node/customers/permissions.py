"""What somebody needs in order to deal with customers."""

from __future__ import annotations

from typing import Any

from common.access_control.approval import Approval
from common.access_control.needs import Declared, Needs
from common.access_control.rights import Permission
from common.audit.entry import CUSTOMER
from common.audit.entry import REVEAL as READING_IN_FULL
from common.personal_data.parameters import ERASING_APPROVAL
from province_node.customers.commands import (
    EraseCustomer,
    ExportCustomer,
    ImportCustomers,
    NoteCustomerSearch,
    RevealCustomer,
    ShowCustomer,
)

READ = Permission("customer", "read")
SEARCH = Permission("customer", "search")
REVEAL = Permission(CUSTOMER, READING_IN_FULL)
EXPORT = Permission("customer", "export")
ERASE = Permission("customer", "erase")
READING = frozenset({READ})


def _number(wish: ShowCustomer | RevealCustomer | ExportCustomer | EraseCustomer) -> str:
    return wish.customer_number


def _why(wish: RevealCustomer | EraseCustomer) -> str:
    return wish.reason


def _has_personal_data(wish: EraseCustomer, uow: Any) -> bool:
    """Erasing again what is erased takes nothing away, and goes on with what was left."""
    return not uow.customers.is_erased(wish.customer_number)


ERASING = Approval(
    "erase-customer",
    ERASING_APPROVAL,
    "Erasing a customer's personal data",
    "删除客户个人信息",
    when=_has_personal_data,
)

NEEDS: Declared = {
    ImportCustomers: Needs("customer", "import"),
    ShowCustomer: Needs(READ.resource, READ.action, record=_number, customer=_number),
    NoteCustomerSearch: Needs(SEARCH.resource, SEARCH.action),
    RevealCustomer: Needs(REVEAL.resource, REVEAL.action, record=_number, reason=_why, customer=_number),
    ExportCustomer: Needs(EXPORT.resource, EXPORT.action, record=_number, customer=_number),
    EraseCustomer: Needs(ERASE.resource, ERASE.action, record=_number, reason=_why, customer=_number, approval=ERASING),
}
