"""HQ's web applications, and what its status and traces tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from starlette.applications import Starlette

from common.alarms.routes import alarm_routes
from common.api_tokens.routes import token_routes
from common.audit.routes import MakeDeed, audit_routes
from common.backup.commands import CreateBackup
from common.db.leg_counts import LegCounts
from common.evidence.routes import evidence_routes
from common.ids import format_id
from common.journal.routes import journal_routes
from common.live.routes import live_routes
from common.metrics import OpenLegs
from common.node_context import NodeContext
from common.operators.routes import operator_admin_routes
from common.organisations.routes import organisation_routes
from common.parameters.routes import parameter_routes
from common.parked.routes import parked_routes
from common.program.key_routes import key_routes
from common.program.node import Node, Role
from common.program.routes import health_routes, operator_routes
from common.requests.model import RequestNotFound
from common.requests.queries import asked_steps
from common.requests.rest import service_request_api
from common.requests.routes import request_routes
from common.rest.access import ByRights
from common.rest.app import build_api
from common.rest.documentation import documentation_routes
from common.rest.resource import Api
from common.sign_in.routes import sign_in_routes
from common.trace import describe_trace
from common.version import SOFTWARE_VERSION
from common.web import build_app
from hq_node.directory.commands import ExportRootKey, ImportRootKey
from hq_node.directory.draft_routes import draft_routes
from hq_node.directory.in_force import DirectoryInForce
from hq_node.directory.routes import node_routes
from hq_node.hub.queries import hub_leg_counts, hub_order_state, open_legs_by_home, relayed_leg_times, relayed_steps
from hq_node.hub.routes import hub_routes


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


OUTSIDE: Mapping[str, MakeDeed] = {
    "backup-create": CreateBackup,
    "root-export": ExportRootKey,
    "root-import": ImportRootKey,
}
"""What HQ's command line does by itself, beside the node."""


def admin_app(node: Node, in_force: DirectoryInForce) -> Starlette:
    """The admin API."""
    routers = [
        operator_routes(node),
        alarm_routes(node),
        audit_routes(node, OUTSIDE),
        organisation_routes(node),
        operator_admin_routes(node),
        sign_in_routes(node),
        token_routes(node),
        key_routes(node),
        live_routes(node),
        request_routes(node),
        hub_routes(node),
        parked_routes(node),
        evidence_routes(node),
        journal_routes(node),
        node_routes(node),
        draft_routes(node, in_force),
        parameter_routes(node),
    ]
    return build_app(routers, node.settings.http.request_body_bytes_max)


def health_app(node: Node) -> Starlette:
    """Health and metrics."""
    return build_app([health_routes(node)], node.settings.http.request_body_bytes_max)


def telling_apis(node: Node) -> tuple[Api, ...]:
    """Those APIs of the public REST interface that tell events; they do so whether or not it is on."""
    return (service_request_api(node),)


def rest_apis(node: Node) -> tuple[Api, ...]:
    """All APIs of the public REST interface."""
    # Imported here: a node without the interface has no use for it.
    from common.organisations.rest import PARTY_API
    from common.sign_in.access_api import access_api

    return (access_api(node), PARTY_API, *telling_apis(node))


def api_app(node: Node) -> Starlette:
    """The public REST interface."""
    apis = rest_apis(node)
    title = "Quanwang CRM, HQ"
    further = documentation_routes(title, SOFTWARE_VERSION, apis)
    return build_api(node, apis, ByRights(node.core.node), node.sign_in.callers.actor_of, further)
