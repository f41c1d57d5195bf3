"""Routes of the admin API and of health: functions that are given what their parameters ask for, read and checked.

A parameter that the address names comes from there; a model or a dictionary is the body, as JSON; `Header` marks one
that comes from a header, `InQuery` a model whose fields stand in the query; all else stands there under its own name.
Pydantic checks types and limits (`Annotated[int, Field(ge=1)]`), and only once a route is first asked for is its
checker made: a node that nobody asks keeps none in memory.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, compile_path

from common.errors import Refusal
from common.validation import finding_of

FINDINGS_MAX = 10
JSON_TYPE = "application/json"
NOT_GIVEN: Any = object()

Function = Callable[..., Coroutine[Any, Any, Any]]


class MalformedInput(Refusal):
    """The request is not one that this address takes."""

    en = "The request cannot be read: {detail}."
    zh = "请求无法解析：{detail_zh}。"


@dataclass(frozen=True, slots=True)
class Header:
    """Marks a parameter that comes from the header of this name."""

    name: str


class InQuery:
    """Marks a parameter that is a model whose fields stand in the query, each by itself."""


class Router:
    """Routes with one beginning of their addresses, in the order in which they are tried."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self.routes: list[Route] = []

    def get(self, path: str) -> Callable[[Function], Function]:
        """The function answers GET at this address; what it returns is the document."""
        return self._add(path, "GET", 200)

    def post(self, path: str, status_code: int = 200) -> Callable[[Function], Function]:
        """The function answers POST at this address; what it returns is the document."""
        return self._add(path, "POST", status_code)

    def _add(self, path: str, method: str, status: int) -> Callable[[Function], Function]:
        def add(function: Function) -> Function:
            address = self._prefix + path
            called = Called(function, frozenset(compile_path(address)[2]), status)
            self.routes.append(Route(address, called.answer, methods=[method]))
            return function

        return add


class Called:
    """A function that answers calls."""

    def __init__(self, function: Callable[..., Awaitable[Any]], in_path: frozenset[str], status: int) -> None:
        self._function = function
        self._in_path = in_path
        self._status = status

    async def answer(self, request: Request) -> Response:
        """The function's answer: a response of its own, or a document."""
        result = await self._function(**await self.parameters.read(request))
        if isinstance(result, Response):
            return result
        return Response(to_json(result, inf_nan_mode="null"), self._status, media_type=JSON_TYPE)

    @cached_property
    def parameters(self) -> Parameters:
        """What the function asks for."""
        return Parameters(self._function, self._in_path)


class Parameters:
    """What a function asks for: where each parameter comes from, and what it may be. Raises MalformedInput."""

    def __init__(self, function: Callable[..., Awaitable[Any]], in_path: frozenset[str]) -> None:
        declared = inspect.signature(function).parameters
        kinds = get_type_hints(function, include_extras=True)
        self._request = next((name for name in declared if kinds[name] is Request), "")
        names = [name for name in declared if name != self._request]
        self._sources = {name: _source_of(name, kinds[name], in_path) for name in names}
        fields: dict[str, Any] = {
            name: (kinds[name], ... if declared[name].default is inspect.Parameter.empty else declared[name].default)
            for name in names
        }
        self._model = create_model("Parameters", __config__=ConfigDict(arbitrary_types_allowed=True), **fields)
        self._keys = {name: field.alias or name for name, field in self._model.model_fields.items()}
        self._places = {key: self._sources[name].place for name, key in self._keys.items()}

    async def read(self, request: Request) -> dict[str, Any]:
        """What this call gives, by parameter."""
        given: dict[str, Any] = {}
        for name, key in self._keys.items():
            found = await self._sources[name].read(request, key)
            if found is not NOT_GIVEN:
                given[key] = found
        try:
            checked = self._model.model_validate(given)
        except ValidationError as error:
            findings = [(self._where(each), finding_of(each)) for each in error.errors()[:FINDINGS_MAX]]
            raise MalformedInput(
                detail="; ".join(f"{where}: {finding.en}" for where, finding in findings),
                detail_zh="；".join(f"{where}：{finding.zh}" for where, finding in findings),
            ) from None
        values = {name: getattr(checked, name) for name in self._keys}
        return values | {self._request: request} if self._request else values

    def _where(self, finding: Mapping[str, Any]) -> str:
        first, *further = finding["loc"] or ("",)
        place = self._places.get(first, "")
        return ".".join(map(str, [place, *further] if further or place == "body" else [place, first]))


@dataclass(frozen=True, slots=True)
class Source:
    """Where a parameter comes from: `place` for people, `read` with the request and the parameter's name there."""

    place: str
    read: Callable[[Request, str], Awaitable[Any]]


def _source_of(name: str, kind: Any, in_path: frozenset[str]) -> Source:
    bare, *marks = get_args(kind) if get_origin(kind) is Annotated else (kind,)
    header = next((mark for mark in marks if isinstance(mark, Header)), None)
    if name in in_path:
        return Source("path", _from_path)
    if header is not None:
        return Source("header", _from_header(header.name))
    if InQuery in marks:
        return Source("query", _from_whole_query(bare))
    if _is_document(bare):
        return Source("body", _from_body)
    return Source("query", _from_query)


def _is_document(kind: Any) -> bool:
    if get_origin(kind) in (Union, UnionType):
        return any(_is_document(each) for each in get_args(kind) if each is not NoneType)
    bare = get_origin(kind) or kind
    return isinstance(bare, type) and issubclass(bare, (BaseModel, dict))


async def _from_path(request: Request, name: str) -> Any:
    return request.path_params[name]


async def _from_query(request: Request, name: str) -> Any:
    return request.query_params.get(name, NOT_GIVEN)


def _from_header(header: str) -> Callable[[Request, str], Awaitable[Any]]:
    async def read(request: Request, _name: str) -> Any:
        return request.headers.get(header, NOT_GIVEN)

    return read


def _from_whole_query(model: type[BaseModel]) -> Callable[[Request, str], Awaitable[Any]]:
    async def read(request: Request, _name: str) -> Any:
        return {name: value for name, value in request.query_params.items() if name in model.model_fields}

    return read


async def _from_body(request: Request, _name: str) -> Any:
    body = await request.body()
    if not body:
        return NOT_GIVEN
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON_TYPE:
        raise MalformedInput(
            detail=f"body: it must be of the type {JSON_TYPE}", detail_zh=f"body：类型应为 {JSON_TYPE}"
        )
    try:
        return json.loads(body)
    except ValueError as error:
        en = zh = ""
        if isinstance(error, json.JSONDecodeError):
            en, zh = f" ({error.msg}, character {error.pos})", f"（第 {error.pos} 个字符）"
        raise MalformedInput(detail=f"body: it is not JSON{en}", detail_zh=f"body：不是有效的 JSON{zh}") from None
