"""Customers as TMF629 has them. Of what says who they are only the name: masks are lifted elsewhere, for a reason."""

from __future__ import annotations

import sqlalchemy as sa

from common.access_control.rights import FieldRight
from common.operators.row_scope import Belongs
from common.personal_data.masking import mask_name
from common.rest.attributes import MOMENT, Attribute, listed, not_empty
from common.rest.resource import Api, Resource
from province_node.customers.model import KINDS
from province_node.customers.permissions import READ
from province_node.customers.repository import CUSTOMERS

CUSTOMER = Resource(
    "customer",
    READ,
    CUSTOMERS,
    Attribute("id", CUSTOMERS.c.customer_number),
    (
        Attribute(
            "name",
            not_empty(CUSTOMERS.c.name),
            filterable=False,
            sortable=False,
            mask=mask_name,
            default=FieldRight.MASKED,
            personal=True,
            en="Who reads it in the clear is noted in the audit log.",
        ),
        Attribute("customerKind", CUSTOMERS.c.kind, listed(KINDS)),
        Attribute("cityCode", CUSTOMERS.c.city_code, en="The administrative division (GB/T 2260)."),
        Attribute("validFor.startDateTime", CUSTOMERS.c.created_at_us, MOMENT),
        Attribute("lastUpdate", CUSTOMERS.c.updated_at_us, MOMENT),
    ),
    # As require_reach_of_city asks of one.
    belongs=Belongs(CUSTOMERS.c.city_code),
    en="A person or an enterprise that has, or had, something from this province.",
)

CUSTOMER_API = Api("customerManagement", "/tmf-api/customerManagement/v4", "TMF629 Customer", (CUSTOMER,))


def of_customers_city(customer_number: sa.ColumnElement[str]) -> Belongs:
    """Whose rows are that name a customer: those of the customer's city. What is found of a customer is found with
    them, in whatever order cities are moved or customers erased."""

    def via(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        return customer_number.in_(sa.select(CUSTOMERS.c.customer_number).where(condition))

    return Belongs(CUSTOMERS.c.city_code, via=via)
