"""HQ's web applications, and what its status and traces tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from starlette.applications import Starlette

from common.db.leg_counts import LegCounts
from common.ids import format_id
from common.metrics import OpenLegs
from common.node_context import NodeContext
from common.program import apps
from common.program.node import Node, Role
from common.requests.model import RequestNotFound
from common.requests.queries import asked_steps
from common.requests.rest import service_request_api
from common.rest.resource import Api
from common.trace import describe_trace
from hq_node.directory.ceiling_routes import ceiling_routes
from hq_node.directory.commands import ExportRootKey, ImportRootKey
from hq_node.directory.draft_routes import draft_routes
from hq_node.directory.in_force import DirectoryInForce
from hq_node.directory.routes import node_routes
from hq_node.hub.queries import hub_leg_counts, hub_order_state, open_legs_by_home, relayed_leg_times, relayed_steps
from hq_node.hub.routes import hub_routes
from hq_node.publications.dictionary_routes import published_dictionary_routes
from hq_node.publications.routes import publication_routes


def trace(connection: sa.Connection, context: NodeContext, request_id: bytes) -> dict[str, Any]:
    """What HQ knows of a request's way: as the hub, and of its own requests as their origin. Raises RequestNotFound."""
    parts = {
        "origin": asked_steps(connection, context, request_id),
        "hub": relayed_steps(connection, request_id),
    }
    if not any(parts.values()):
        raise RequestNotFound(request_id=format_id(request_id))
    return describe_trace(format_id(request_id), parts, context.kinds)


def counts(connection: sa.Connection) -> dict[str, Any]:
    """HQ's own part of the status."""
    return {"hub": hub_order_state(connection)}


def legs(connection: sa.Connection) -> dict[str, LegCounts]:
    """The hub's legs by state."""
    return {"hub_legs": hub_leg_counts(connection)}


def open_legs(connection: sa.Connection, _context: NodeContext) -> list[OpenLegs]:
    """The hub's open legs, HQ's own among them."""
    return [OpenLegs(*legs) for legs in open_legs_by_home(connection)]


ROLE = Role("hq", trace, counts, legs, open_legs, relayed_leg_times)


def admin_app(node: Node, in_force: DirectoryInForce) -> Starlette:
    """The admin API."""
    own = (
        hub_routes(node),
        node_routes(node),
        ceiling_routes(node),
        publication_routes(node),
        published_dictionary_routes(node),
        draft_routes(node, in_force),
    )
    return apps.admin_app(node, own, telling_apis(node), {"root-export": ExportRootKey, "root-import": ImportRootKey})


def telling_apis(node: Node) -> tuple[Api, ...]:
    """Those APIs of the public REST interface that tell events; they do so whether or not it is on."""
    return (service_request_api(node),)


def rest_apis(node: Node) -> tuple[Api, ...]:
    """All APIs of the public REST interface."""
    # Imported here: a node without the interface has no use for it.
    from common.parameters.configuration_api import configuration_api
    from common.program.operations_api import operations_api
    from hq_node.directory.ceiling_rest import ceiling_tasks
    from hq_node.kind import KIND
    from hq_node.publications.rest import NETWORK_VERSION_AT_HQ, network_parameter_held, publication_tasks

    held = (network_parameter_held(node),)
    configuration = configuration_api(node, NETWORK_VERSION_AT_HQ, held, publication_tasks(node))
    own = (operations_api(node, KIND), federation_api(node))
    return apps.rest_apis(node, telling_apis(node), configuration, ceiling_tasks(node), own)


def federation_api(node: Node) -> Api:
    """Who belongs to the federation, and what goes through the hub."""
    from hq_node.directory.rest import node_tasks
    from hq_node.hub.rest import relayed_leg, trace_tasks

    tasks = tuple(replace(task, whole=True) for task in (*node_tasks(node), *trace_tasks(node)))
    return Api("federation", "/api/federation/v1", "Federation", (relayed_leg(node),), tasks=tasks, awaits=True)


def api_app(node: Node) -> Starlette:
    """The public REST interface."""
    return apps.api_app(node, "Quanwang CRM, HQ", rest_apis(node))
