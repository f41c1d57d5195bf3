"""The API of what may be changed while a node runs."""

from __future__ import annotations

from collections.abc import Sequence

from common.dictionaries.rest import DICTIONARY_VERSION, dictionary_held, set_task
from common.parameters.rest import NETWORK_VERSION, PARAMETER_VERSION, parameter_held
from common.program.node import Node
from common.rest.held import Held
from common.rest.resource import Api, Resource, Task

NAME, BASE, TITLE = "configuration", "/api/configuration/v1", "Configuration"


def configuration_api(
    node: Node,
    network_version: Resource = NETWORK_VERSION,
    own: Sequence[Held] = (),
    own_tasks: Sequence[Task] = (),
) -> Api:
    """Of one node. `network_version`, `own`, `own_tasks`: what its role has in another way, or adds."""
    resources = (PARAMETER_VERSION, network_version, DICTIONARY_VERSION)
    return Api(
        NAME,
        BASE,
        TITLE,
        resources,
        tasks=(set_task(node), *own_tasks),
        held=(parameter_held(node), dictionary_held(node), *own),
        awaits=True,
    )
