"""The HTTP applications of a node: what every node answers at its ports, and what its role adds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from starlette.applications import Starlette

from common.alarms.routes import alarm_routes
from common.api_tokens.routes import token_routes
from common.approvals.routes import approval_routes
from common.audit.routes import MakeDeed, audit_routes
from common.backup.commands import CreateBackup
from common.dictionaries.routes import dictionary_routes
from common.event_hub.routes import hub_routes
from common.evidence.routes import evidence_routes
from common.interfaces.routes import interface_routes
from common.journal.routes import journal_routes
from common.live.routes import live_routes
from common.operators.routes import operator_admin_routes
from common.organisations.routes import organisation_routes
from common.parameters.routes import parameter_routes
from common.parked.routes import parked_routes
from common.program.key_routes import key_routes
from common.program.node import Node
from common.program.routes import health_routes, operator_routes
from common.requests.routes import request_routes
from common.rest.access import ByRights
from common.rest.app import build_api
from common.rest.documentation import documentation_routes
from common.rest.resource import Api, Task
from common.routing import Router
from common.sign_in.routes import sign_in_routes
from common.version import SOFTWARE_VERSION
from common.web import build_app

OUTSIDE: Mapping[str, MakeDeed] = MappingProxyType({"backup-create": CreateBackup})
"""What the command line of every node does by itself, beside the node."""


def admin_app(
    node: Node,
    own: Iterable[Router],
    telling: Sequence[Api],
    outside: Mapping[str, MakeDeed] = MappingProxyType({}),
) -> Starlette:
    """The admin API. `own`: the role's routes; `telling`: its APIs that tell events; `outside`: what its command line
    does beside the node."""
    routers = [
        operator_routes(node),
        alarm_routes(node),
        audit_routes(node, {**OUTSIDE, **outside}),
        organisation_routes(node),
        operator_admin_routes(node),
        sign_in_routes(node),
        token_routes(node),
        hub_routes(node, telling),
        approval_routes(node),
        parameter_routes(node),
        dictionary_routes(node),
        interface_routes(node),
        key_routes(node),
        live_routes(node),
        request_routes(node),
        parked_routes(node),
        evidence_routes(node),
        journal_routes(node),
        *own,
    ]
    return build_app(routers, node.settings.http.request_body_bytes_max, partial(node.metrics.call_refused, "admin"))


def health_app(node: Node) -> Starlette:
    """Health and metrics."""
    return build_app([health_routes(node)], node.settings.http.request_body_bytes_max)


def rest_apis(
    node: Node, telling: Sequence[Api], configuration: Api, access_tasks: Sequence[Task] = (), own: Sequence[Api] = ()
) -> tuple[Api, ...]:
    """All APIs of the public REST interface. `telling`: the role's own, which tell events whether or not it is on;
    `configuration`: that of parameters, as the role has it; `access_tasks`: what it adds to that of access
    management; `own`: its further ones."""
    # Imported here: a node without the interface has no use for it.
    from common.organisations.rest import PARTY_API
    from common.sign_in.access_api import access_api

    return (access_api(node, access_tasks), PARTY_API, configuration, *own, *telling)


def api_app(node: Node, title: str, apis: Sequence[Api]) -> Starlette:
    """The public REST interface."""
    further = documentation_routes(title, SOFTWARE_VERSION, apis)
    return build_api(node, apis, ByRights(node.core.node), node.sign_in.callers.actor_of, further)
