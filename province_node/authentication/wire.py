"""Authenticating customers: protobuf to commands, events to protobuf."""

from __future__ import annotations

from common.gen.quanwang.authentication.v1 import authentication_pb2 as pb
from common.gen.quanwang.federation.v1 import envelope_pb2
from common.messaging.inbox import leg_of
from common.requests.registry import Answer, Asked, Serve, request_kind
from province_node.authentication.asked_from import AskedFrom
from province_node.authentication.commands import AuthenticateCustomer, SendOneTimeCode
from province_node.authentication.events import CustomerAuthenticated, OneTimeCodeSent
from province_node.authentication.handlers import authenticate_customer, send_one_time_code


def asked_from(asked: Asked) -> AskedFrom:
    """Where the customer is served."""
    routing = asked.envelope.routing
    actor = routing.actor
    return AskedFrom(
        routing.source, asked.interaction, leg_of(asked.envelope), actor.operator, actor.organisation, actor.channel
    )


def send_command(asked: Asked) -> SendOneTimeCode:
    """The wish as the home province carries it out."""
    service_number = asked.private.service_number if asked.private is not None else ""
    return SendOneTimeCode(asked.body.customer_number, service_number, asked_from(asked))


def sent_answer(event: OneTimeCodeSent) -> Answer:
    """The same for everybody."""
    return Answer(pb.SendOneTimeCodeResponse(valid_until_us=event.valid_until_us))


def authenticate_command(asked: Asked) -> AuthenticateCustomer:
    """The wish as the home province carries it out."""
    private = asked.private if asked.private is not None else pb.AuthenticateCustomerPrivateRequest()
    return AuthenticateCustomer(
        asked.body.customer_number, private.service_number, asked.body.method, private.secret, asked_from(asked)
    )


def authenticated_answer(event: CustomerAuthenticated) -> Answer:
    """Whether it is the customer."""
    return Answer(
        pb.AuthenticateCustomerResponse(authenticated=event.authenticated, valid_until_us=event.valid_until_us)
    )


SEND = "quanwang.authentication.v1.SendOneTimeCode"
AUTHENTICATE = "quanwang.authentication.v1.AuthenticateCustomer"
WHOM = "customer_number|service_number"

KINDS = (
    request_kind(
        SEND,
        envelope_pb2.MESSAGE_CLASS_CUSTOMER_DATA,
        Serve(SEND, send_command, send_one_time_code, sent_answer),
        needs=(WHOM,),
    ),
    request_kind(
        AUTHENTICATE,
        envelope_pb2.MESSAGE_CLASS_CUSTOMER_DATA,
        Serve(AUTHENTICATE, authenticate_command, authenticate_customer, authenticated_answer),
        needs=(WHOM, "method", "secret"),
    ),
)
