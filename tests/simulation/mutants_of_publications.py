"""Mistakes planted where HQ publishes parameters, and provinces take them over."""

from __future__ import annotations

from typing import Any

from common.parameters.network_repository import NetworkParameters
from common.parameters.network_wire import PUBLISH
from province_node.network_parameters import handlers
from province_node.serving import taking_back
from tests.simulation.planting import Put, mutant

OFTEN = {"parameter_published_per_s": 0.5}
"""HQ publishes all the time."""


@mutant("publications-advance", "publications-applied", "comes-to-rest", **OFTEN, processing_fails_for_now=0.4)
def older_publication_over_a_newer_one(put: Put) -> None:
    """Whatever publication comes last counts, though it is an older one that was late."""

    class Forgetful(NetworkParameters):
        def publication(self) -> Any:
            return super().publication()._replace(version=0)

    put(handlers, "NetworkParameters", Forgetful)


@mutant("publications-applied", "comes-to-rest", parameter_published_per_s=0.1, node_restored_per_s=0.25)
def restored_province_goes_by_what_its_backup_held(put: Put) -> None:
    """That it took a publication is taken back, and the publication itself is not."""
    original = taking_back._has_effect
    put(taking_back, "_has_effect", lambda leg, uow: leg.kind != PUBLISH and original(leg, uow))
