"""The values of parameters as fields of what callers send."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool, StrictInt, StrictStr

from common.parameters.model import REASON_CHARACTERS_MAX
from common.parameters.value_types import TEXT_CHARACTERS_MAX

INTEGER_MAX = 2**63 - 1

Reason = Annotated[str, Field(max_length=REASON_CHARACTERS_MAX)]
Bound = Annotated[StrictInt, Field(ge=-INTEGER_MAX, le=INTEGER_MAX)]
Value = StrictBool | Bound
Line = Annotated[StrictStr, Field(max_length=TEXT_CHARACTERS_MAX)]
