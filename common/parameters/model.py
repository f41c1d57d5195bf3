"""A parameter as its feature declares it, the values that it was given in the course of time, and which one counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Protocol, TypeVar, cast

from common.errors import Refusal
from common.parameters.value_types import ParameterValueUnfit, ValueType

T = TypeVar("T", bool, int, str)

REASON_CHARACTERS_MAX = 512
SCHEDULED_MAX = 16
"""So many values of one parameter may wait for their time."""


class ParameterUnknown(Refusal):
    """No feature of this node declares it."""

    code = "PARAMETER_NOT_FOUND"
    en = "There is no parameter {parameter}. `parameters list` shows those there are."
    zh = "没有参数 {parameter}。可用 `parameters list` 查看。"


class ParameterReasonMissing(Refusal):
    """A change without a reason, or with one that cannot be kept."""

    en = "Say why the parameter is changed, in 1 to {most} printable characters: it is kept in its history."
    zh = "请说明变更原因（1 至 {most} 个可显示字符），将保存在变更历史中。"


class ParameterTooManyScheduled(Refusal):
    """So many wait already."""

    en = "{parameter} has {most} values that wait for their time already. Withdraw one that is not needed any more."
    zh = "参数 {parameter} 已有 {most} 个待生效的值，请先撤回不再需要的值。"


class ParameterVersionUnknown(Refusal):
    """There is none of this number."""

    code = "PARAMETER_VERSION_NOT_FOUND"
    en = "{parameter} has no version {version}. `parameters show {parameter}` lists its versions."
    zh = "参数 {parameter} 没有版本 {version}。可用 `parameters show {parameter}` 查看其版本。"


class ParameterInForce(Refusal):
    """What counts, or has counted, stays in the history."""

    en = "Version {version} of {parameter} has come into force and stays in its history. Set another value instead."
    zh = "参数 {parameter} 的版本 {version} 已生效，将保留在历史中。请改为设置新的值。"


@dataclass(frozen=True)
class Parameter(Generic[T]):
    """One parameter: its stable name (`<feature>.<name>`), type, default, and what it is for in both languages."""

    name: str
    value_type: ValueType
    default: T
    en: str
    zh: str

    def require_fit(self, value: Any) -> T:
        """The value. Raises ParameterValueUnfit."""
        unfit = self.value_type.unfit(value)
        if unfit is not None:
            shown = repr(value)[:64]
            raise ParameterValueUnfit(parameter=self.name, value=shown, detail=unfit[0], detail_zh=unfit[1])
        return cast(T, value)


@dataclass(frozen=True, slots=True)
class ParameterVersion:
    """A value that a parameter was given. `value` None: from then on the default counts again."""

    name: str
    version: int
    value: bool | int | str | None
    effective_from_us: int
    set_at_us: int
    set_by: str
    reason: str
    withdrawn_at_us: int = 0

    def counts_at(self, at_us: int) -> bool:
        """Whether it had come into force by then."""
        return not self.withdrawn_at_us and self.effective_from_us <= at_us


class Published(Protocol):
    """What headquarters publishes of a parameter from a moment on (`common.parameters.network`)."""

    @property
    def name(self) -> str: ...
    @property
    def value(self) -> bool | int | str | None: ...
    def counts_at(self, at_us: int) -> bool: ...
    def says_of(self, parameter: Parameter[Any]) -> bool: ...
    def within(self, own: Any) -> Any: ...
    def require_within(self, parameter: Parameter[Any], own: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class ParameterBook:
    """All parameters of a node with what counts from when on: its own values within what headquarters publishes, else
    the published ones, else the defaults. Never changed, but replaced by the next one; so whoever reads several
    parameters from one book reads what belongs together."""

    declared: Mapping[str, Parameter[Any]] = field(default_factory=dict)
    timelines: Mapping[str, Sequence[ParameterVersion]] = field(default_factory=dict)
    """For each parameter that was ever set: what counts, or will, the latest first."""
    network: Mapping[str, Sequence[Published]] = field(default_factory=dict)
    """The same of what headquarters publishes."""
    of_others: Mapping[str, Parameter[Any]] = field(default_factory=dict)
    """Parameters that other nodes have and this one can publish."""

    def value(self, parameter: Parameter[T], at_us: int) -> T:
        """What counts at a moment (µs since 1970) that is not long past. The default may be the node's own, from its
        settings."""
        own, published = self.own_value(parameter, at_us), self.published_at(parameter.name, at_us)
        if published is not None and published.says_of(parameter):
            return cast(T, published.value if own is None else published.within(own))
        return cast(T, self.declared.get(parameter.name, parameter).default) if own is None else own

    def own_value(self, parameter: Parameter[T], at_us: int) -> T | None:
        """What the node itself was given, whether or not headquarters lets it be; None: nothing."""
        version = self.version_at(parameter.name, at_us)
        # A release may narrow the bounds of what was stored under an earlier one: then it does not count.
        if version is None or version.value is None or parameter.value_type.unfit(version.value) is not None:
            return None
        return cast(T, version.value)

    def published_at(self, name: str, at_us: int) -> Published | None:
        """What headquarters says then; None: nothing yet."""
        for published in self.network.get(name, ()):
            if published.counts_at(at_us):
                return published
        return None

    def with_published(self, network: Mapping[str, Sequence[Published]]) -> ParameterBook:
        """The book once headquarters has published anew."""
        return replace(self, network=network)

    def publishable(self, name: str) -> Parameter[Any]:
        """A parameter of this node or of others. Raises ParameterUnknown."""
        return self.of_others[name] if name in self.of_others else self.parameter(name)

    def version_at(self, name: str, at_us: int) -> ParameterVersion | None:
        """The version that counts then; None: it was never set, or not yet."""
        for version in self.timelines.get(name, ()):
            if version.counts_at(at_us):
                return version
        return None

    def with_version(self, version: ParameterVersion, now_us: int) -> ParameterBook:
        """The book once a version was set or withdrawn."""
        known = [one for timeline in self.timelines.values() for one in timeline]
        others = [one for one in known if (one.name, one.version) != (version.name, version.version)]
        return replace(self, timelines=timelines_of([*others, version], now_us))

    def parameter(self, name: str) -> Parameter[Any]:
        """The declared parameter of that name. Raises ParameterUnknown."""
        found = self.declared.get(name)
        if found is None:
            raise ParameterUnknown(parameter=repr(name[:64]))
        return found


def declare(*features: Sequence[Parameter[Any]]) -> dict[str, Parameter[Any]]:
    """All parameters of a node by name; each name once, and each default within its own bounds."""
    declared: dict[str, Parameter[Any]] = {}
    for parameter in (parameter for feature in features for parameter in feature):
        assert parameter.name not in declared, f"{parameter.name} is declared twice"
        parameter.require_fit(parameter.default)
        declared[parameter.name] = parameter
    return declared


class Dated(Protocol):
    """A value of something named, from a moment on."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def effective_from_us(self) -> int: ...
    @property
    def withdrawn_at_us(self) -> int: ...


D = TypeVar("D", bound=Dated)


def timelines_of(versions: Sequence[D], now_us: int) -> dict[str, list[D]]:
    """The versions that count now or will, by parameter, the latest first. Of two for the same moment the one that was
    set later counts."""
    timelines: dict[str, list[D]] = {}
    in_order = sorted(versions, key=lambda version: (version.effective_from_us, version.version), reverse=True)
    past: set[str] = set()
    for version in in_order:
        if version.withdrawn_at_us or version.name in past:
            continue
        timelines.setdefault(version.name, []).append(version)
        if version.effective_from_us <= now_us:
            past.add(version.name)
    return timelines
