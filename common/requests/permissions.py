"""What somebody needs in order to ask other nodes for something."""

from __future__ import annotations

from common.access_control.needs import Declared, Needs
from common.access_control.rights import Permission
from common.audit.entry import CUSTOMER
from common.audit.entry import REVEAL as READING_IN_FULL
from common.ids import format_id
from common.requests.commands import CancelServiceRequest, RevealAnswer, SubmitServiceRequest

READ = Permission("service-request", "read")
CANCEL = Permission("service-request", "cancel")
REVEAL = Permission(CUSTOMER, READING_IN_FULL)
"""The same as for customers at home: what is seen in full is a customer, wherever it comes from."""
READING = frozenset({READ})

NEEDS: Declared = {
    SubmitServiceRequest: Needs("service-request", "submit", record=lambda wish: wish.kind),
    CancelServiceRequest: Needs(CANCEL.resource, CANCEL.action, record=lambda wish: format_id(wish.request_id)),
}

REVEALING: Declared = {
    RevealAnswer: Needs(
        REVEAL.resource,
        REVEAL.action,
        record=lambda wish: format_id(wish.request_id),
        reason=lambda wish: wish.reason,
    ),
}
"""The same where answers about customers come in: in provinces."""
