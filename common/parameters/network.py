"""What headquarters publishes of parameters: a value for the whole network, with bounds within which a province may
have its own, or without that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from common.errors import Refusal
from common.parameters.model import Parameter
from common.parameters.value_types import Whole


class NetworkBoundsUnfit(Refusal):
    """Bounds that make no sense for the parameter, or leave its value out."""

    en = "These cannot be the bounds of {parameter}: {detail}."
    zh = "参数 {parameter} 的取值范围无效：{detail_zh}。"


class ParameterFixed(Refusal):
    """A province has no value of its own here."""

    en = "Headquarters has fixed {parameter} for the whole network ({value}); it cannot be set here."
    zh = "总部已将参数 {parameter} 统一固定为 {value}，不能在此设置。"


class ParameterBeyondBounds(Refusal):
    """The value lies outside of what headquarters allows."""

    en = "Headquarters allows {parameter} from {least} to {most}; {value} lies outside."
    zh = "总部允许参数 {parameter} 取 {least} 至 {most}，{value} 超出范围。"


@dataclass(frozen=True, slots=True)
class NetworkValue:
    """A published value with its bounds. `value` None: from then on headquarters says nothing of the parameter.

    `least`, `most`: of a province's own value, where it is a whole number; None: as far as the parameter goes.
    `fixed`: provinces have none of their own.
    """

    name: str
    version: int
    value: bool | int | str | None
    effective_from_us: int
    set_at_us: int
    set_by: str
    reason: str
    least: int | None = None
    most: int | None = None
    fixed: bool = False
    withdrawn_at_us: int = 0

    @property
    def key(self) -> tuple[str, int]:
        """Versions count up for each name."""
        return self.name, self.version

    def counts_at(self, at_us: int) -> bool:
        """Whether it had come into force by then."""
        return not self.withdrawn_at_us and self.effective_from_us <= at_us

    def says_of(self, parameter: Parameter[Any]) -> bool:
        """Whether it says anything that this release of the node can go by."""
        return self.value is not None and parameter.value_type.unfit(self.value) is None

    def within(self, own: Any) -> Any:
        """A node's own value as far as it may be."""
        if self.fixed:
            return self.value
        if isinstance(own, bool) or not isinstance(own, int):
            return own
        at_least = own if self.least is None else max(own, self.least)
        return at_least if self.most is None else min(at_least, self.most)

    def require_within(self, parameter: Parameter[Any], own: Any) -> None:
        """Raises ParameterFixed, ParameterBeyondBounds where a node may not have this value of its own."""
        if not self.says_of(parameter) or self.within(own) == own:
            return
        if self.fixed:
            raise ParameterFixed(parameter=self.name, value=self.value)
        assert isinstance(parameter.value_type, Whole)
        least = parameter.value_type.least if self.least is None else self.least
        most = parameter.value_type.most if self.most is None else self.most
        raise ParameterBeyondBounds(parameter=self.name, value=own, least=least, most=most)


def require_bounds(parameter: Parameter[Any], value: Any, least: int | None, most: int | None, *, fixed: bool) -> None:
    """Raises NetworkBoundsUnfit where these are no bounds for provinces' values beside the published one."""
    if least is None and most is None:
        return
    if fixed:
        raise _unfit(parameter, "what is fixed has none", "固定的参数没有取值范围")
    if not isinstance(parameter.value_type, Whole):
        raise _unfit(parameter, "only whole numbers have some", "仅整数参数可设取值范围")
    for bound in (least, most):
        unfit = None if bound is None else parameter.value_type.unfit(bound)
        if unfit is not None:
            raise _unfit(parameter, unfit[0], unfit[1])
    if (least is not None and least > value) or (most is not None and most < value):
        raise _unfit(parameter, f"the value {value} lies outside", f"取值 {value} 不在范围内")


def _unfit(parameter: Parameter[Any], detail: str, detail_zh: str) -> NetworkBoundsUnfit:
    return NetworkBoundsUnfit(parameter=parameter.name, detail=detail, detail_zh=detail_zh)
