"""The ceilings of a directory as messages, and back."""

from __future__ import annotations

from collections.abc import Iterable

from common.access_control.ceilings import RESOURCE_CHARACTERS_MAX, Ceiling
from common.access_control.rights import FieldRight, Scope
from common.directory.malformed import MalformedDirectory
from common.gen.quanwang.federation.v1 import directory_pb2 as pb
from common.ids import HQ, NODE_PATTERN

CEILINGS_MAX = 2_048
CEILING_REASON_CHARACTERS_MAX = 500
CEILING_SET_BY_CHARACTERS_MAX = 100

_SCOPE = {
    pb.WIDEST_SCOPE_OWN: Scope.OWN,
    pb.WIDEST_SCOPE_TEAM: Scope.TEAM,
    pb.WIDEST_SCOPE_ORGANISATION: Scope.ORGANISATION,
    pb.WIDEST_SCOPE_BELOW: Scope.BELOW,
    pb.WIDEST_SCOPE_PROVINCE: Scope.PROVINCE,
    pb.WIDEST_SCOPE_NETWORK: Scope.NETWORK,
}
_SCOPE_TO_WIRE = {scope: value for value, scope in _SCOPE.items()}
_VIEW = {
    pb.WIDEST_VIEW_UNSPECIFIED: FieldRight.HIDDEN,
    pb.WIDEST_VIEW_MASKED: FieldRight.MASKED,
    pb.WIDEST_VIEW_VISIBLE: FieldRight.VISIBLE,
    pb.WIDEST_VIEW_EDITABLE: FieldRight.EDITABLE,
}
_VIEW_TO_WIRE = {view: value for value, view in _VIEW.items()}


def encode_ceilings(ceilings: Iterable[Ceiling]) -> list[pb.Ceiling]:
    """In the order of what they are about."""
    return [
        pb.Ceiling(
            node=each.node,
            resource=each.resource,
            action=each.action,
            field=each.field,
            scope=pb.WIDEST_SCOPE_UNSPECIFIED if each.scope is None else _SCOPE_TO_WIRE[each.scope],
            view=_VIEW_TO_WIRE[each.view],
            since_us=each.since_us,
            reason=each.reason,
            set_by=each.set_by,
        )
        for each in sorted(ceilings, key=lambda one: one.key)
    ]


def decode_ceilings(ceilings: Iterable[pb.Ceiling]) -> tuple[Ceiling, ...]:
    """A scope or view of a later release counts as the lowest: where HQ limits something, nobody guesses how far. What
    a ceiling of a later release is about may be neither an action nor a field; it is passed over.

    Raises MalformedDirectory.
    """
    decoded = [_decode(each) for each in ceilings if bool(each.action) != bool(each.field)]
    if len(decoded) > CEILINGS_MAX:
        raise MalformedDirectory(detail="too many ceilings")
    if len({each.key for each in decoded}) != len(decoded):
        raise MalformedDirectory(detail="two ceilings are about the same")
    return tuple(decoded)


def _decode(each: pb.Ceiling) -> Ceiling:
    if each.node and (NODE_PATTERN.fullmatch(each.node) is None or each.node == HQ):
        raise MalformedDirectory(detail="a ceiling is for no province")
    if not each.resource or max(map(len, (each.resource, each.action, each.field))) > RESOURCE_CHARACTERS_MAX:
        raise MalformedDirectory(detail="a ceiling is about nothing of usable length")
    reason_too_long = len(each.reason) > CEILING_REASON_CHARACTERS_MAX
    if reason_too_long or len(each.set_by) > CEILING_SET_BY_CHARACTERS_MAX or each.since_us < 0:
        raise MalformedDirectory(detail="a ceiling's reason, author or time is unusable")
    return Ceiling(
        node=each.node,
        resource=each.resource,
        action=each.action,
        field=each.field,
        scope=_SCOPE.get(each.scope),
        view=_VIEW.get(each.view, FieldRight.HIDDEN),
        since_us=each.since_us,
        reason=each.reason,
        set_by=each.set_by,
    )
