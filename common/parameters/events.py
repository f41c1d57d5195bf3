"""What became of parameters."""

from __future__ import annotations

from dataclasses import dataclass

from common.parameters.model import ParameterVersion
from common.parameters.network import NetworkValue


@dataclass(frozen=True, slots=True)
class ParameterChanged:
    """A parameter was given another value, or one that waited was withdrawn."""

    version: ParameterVersion


@dataclass(frozen=True, slots=True)
class NetworkParametersChanged:
    """Headquarters has published anew, or this province has taken what it published: all that counts now or will."""

    version: int
    values: tuple[NetworkValue, ...]
