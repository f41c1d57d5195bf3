"""A province's web applications, and what its status and traces tell."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from starlette.applications import Starlette

from common.db.leg_counts import LegCounts
from common.evidence.windows import LegTimes
from common.ids import format_id
from common.metrics import OpenLegs
from common.node_context import NodeContext
from common.personal_data.routes import personal_data_routes
from common.program import apps
from common.program.node import Node, Role
from common.requests.model import RequestNotFound
from common.requests.queries import asked_leg_times, asked_steps, open_asked_legs
from common.requests.rest import service_request_api
from common.requests.routes import answer_routes
from common.rest.resource import Api
from common.trace import describe_trace
from province_node.authentication.routes import authentication_routes
from province_node.customers.queries import customer_count, records_left
from province_node.customers.rest import CUSTOMER_API, of_customers_city
from province_node.customers.routes import customer_routes
from province_node.serving.queries import requests_about, served_leg_times, served_steps, serving_leg_counts
from province_node.serving.routes import serving_routes
from province_node.subscriptions.queries import subscription_counts
from province_node.subscriptions.rest import product_api
from province_node.subscriptions.routes import subscription_routes

PRODUCT_API = product_api(of_customers_city)


def trace(connection: sa.Connection, context: NodeContext, request_id: bytes) -> dict[str, Any]:
    """What this province knows of a request's way: where it began, where it is carried out, or both. Raises
    RequestNotFound."""
    parts = {
        "origin": asked_steps(connection, context, request_id),
        "home": served_steps(connection, context.node, request_id),
    }
    if not any(parts.values()):
        raise RequestNotFound(request_id=format_id(request_id))
    return describe_trace(format_id(request_id), parts, context.kinds)


def counts(_connection: sa.Connection) -> dict[str, Any]:
    """A province has nothing of its own in the status but its legs."""
    return {}


def legs(connection: sa.Connection) -> dict[str, LegCounts]:
    """The legs that this province carries out, by state."""
    return {"legs_served": serving_leg_counts(connection)}


def open_legs(connection: sa.Connection, context: NodeContext) -> list[OpenLegs]:
    """The open legs of this province's own requests."""
    return [OpenLegs(*legs) for legs in open_asked_legs(connection, context.kinds)]


def leg_times(connection: sa.Connection, context: NodeContext, request_id: bytes, now_us: int) -> list[LegTimes]:
    """The legs of a request that began here, or that this province carries out, or both."""
    return [
        *asked_leg_times(connection, context.node, request_id, now_us),
        *served_leg_times(connection, context.node, request_id, now_us),
    ]


ROLE = Role("province", trace, counts, legs, open_legs, leg_times)


def admin_app(node: Node) -> Starlette:
    """The admin API."""
    own = (
        answer_routes(node),
        serving_routes(node),
        customer_routes(node, subscription_counts, requests_about),
        authentication_routes(node),
        personal_data_routes(node, records_left, customer_count),
        subscription_routes(node),
    )
    return apps.admin_app(node, own, telling_apis(node))


def telling_apis(node: Node) -> tuple[Api, ...]:
    """Those APIs of the public REST interface that tell events; they do so whether or not it is on."""
    return (service_request_api(node), CUSTOMER_API, PRODUCT_API)


def rest_apis(node: Node) -> tuple[Api, ...]:
    """All APIs of the public REST interface."""
    # Imported here: a node without the interface has no use for it.
    from common.parameters.configuration_api import configuration_api
    from common.program.operations_api import operations_api
    from province_node.kind import KIND

    return apps.rest_apis(node, telling_apis(node), configuration_api(node), own=(operations_api(node, KIND),))


def api_app(node: Node) -> Starlette:
    """The public REST interface."""
    return apps.api_app(node, "Quanwang CRM", rest_apis(node))
