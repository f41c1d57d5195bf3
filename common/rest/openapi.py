"""The OpenAPI document: made from the same declarations as the routes, so that it says what is true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from common.rest import paging, streams
from common.rest.attributes import Attribute, Form
from common.rest.bodies import JSON_TYPE, MERGE_PATCH_TYPE
from common.rest.commands import KEY_CHARS_MAX
from common.rest.filters import COMPARISONS, EQUAL, VALUE_CHARS_MAX
from common.rest.held import Held
from common.rest.reason import REASON_CHARACTERS_MAX, REASON_HEADER
from common.rest.resource import FOR_ANYBODY, Api, Resource, Task, View

Json = dict[str, Any]

REFERENCE = "#/components/schemas/{model}"
ALWAYS = {401: "Nobody knows who is calling.", 403: "The caller may not do this.", 429: "Too many calls.", 503: "Busy."}
WITH_BODY = {
    400: "The body cannot be read.",
    408: "The body came too slowly.",
    409: "A rule says no.",
    413: "The body is too large.",
    415: "The body is of another type.",
    422: "The body does not fit.",
}
UNFIT = {400: "A parameter does not fit."}
NOT_THERE = {404: "There is none of this id."}
MATCHING = {412: "It has changed since it was read.", 428: "If-Match is missing."}

ERROR_SCHEMA: Json = {
    "type": "object",
    "required": ["code", "reason"],
    "additionalProperties": False,
    "properties": {
        "code": {"type": "string", "description": "What programs decide on."},
        "reason": {"type": "string", "description": "In the caller's language (Accept-Language)."},
        "message": {"type": "string", "description": "In English."},
        "status": {"type": "string"},
        "@type": {"type": "string"},
        "details": {
            "type": "array",
            "description": "What is wrong field by field.",
            "items": {
                "type": "object",
                "required": ["path", "code", "reason"],
                "additionalProperties": False,
                "properties": {name: {"type": "string"} for name in ("path", "code", "reason")},
            },
        },
    },
}

AWAITED_SCHEMA: Json = {
    "type": "object",
    "required": ["code", "reason", "approval"],
    "additionalProperties": False,
    "properties": {
        "code": {"type": "string", "const": "APPROVAL_AWAITED"},
        "reason": {"type": "string", "description": "In the caller's language (Accept-Language)."},
        "message": {"type": "string", "description": "In English."},
        "status": {"type": "string"},
        "@type": {"type": "string"},
        "approval": {
            "type": "object",
            "required": ["id", "href"],
            "additionalProperties": False,
            "properties": {
                "id": {"type": "string", "format": "uuid"},
                "href": {"type": "string", "format": "uri-reference"},
            },
        },
    },
}


def openapi_document(title: str, version: str, apis: Sequence[Api]) -> Json:
    """The document of these APIs."""
    paths: Json = {}
    schemas: Json = {"Error": ERROR_SCHEMA, **_model_schemas(_models(apis))}
    for api in apis:
        for resource in api.resources:
            schemas[resource.type_name] = resource_schema(resource)
            if resource.create is not None:
                schemas[_created(resource)] = _created_schema(resource)
            paths |= _paths(api, resource)
        for held in api.held:
            schemas[held.type_name] = _held_schema(held)
            paths |= _held_paths(api, held)
        for task in api.tasks:
            paths.setdefault(api.task_address(task), {})[task.method.lower()] = _task(api, task)
    if any(api.awaits for api in apis):
        schemas["ApprovalAwaited"] = AWAITED_SCHEMA
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "tags": [{"name": api.title} for api in apis],
        "security": [{"token": []}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _models(apis: Sequence[Api]) -> Iterable[type[BaseModel]]:
    for api in apis:
        for resource in api.resources:
            if resource.create is not None:
                yield resource.create.body
            if resource.change is not None:
                yield resource.change.body
            yield from (view.document for view in resource.views)
        for held in api.held:
            yield held.document
            if held.change is not None:
                yield held.change.body
        for task in api.tasks:
            yield from (model for model in (task.body, task.document, task.parameters) if model is not None)


def _model_schemas(models: Iterable[type[BaseModel]]) -> Json:
    wanted = [(model, "validation") for model in dict.fromkeys(models)]
    _, made = models_json_schema(wanted, by_alias=True, ref_template=REFERENCE)  # type: ignore[arg-type]
    return dict(made.get("$defs", {}))


def resource_schema(resource: Resource) -> Json:
    """A resource's document. Only `id` and `href` are always there: `fields` may leave out the rest."""
    schema = _object()
    schema["required"] = ["id", "href"]
    _declare(schema, "id", dict(resource.key.form.schema))
    _declare(schema, "href", {"type": "string", "format": "uri-reference"})
    for attribute in resource.attributes:
        _declare(schema, attribute.path, _value(attribute))
    for constant in resource.constants:
        _declare(schema, constant.path, {"type": "string", "const": constant.value})
    for collection in resource.collections:
        part = _object()
        for attribute in collection.attributes:
            _declare(part, attribute.path, _value(attribute))
        listed: Json = {"type": "array", "items": part}
        schema["properties"][collection.name] = listed | ({"description": collection.en} if collection.en else {})
    _declare(schema, "@type", {"type": "string", "const": resource.type_name})
    return schema | ({"description": resource.en} if resource.en else {})


def _object() -> Json:
    return {"type": "object", "properties": {}, "additionalProperties": False}


def _declare(schema: Json, path: str, value: Json) -> None:
    *above, last = path.split(".")
    for part in above:
        name = part.removesuffix("[]")
        if part.endswith("[]"):
            listed = schema["properties"].setdefault(name, {"type": "array", "items": _object()})
            schema = listed["items"]
        else:
            schema = schema["properties"].setdefault(name, _object())
    schema["properties"][last] = value


def _value(attribute: Attribute) -> Json:
    return dict(attribute.form.schema) | ({"description": attribute.en} if attribute.en else {})


def _paths(api: Api, resource: Resource) -> Json:
    address = api.address(resource)
    of_all = {"get": _list(api, resource)}
    of_one: Json = {"parameters": [_id(resource)], "get": _get(api, resource)}
    if resource.create is not None:
        of_all["post"] = _create(api, resource)
    if resource.change is not None:
        of_one["patch"] = _change(api, resource)
    if resource.delete is not None:
        of_one["delete"] = _delete(api, resource)
    views = {
        f"{address}/{{id}}/{view.name}": {"parameters": [_id(resource)], "get": _view(api, resource, view)}
        for view in resource.views
    }
    return {address: of_all, f"{address}/{{id}}": of_one, **views}


def _list(api: Api, resource: Resource) -> Json:
    documents = {"type": "array", "items": _reference(resource.type_name)}
    contents: Json = {JSON_TYPE: {"schema": documents}}
    if resource.streamed:
        contents |= {kind: {"schema": {"type": "string"}} for kind in (streams.NDJSON, streams.CSV)}
    counts: Json = {
        "X-Total-Count": _header("How many there are.", {"type": "integer"}, required=False),
        "X-Result-Count": _header("How many are in this answer.", {"type": "integer"}, required=False),
        "Link": _header("Where the further pages are (RFC 8288).", {"type": "string"}, required=False),
    }
    answers = {
        "200": {"description": "All that fit.", "headers": counts, "content": contents},
        "206": {"description": "A part.", "headers": counts, "content": {JSON_TYPE: {"schema": documents}}},
        **_errors(ALWAYS, UNFIT, {406: "The answer cannot be written so."}),
    }
    parameters = [*_list_conventions(resource), *_filters(resource), *_reading_reason(resource)]
    return _operation(api, f"list{resource.type_name}", f"List {resource.name}", parameters, answers)


def _list_conventions(resource: Resource) -> list[Json]:
    sorts = ", ".join(resource.sorts)
    whole = {"type": "integer", "minimum": 0, "maximum": paging.OFFSET_MAX, "default": 0}
    limit = {"type": "integer", "minimum": 1, "maximum": paging.LIMIT_MAX, "default": paging.LIMIT_DEFAULT}
    return [
        _query("offset", whole, "Where the page begins."),
        _query("limit", limit, "How many are on a page."),
        _query(
            "sort", {"type": "string"}, f"Names parted by commas, a minus before one for the greatest first: {sorts}"
        ),
        _fields(resource),
    ]


def _fields(resource: Resource) -> Json:
    known = ", ".join(resource.first_level)
    return _query(
        "fields", {"type": "string"}, f"Which attributes are wanted beside id and href; none: no other. {known}"
    )


def _filters(resource: Resource) -> list[Json]:
    parameters = []
    for name, attribute in resource.filters.items():
        for comparison in COMPARISONS if attribute.form.ordered else (EQUAL,):
            suffix = "" if comparison == EQUAL else f".{comparison}"
            parameters.append(
                _query(
                    name + suffix, _filter_schema(attribute.form), f"{attribute.form.en}; or several, parted by commas."
                )
            )
    return parameters


def _filter_schema(form: Form) -> Json:
    return {"type": "string", "maxLength": VALUE_CHARS_MAX} | (
        {"examples": list(form.schema["enum"])} if "enum" in form.schema else {}
    )


def _get(api: Api, resource: Resource) -> Json:
    answers = {
        "200": _document(resource, "The resource.", {"ETag": _etag()}),
        "304": {"description": "It is the one that If-None-Match names.", "headers": {"ETag": _etag()}},
        **_errors(ALWAYS, UNFIT, NOT_THERE),
    }
    match = _in_header("If-None-Match", "The ETag of the document that the caller has.")
    parameters = [_fields(resource), match, *_reading_reason(resource)]
    return _operation(api, f"get{resource.type_name}", f"Read one {resource.name}", parameters, answers)


def _view(api: Api, resource: Resource, view: View) -> Json:
    name = view.document.__name__
    content = {JSON_TYPE: {"schema": _reference(name)}}
    answers = {"200": {"description": view.en or name, "content": content}, **_errors(ALWAYS, NOT_THERE)}
    return _operation(api, f"get{resource.type_name}{name}", view.en or name, [], answers)


def _create(api: Api, resource: Resource) -> Json:
    assert resource.create is not None
    headers = {
        "Location": _header("Where it is.", {"type": "string", "format": "uri-reference"}),
        "ETag": _etag(),
        "Idempotent-Replayed": _header("This answer was given before.", {"type": "string"}, required=False),
    }
    answers = {
        "201": _document(resource, "It is there.", headers, _created(resource)),
        **_errors(ALWAYS, WITH_BODY, {404: "What the body names is not there."}),
    }
    key = _in_header(
        "Idempotency-Key",
        "The same key with the same body gives the first answer again; with another body it is refused (422).",
        {"type": "string", "minLength": 1, "maxLength": KEY_CHARS_MAX, "pattern": "^[!-~]+$"},
    )
    operation = _operation(
        api, f"create{resource.type_name}", resource.create.en or f"Create {resource.name}", [key], answers
    )
    return _awaiting(api, operation) | {"requestBody": _body(resource.create.body, JSON_TYPE)}


def _change(api: Api, resource: Resource) -> Json:
    assert resource.change is not None
    answers = {
        "200": _document(resource, "As it is now.", {"ETag": _etag()}),
        **_errors(ALWAYS, WITH_BODY, NOT_THERE, MATCHING),
    }
    summary = resource.change.en or f"Change {resource.name}"
    operation = _operation(
        api, f"patch{resource.type_name}", summary, [_if_match(resource.change.needs_match)], answers
    )
    return _awaiting(api, operation) | {"requestBody": _body(resource.change.body, MERGE_PATCH_TYPE, JSON_TYPE)}


def _delete(api: Api, resource: Resource) -> Json:
    assert resource.delete is not None
    answers = {
        "204": {"description": "It is gone."},
        **_errors(ALWAYS, NOT_THERE, MATCHING, {400: "A deletion has no body.", 409: "A rule says no."}),
    }
    summary = resource.delete.en or f"Delete {resource.name}"
    match = [_if_match(resource.delete.needs_match)]
    return _awaiting(api, _operation(api, f"delete{resource.type_name}", summary, match, answers))


def _held_schema(held: Held) -> Json:
    """What the model says, with the document's place and type."""
    schema = dict(_model_schemas([held.document])[held.document.__name__])
    placed = {"id": {"type": "string"}, "href": {"type": "string", "format": "uri-reference"}}
    typed = {"@type": {"type": "string", "const": held.type_name}}
    return schema | {"properties": placed | schema["properties"] | typed, "additionalProperties": False}


def _held_paths(api: Api, held: Held) -> Json:
    address, one = api.address(held), {"ETag": _etag()}
    schema = _reference(held.type_name)
    counts = {name: _header("How many there are.", {"type": "integer"}) for name in ("X-Total-Count", "X-Result-Count")}
    all_of_them = {JSON_TYPE: {"schema": {"type": "array", "items": schema}}}
    document = {"headers": one, "content": {JSON_TYPE: {"schema": schema}}}
    listed = {"200": {"description": held.en, "headers": counts, "content": all_of_them}, **_errors(ALWAYS, UNFIT)}
    read = {
        "200": {"description": held.en} | document,
        "304": {"description": "It is the one that If-None-Match names.", "headers": one},
        **_errors(ALWAYS, UNFIT, NOT_THERE),
    }
    known = _in_header("If-None-Match", "The ETag of the document that the caller has.")
    of_one: Json = {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        "get": _operation(api, f"get{held.type_name}", f"Read one {held.name}", [known], read),
    }
    if held.change is not None:
        changed = {"200": {"description": "As it is now."} | document}
        answers = changed | _errors(ALWAYS, WITH_BODY, NOT_THERE, MATCHING)
        operation = _operation(api, f"patch{held.type_name}", held.change.en, [_if_match(needed=True)], answers)
        of_one["patch"] = _awaiting(api, operation) | {
            "requestBody": _body(held.change.body, MERGE_PATCH_TYPE, JSON_TYPE)
        }
    of_all = {"get": _operation(api, f"list{held.type_name}", f"List {held.name}", [], listed)}
    return {address: of_all, f"{address}/{{id}}": of_one}


def _task(api: Api, task: Task) -> Json:
    if task.document is None:
        answers: Json = {"204": {"description": "It is done."}}
    else:
        content = {JSON_TYPE: {"schema": _reference(task.document.__name__)}}
        answers = {"200": {"description": task.document.__doc__ or "It is done.", "content": content}}
    answers |= _errors(ALWAYS, WITH_BODY, {404: "What the body names is not there."})
    operation = _operation(api, task.name, task.en, _parameters(task), answers)
    if task.needs is FOR_ANYBODY:
        operation["security"] = []
    elif task.method != "GET":
        operation = _awaiting(api, operation)
    return operation | ({} if task.body is None else {"requestBody": _body(task.body, JSON_TYPE)})


def _parameters(task: Task) -> list[Json]:
    """What the address of a task may name."""
    if task.parameters is None:
        return []
    schema = task.parameters.model_json_schema(by_alias=True)
    needed = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": of_it}
        for name, of_it in schema["properties"].items()
    ]


def _awaiting(api: Api, operation: Json) -> Json:
    """Something that is changed: who asks may say why, and a second person may have to agree."""
    if not api.awaits:
        return operation
    content = {JSON_TYPE: {"schema": _reference("ApprovalAwaited")}}
    where = {"Location": _header("Where the request for approval is.", {"type": "string", "format": "uri-reference"})}
    waits = {"description": "It waits until somebody else approves it.", "headers": where, "content": content}
    operation["parameters"].append(_reason("Why; kept in the audit log, and shown to whoever approves it."))
    operation["responses"]["202"] = waits
    return operation


def _operation(api: Api, name: str, summary: str, parameters: list[Json], answers: Json) -> Json:
    language = _in_header("Accept-Language", "zh-CN or en: the language of errors.")
    return {
        "operationId": f"{api.name}_{name}",
        "summary": summary,
        "tags": [api.title],
        "parameters": [*parameters, language],
        "responses": answers,
    }


def _body(model: type[BaseModel], *types: str) -> Json:
    return {"required": True, "content": {kind: {"schema": _reference(model.__name__)} for kind in types}}


def _created(resource: Resource) -> str:
    """The name of what is answered to its creation."""
    assert resource.create is not None
    return resource.type_name if resource.create.tells is None else f"Created{resource.type_name}"


def _created_schema(resource: Resource) -> Json:
    schema = resource_schema(resource)
    assert resource.create is not None
    if resource.create.tells is not None:
        schema["properties"][resource.create.tells[0]] = {"type": "string", "description": "Told this once."}
    return schema


def _document(resource: Resource, description: str, headers: Json, schema: str = "") -> Json:
    content = {JSON_TYPE: {"schema": _reference(schema or resource.type_name)}}
    return {"description": description, "headers": headers, "content": content}


def _errors(*groups: Mapping[int, str]) -> Json:
    told: dict[int, list[str]] = {}
    for group in groups:
        for status, description in group.items():
            told.setdefault(status, []).append(description)
    content = {JSON_TYPE: {"schema": _reference("Error")}}
    answers: Json = {
        str(status): {"description": " ".join(words), "content": content} for status, words in sorted(told.items())
    }
    if "429" in answers:
        seconds = _header("After how many seconds to try again.", {"type": "integer"})
        answers["429"] = answers["429"] | {"headers": {"Retry-After": seconds}}
    return answers


def _reference(name: str) -> Json:
    return {"$ref": REFERENCE.format(model=name)}


def _id(resource: Resource) -> Json:
    return {"name": "id", "in": "path", "required": True, "schema": dict(resource.key.form.schema)}


def _query(name: str, schema: Json, description: str) -> Json:
    return {"name": name, "in": "query", "schema": schema, "description": description}


def _in_header(name: str, description: str, schema: Json | None = None) -> Json:
    return {"name": name, "in": "header", "schema": schema or {"type": "string"}, "description": description}


def _reading_reason(resource: Resource) -> list[Json]:
    """Of resources with personal data."""
    return [_reason("Why personal data is read, for the audit log.")] if resource.personal else []


def _reason(what_for: str) -> Json:
    text = f"{what_for} At most {REASON_CHARACTERS_MAX} characters; what is not ASCII is percent-encoded UTF-8."
    return _in_header(REASON_HEADER, text)


def _if_match(needed: bool) -> Json:
    return _in_header("If-Match", "The ETag of what is meant.") | {"required": needed}


def _etag() -> Json:
    return _header("Changes whenever the document does.", {"type": "string"})


def _header(description: str, schema: Json, required: bool = True) -> Json:
    return {"description": description, "schema": schema, "required": required}
