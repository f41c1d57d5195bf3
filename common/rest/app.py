"""The application of the public REST interface: the declared resources under their addresses, behind one door."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from common.errors import Fault, QuanwangError, TemporaryFault
from common.log import get_logger
from common.program.node import Node
from common.rest.access import Access
from common.rest.calls import Call
from common.rest.door import ActorOf, Door, WholeBody, error_answer, nobody
from common.rest.endpoints import Endpoints, StreamCount
from common.rest.errors import RestRefusal
from common.rest.held import Held
from common.rest.held_endpoints import HeldEndpoints
from common.rest.rates import Rate
from common.rest.resource import FOR_ANYBODY, Api, Resource
from common.rest.tasks import do_task
from common.web import AddressNotFound, CallNames, CountRefused, InternalRequestFault, language_of

log = get_logger()

Endpoint = Callable[[Call], Awaitable[Any]]


class MethodNotOffered(RestRefusal):
    """The address is there, but not for this."""

    status = 405
    headers = ("allow",)
    en = "This address takes {allow} only."
    zh = "此地址仅支持 {allow}。"


class Methods:
    """What is done at one address, by method."""

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._endpoints = dict(endpoints)
        if "GET" in endpoints:
            self._endpoints["HEAD"] = endpoints["GET"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._endpoints.get(scope["method"])
        if endpoint is None:
            raise MethodNotOffered(allow=", ".join(self._endpoints))
        response = await endpoint(Call(Request(scope)))
        await response(scope, receive, send)


def build_api(
    node: Node, apis: Sequence[Api], access: Access, actor_of: ActorOf = nobody, further: Iterable[BaseRoute] = ()
) -> Starlette:
    """The application of these APIs. `actor_of`: who calls; without it the interface is closed. `further`: what else is
    there."""
    limits = node.settings.api
    running = StreamCount()
    routes = [
        route
        for api in apis
        for resource in api.resources
        for route in _routes(api, resource, Endpoints(node, api, resource, access, running))
    ]
    routes += [route for api in apis for held in api.held for route in _held_routes(node, api.address(held), held)]
    tasks = [(api.task_address(task), task) for api in apis for task in api.tasks]
    for_anybody = frozenset((task.method, address) for address, task in tasks if task.needs is FOR_ANYBODY)
    by_address: dict[str, dict[str, Endpoint]] = {}
    for address, task in tasks:
        by_address.setdefault(address, {})[task.method] = partial(do_task, task=task)
    app = Starlette(
        routes=[*routes, *(Route(address, Methods(of_it)) for address, of_it in by_address.items()), *further],
        middleware=[
            Middleware(CountRefused, refused=partial(node.metrics.call_refused, "rest")),
            Middleware(CallNames),
            Middleware(
                Door,
                actor_of=actor_of,
                clock=node.clock,
                of_address=Rate(limits.address_calls_a_second, limits.address_calls_at_once),
                of_caller=Rate(limits.caller_calls_a_second, limits.caller_calls_at_once),
                for_anybody=for_anybody,
            ),
            Middleware(WholeBody, bytes_max=limits.body_bytes_max, seconds_max=limits.body_seconds_max),
        ],
        exception_handlers={QuanwangError: _known, HTTPException: _http, Exception: _unforeseen},
    )
    app.router.redirect_slashes = False
    return app


def _routes(api: Api, resource: Resource, at: Endpoints) -> list[BaseRoute]:
    """The addresses of one resource."""
    address = api.address(resource)
    of_all: dict[str, Endpoint] = {"GET": at.read_list}
    of_one: dict[str, Endpoint] = {"GET": at.read_one}
    if resource.create is not None:
        of_all["POST"] = at.create
    if resource.change is not None:
        of_one["PATCH"] = at.change
    if resource.delete is not None:
        of_one["DELETE"] = at.delete
    views = [
        Route(f"{address}/{{id}}/{view.name}", Methods({"GET": partial(at.view, view=view)})) for view in resource.views
    ]
    return [Route(address, Methods(of_all)), Route(f"{address}/{{id}}", Methods(of_one)), *views]


def _held_routes(node: Node, address: str, held: Held) -> list[BaseRoute]:
    """The addresses of a resource that is held in memory."""
    at = HeldEndpoints(node, address, held)
    of_one: dict[str, Endpoint] = {"GET": at.read_one}
    if held.change is not None:
        of_one["PATCH"] = at.change
    return [Route(address, Methods({"GET": at.read_list})), Route(f"{address}/{{id}}", Methods(of_one))]


async def _known(request: Request, error: Exception) -> Response:
    known = error if isinstance(error, QuanwangError) else InternalRequestFault()
    if isinstance(known, Fault) and not isinstance(known, TemporaryFault):
        log.error("request failed", path=_route_of(request), code=known.code)
    return error_answer(known, _language(request))


async def _http(request: Request, error: Exception) -> Response:
    """Of the framework's own refusals only this one is left: nothing is at the address."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    return error_answer(AddressNotFound(detail=request.method), _language(request), status)


async def _unforeseen(request: Request, error: Exception) -> Response:
    log.error("request failed", path=_route_of(request), error=type(error).__name__, exc_info=error)
    return error_answer(InternalRequestFault(), _language(request))


def _route_of(request: Request) -> str:
    """Which address it was, without what somebody wrote into it."""
    route = request.scope.get("route")
    return str(getattr(route, "path", "-"))


def _language(request: Request) -> str:
    return language_of(request.headers.get("accept-language"))
