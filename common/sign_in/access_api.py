"""The API of access management: signing in, one's own account, and who else may do what."""

from __future__ import annotations

from collections.abc import Sequence

from common.api_tokens.rest import API_TOKEN
from common.approvals.rest import APPROVAL, SUBSTITUTION, approval_tasks
from common.operators.rest import OPERATOR, operator_tasks
from common.program.node import Node
from common.rest.resource import Api, Task
from common.sign_in.rest import SESSION, sign_in_tasks

NAME = "accessManagement"
BASE = "/api/accessManagement/v1"
RESOURCES = (OPERATOR, SESSION, API_TOKEN, APPROVAL, SUBSTITUTION)


def access_api(node: Node, own: Sequence[Task] = ()) -> Api:
    """Of one node. `own`: what its role adds."""
    tasks = (*sign_in_tasks(node), *operator_tasks(node), *approval_tasks(node), *own)
    return Api(NAME, BASE, "Access management", RESOURCES, tasks=tasks, awaits=True)
