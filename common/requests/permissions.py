"""What somebody needs in order to ask other nodes for something."""

from __future__ import annotations

from common.access_control.needs import Declared, Needs
from common.access_control.rights import Permission
from common.ids import format_id
from common.requests.commands import CancelServiceRequest, SubmitServiceRequest

READ = Permission("service-request", "read")
CANCEL = Permission("service-request", "cancel")
READING = frozenset({READ})

NEEDS: Declared = {
    SubmitServiceRequest: Needs("service-request", "submit", record=lambda wish: wish.kind),
    CancelServiceRequest: Needs(CANCEL.resource, CANCEL.action, record=lambda wish: format_id(wish.request_id)),
}
