"""The generated stubs, as a synchronous client would use them: methods, kinds of streams, and messages of the services.

Our own programs are asynchronous throughout and are tested over real connections; this holds the generated code alone
against what the .proto files define, without a server.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import grpc_testing
import pytest

from common.gen.quanwang.federation.v1 import enrolment_pb2, enrolment_pb2_grpc, link_pb2, link_pb2_grpc

UNARY = [enrolment_pb2.DESCRIPTOR.services_by_name[name] for name in ("EnrolmentService", "NodeKeysService")]
LINK = link_pb2.DESCRIPTOR.services_by_name["FederationLinkService"]


@pytest.fixture
def channel() -> grpc_testing.Channel:
    return grpc_testing.channel([*UNARY, LINK], grpc_testing.strict_real_time())


@pytest.mark.parametrize("service", UNARY, ids=lambda service: service.name)
def test_joining_and_new_keys_are_one_question_and_one_answer(channel: grpc_testing.Channel, service: Any) -> None:
    [method] = service.methods
    request_type = getattr(enrolment_pb2, method.input_type.name)
    response_type = getattr(enrolment_pb2, method.output_type.name)
    with ThreadPoolExecutor(1) as client:
        stub = getattr(enrolment_pb2_grpc, f"{service.name}Stub")(channel)
        call = client.submit(getattr(stub, method.name), request_type())
        _, asked, server = channel.take_unary_unary(method)
        assert asked == request_type()
        server.terminate(response_type(), (), grpc.StatusCode.OK, "")
        assert call.result(timeout=30) == response_type()


def test_a_link_is_two_streams_of_frames_on_one_call(channel: grpc_testing.Channel) -> None:
    [method] = LINK.methods
    frames = [link_pb2.LinkFrame(drain=link_pb2.Drain()), link_pb2.LinkFrame(ack=link_pb2.Ack())]
    heard = getattr(link_pb2_grpc.FederationLinkServiceStub(channel), method.name)(iter(frames))
    _, server = channel.take_stream_stream(method)
    assert [server.take_request() for _ in frames] == frames
    server.requests_closed()
    for frame in reversed(frames):
        server.send_response(frame)
    server.terminate((), grpc.StatusCode.OK, "")
    assert list(heard) == frames[::-1]
