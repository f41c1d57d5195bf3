"""Subscriptions as TMF637 has them: the products that customers hold."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from common.operators.row_scope import Belongs
from common.rest.attributes import MOMENT, Attribute, Constant, listed
from common.rest.resource import Api, Resource
from province_node.subscriptions.model import STATUSES
from province_node.subscriptions.permissions import READ
from province_node.subscriptions.repository import SUBSCRIPTIONS

ATTRIBUTES = (
    Attribute("name", SUBSCRIPTIONS.c.offering),
    Attribute("status", SUBSCRIPTIONS.c.status, listed(STATUSES)),
    Attribute("statusDate", SUBSCRIPTIONS.c.status_since_us, MOMENT, en="Since when it has this status."),
    Attribute("startDate", SUBSCRIPTIONS.c.created_at_us, MOMENT),
    Attribute("productOffering.id", SUBSCRIPTIONS.c.offering),
    Attribute("relatedParty[].id", SUBSCRIPTIONS.c.customer_number, en="The customer whose it is."),
)


def product_api(belonging: Callable[[sa.ColumnElement[str]], Belongs]) -> Api:
    """`belonging(customer_number)`: whose subscriptions are, by their customer."""
    product = Resource(
        "product",
        READ,
        SUBSCRIPTIONS,
        Attribute("id", SUBSCRIPTIONS.c.subscription_id),
        ATTRIBUTES,
        (
            Constant("relatedParty[].role", "customer"),
            Constant("relatedParty[].@referredType", "Customer"),
        ),
        belongs=belonging(SUBSCRIPTIONS.c.customer_number),
        en="What a customer has from this province.",
    )
    return Api("productInventory", "/tmf-api/productInventory/v4", "TMF637 Product inventory", (product,))
