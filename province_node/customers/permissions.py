"""What somebody needs in order to deal with customers."""

from __future__ import annotations

from common.access_control.needs import Declared, Needs
from common.access_control.rights import Permission
from province_node.customers.commands import EraseCustomer, ExportCustomer, ImportCustomers

READ = Permission("customer", "read")
READING = frozenset({READ})

NEEDS: Declared = {
    ImportCustomers: Needs("customer", "import"),
    ExportCustomer: Needs("customer", "export", record=lambda wish: wish.customer_number),
    EraseCustomer: Needs(
        "customer", "erase", record=lambda wish: wish.customer_number, reason=lambda wish: wish.reason
    ),
}
