"""What somebody needs in order to deal with customers."""

from __future__ import annotations

from common.access_control.needs import Declared, Needs
from province_node.customers.commands import ImportCustomers

NEEDS: Declared = {ImportCustomers: Needs("customer", "import")}
