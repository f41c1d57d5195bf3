"""What is done with evidence at a node."""

from __future__ import annotations

from dataclasses import dataclass

from common.audit.commands import Deed


@dataclass(frozen=True, slots=True)
class ExportEvidence(Deed):
    """Gather all that the node holds to prove a request, and give it out."""

    request_id: bytes
