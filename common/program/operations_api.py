"""The API by which a node is looked after: what goes through it, what it complains of, what it calls, who did what."""

from __future__ import annotations

from dataclasses import replace

from common.alarms.rest import ALARM, alarm_tasks
from common.audit.rest import AUDIT_ENTRY, audit_tasks
from common.backup.rest import backup_tasks
from common.backup.restoring import Kind
from common.interfaces.rest import INTERFACE_CALL, interface_tasks
from common.live.rest import live_tasks
from common.parked.rest import PARKED_MESSAGE, parked_tasks
from common.program.node import Node
from common.rest.resource import Api

NAME = "operations"
BASE = "/api/operations/v1"
RESOURCES = (ALARM, PARKED_MESSAGE, INTERFACE_CALL, AUDIT_ENTRY)


def operations_api(node: Node, kind: Kind) -> Api:
    """Of one node. `kind`: of its backups."""
    each = (
        *backup_tasks(node, kind),
        *live_tasks(node),
        *alarm_tasks(node),
        *parked_tasks(node),
        *interface_tasks(node),
        *audit_tasks(node),
    )
    tasks = tuple(replace(task, whole=True) for task in each)
    return Api(NAME, BASE, "Operations", RESOURCES, tasks=tasks)
