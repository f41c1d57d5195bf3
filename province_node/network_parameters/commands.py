"""What headquarters asks about parameters."""

from __future__ import annotations

from dataclasses import dataclass

from common.parameters.network import NetworkValue


@dataclass(frozen=True, slots=True)
class TakeNetworkParameters:
    """Go by this publication: all that headquarters says of parameters."""

    version: int
    published_at_us: int
    values: tuple[NetworkValue, ...]
