"""Errors as gRPC says them: a status, the message in the caller's language, the reason code in the trailing metadata.

The code is what programs decide on; the message is for people. What was not foreseen is told to nobody but the log.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple

import grpc
import grpc.aio

from common.errors import Fault, QuanwangError, Refusal, TemporaryFault
from common.log import get_logger

log = get_logger()

REASON_CODE_KEY = "quanwang-reason-code"
LANGUAGE_KEY = "accept-language"
DEFAULT_LANGUAGE = "en"
LANGUAGE_CHARACTERS_MAX = 100

Metadata = Iterable[tuple[str, str | bytes]]

_BY_ENDING = {
    "_NOT_FOUND": grpc.StatusCode.NOT_FOUND,
    "_NOT_PERMITTED": grpc.StatusCode.PERMISSION_DENIED,
}
_BY_BEGINNING = {"MALFORMED_": grpc.StatusCode.INVALID_ARGUMENT}


class UnforeseenFault(Fault):
    """Something failed in a way that nobody foresaw; the log says how."""

    en = "The request failed for a reason inside the node. The node's log says more."
    zh = "请求因节点内部原因失败，详情见节点日志。"


class Status(NamedTuple):
    """What a call is ended with."""

    code: grpc.StatusCode
    message: str
    trailing_metadata: tuple[tuple[str, str], ...]


def status_code_of(error: QuanwangError) -> grpc.StatusCode:
    """The status for an error: what is away for now is UNAVAILABLE, what broke is INTERNAL, what a rule refused is
    FAILED_PRECONDITION. Names say more: `SubscriptionNotFound` is NOT_FOUND, `ActionNotPermitted` PERMISSION_DENIED,
    `MalformedInvitation` INVALID_ARGUMENT.
    """
    if isinstance(error, TemporaryFault):
        return grpc.StatusCode.UNAVAILABLE
    for beginning, code in _BY_BEGINNING.items():
        if error.code.startswith(beginning):
            return code
    if not isinstance(error, Refusal):
        return grpc.StatusCode.INTERNAL
    for ending, code in _BY_ENDING.items():
        if error.code.endswith(ending):
            return code
    return grpc.StatusCode.FAILED_PRECONDITION


def status_of(error: QuanwangError, language: str) -> Status:
    """The status, the message in `language`, and the trailing metadata for an error."""
    return Status(status_code_of(error), error.text(language), ((REASON_CODE_KEY, error.code),))


def language_of(metadata: Metadata | None) -> str:
    """The first language that a caller names ("zh-CN,zh;q=0.9" is "zh-CN"), English where it names none."""
    for key, value in metadata or ():
        if key.lower() == LANGUAGE_KEY and isinstance(value, str):
            first = value[:LANGUAGE_CHARACTERS_MAX].split(",")[0].split(";")[0].strip().lower()
            return first or DEFAULT_LANGUAGE
    return DEFAULT_LANGUAGE


def reason_code_of(error: grpc.aio.AioRpcError) -> str:
    """For callers: the reason code that a failed call ended with; empty where the node gave none."""
    for key, value in error.trailing_metadata() or ():
        if key == REASON_CODE_KEY:
            return value if isinstance(value, str) else value.decode("ascii", "replace")
    return ""


class StatusInterceptor(grpc.aio.ServerInterceptor):
    """Ends unary calls that raise with the status for what they raised. Streams pass it untouched."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        handler = await continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        return grpc.unary_unary_rpc_method_handler(
            _mapped(handler.unary_unary, handler_call_details.method),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )


def _mapped(behaviour: Callable[..., Any], method: str) -> Callable[..., Awaitable[Any]]:
    async def mapped(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        try:
            return await behaviour(request, context)
        except QuanwangError as error:
            status = status_of(error, language_of(context.invocation_metadata()))
        except grpc.aio.AbortError:
            raise
        except Exception:
            log.exception("call failed", method=method)
            status = status_of(UnforeseenFault(), language_of(context.invocation_metadata()))
        return await context.abort(status.code, status.message, status.trailing_metadata)

    return mapped
