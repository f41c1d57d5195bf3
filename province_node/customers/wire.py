"""Requests about customers: protobuf to commands, events to protobuf. The answer's personal data is private."""

from __future__ import annotations

from common.gen.quanwang.customers.v1 import profile_pb2 as pb
from common.personal_data.masking import mask_address, mask_document, mask_name, mask_number, shown
from common.requests.registry import Answer, Asked, Serve, request_kind
from province_node.customers.commands import QueryCustomerProfile
from province_node.customers.events import CustomerProfileQueried
from province_node.customers.handlers import query_customer_profile


def query_command(asked: Asked) -> QueryCustomerProfile:
    """The wish as the home province carries it out."""
    service_number = asked.private.service_number if asked.private is not None else ""
    return QueryCustomerProfile(
        asked.body.customer_number, service_number, asked.authentication, asked.asking_node, asked.interaction
    )


def profile_answer(event: CustomerProfileQueried) -> Answer:
    """The answer: who it is in the open, everything else for the asking province alone."""
    return Answer(
        pb.QueryCustomerProfileResponse(customer_number=event.customer_number),
        pb.QueryCustomerProfilePrivateResponse(
            name=event.name,
            document_kind=event.document_kind,
            document_number=event.document_number,
            contact_number=event.contact_number,
            address=event.address,
            subscriptions=[
                pb.Subscription(
                    subscription_id=held.subscription_id,
                    service_number=held.service_number,
                    offering=held.offering,
                    status=held.status,
                )
                for held in event.subscriptions
            ],
        ),
        event.customer_number,
    )


QUERY_PROFILE = "quanwang.customers.v1.QueryCustomerProfile"

MASKS = {
    "name": mask_name,
    "document_kind": shown,
    "document_number": mask_document,
    "contact_number": mask_number,
    "address": mask_address,
    "subscriptions.subscription_id": shown,
    "subscriptions.service_number": mask_number,
    "subscriptions.offering": shown,
    "subscriptions.status": shown,
}
"""How a profile is shown in the asking province until somebody says why they must see it."""

KINDS = (
    request_kind(
        QUERY_PROFILE,
        serve=Serve(QUERY_PROFILE, query_command, query_customer_profile, profile_answer),
        needs=("customer_number|service_number",),
        needs_authentication=True,
        masks=MASKS,
    ),
)
