"""What became of parameters."""

from __future__ import annotations

from dataclasses import dataclass

from common.parameters.model import ParameterVersion


@dataclass(frozen=True, slots=True)
class ParameterChanged:
    """A parameter was given another value, or one that waited was withdrawn."""

    version: ParameterVersion
