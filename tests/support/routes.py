"""The routes of an admin API, looked at from outside."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import Route

from common.routing import Called, Parameters


def asked_for(app: Starlette) -> dict[str, Parameters]:
    """What each route asks for, by its address; fails where that cannot be worked out."""
    found = {}
    for route in app.routes:
        assert isinstance(route, Route)
        called = route.endpoint.__self__  # type: ignore[attr-defined]
        assert isinstance(called, Called)
        found[route.path] = called.parameters
    return found
