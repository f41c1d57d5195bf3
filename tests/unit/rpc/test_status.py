"""Errors reach callers as a status, a reason code, and words in their language; nothing else gets out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest
import pytest_asyncio

from common.errors import Fault, QuanwangError, Refusal, StorageUnavailable
from common.gen.quanwang.federation.v1 import enrolment_pb2 as pb
from common.gen.quanwang.federation.v1 import enrolment_pb2_grpc as pb_grpc
from common.rpc.status import StatusInterceptor, language_of, reason_code_of, status_code_of, status_of


class BalanceTooLow(Refusal):
    en = "The balance is {balance}."
    zh = "余额为 {balance}。"


class SubscriptionNotFound(Refusal):
    pass


class ActionNotPermitted(Refusal):
    pass


class MalformedLetter(Fault):
    pass


class EngineBroken(Fault):
    pass


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BalanceTooLow(balance=1), grpc.StatusCode.FAILED_PRECONDITION),
        (SubscriptionNotFound(), grpc.StatusCode.NOT_FOUND),
        (ActionNotPermitted(), grpc.StatusCode.PERMISSION_DENIED),
        (MalformedLetter(), grpc.StatusCode.INVALID_ARGUMENT),
        (EngineBroken(), grpc.StatusCode.INTERNAL),
        (StorageUnavailable(detail="full"), grpc.StatusCode.UNAVAILABLE),
    ],
)
def test_status_follows_from_what_the_error_is(error: QuanwangError, code: grpc.StatusCode) -> None:
    assert status_code_of(error) is code


def test_status_carries_code_and_words() -> None:
    status = status_of(BalanceTooLow(balance=3), "zh-cn")
    assert status.message == "余额为 3。"
    assert status.trailing_metadata == (("quanwang-reason-code", "BALANCE_TOO_LOW"),)


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        (None, "en"),
        ((), "en"),
        ((("accept-language", "zh-CN,zh;q=0.9,en;q=0.8"),), "zh-cn"),
        ((("Accept-Language", "en;q=0.8"),), "en"),
        ((("accept-language", ""),), "en"),
        ((("accept-language", b"zh"),), "en"),
        ((("other", "x"), ("accept-language", "zh")), "zh"),
    ],
)
def test_language_is_the_caller_s_first(metadata: Any, language: str) -> None:
    assert language_of(metadata) == language


class Servicer(pb_grpc.EnrolmentServiceServicer):
    """Raises whatever it is told to."""

    error: BaseException | None = None

    async def Enrol(self, request: pb.EnrolRequest, context: Any) -> pb.EnrolResponse:
        if self.error is not None:
            raise self.error
        if request.node == "abort":
            await context.abort(grpc.StatusCode.ABORTED, "on purpose")
        return pb.EnrolResponse(link_address=request.node)


@pytest.fixture
def servicer() -> Servicer:
    return Servicer()


@pytest_asyncio.fixture
async def stub(servicer: Servicer) -> AsyncIterator[Any]:
    server = grpc.aio.server(interceptors=[StatusInterceptor()])
    pb_grpc.add_EnrolmentServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield pb_grpc.EnrolmentServiceStub(channel)
    await server.stop(None)


async def failure(stub: Any, node: str = "", language: str = "en") -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Enrol(pb.EnrolRequest(node=node), metadata=(("accept-language", language),))
    return caught.value


async def test_answer_passes_untouched(stub: Any) -> None:
    assert (await stub.Enrol(pb.EnrolRequest(node="31"))).link_address == "31"


async def test_refusal_reaches_the_caller_in_its_language(stub: Any, servicer: Servicer) -> None:
    servicer.error = BalanceTooLow(balance=3)
    error = await failure(stub, language="zh-CN")
    assert (error.code(), error.details()) == (grpc.StatusCode.FAILED_PRECONDITION, "余额为 3。")
    assert reason_code_of(error) == "BALANCE_TOO_LOW"
    assert (await failure(stub)).details() == "The balance is 3."


async def test_unforeseen_failure_says_nothing_of_the_inside(stub: Any, servicer: Servicer) -> None:
    servicer.error = RuntimeError("password=hunter2")
    error = await failure(stub)
    assert error.code() is grpc.StatusCode.INTERNAL
    assert "hunter2" not in (error.details() or "")
    assert reason_code_of(error) == "UNFORESEEN_FAULT"


async def test_abort_by_the_servicer_stands(stub: Any) -> None:
    error = await failure(stub, node="abort")
    assert (error.code(), error.details(), reason_code_of(error)) == (grpc.StatusCode.ABORTED, "on purpose", "")


async def test_method_that_is_not_served_is_unimplemented() -> None:
    server = grpc.aio.server(interceptors=[StatusInterceptor()])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        error = await failure(pb_grpc.EnrolmentServiceStub(channel))
    await server.stop(None)
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED
