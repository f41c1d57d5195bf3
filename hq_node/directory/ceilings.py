"""What provinces may give their people at most: HQ's operators say it, the directory carries it under the root's
signature, and every province that takes the directory goes by it."""

from __future__ import annotations

from typing import Any

from common.access_control.ceilings import Ceiling, parse_subject, read_scope, read_view
from common.access_control.rights import ALL_FIELDS, Permission
from common.directory.ceilings_wire import CEILING_REASON_CHARACTERS_MAX, CEILING_SET_BY_CHARACTERS_MAX, CEILINGS_MAX
from common.directory.model import Directory
from common.directory.regions import PROVINCES
from common.operators.built_in import KNOWN_PERMISSIONS, PERSONAL_FIELDS
from hq_node.directory.authority import Authority
from hq_node.directory.commands import RemoveCeiling, SetCeiling
from hq_node.directory.model import (
    CeilingFieldUnknown,
    CeilingNotFound,
    CeilingSubjectUnknown,
    ReasonMissing,
    TooManyCeilings,
    UnknownProvince,
)
from hq_node.directory.publishing import DirectoryWork, publish, require_current


def set_ceiling(command: SetCeiling, uow: DirectoryWork, authority: Authority) -> Directory:
    """Limits an action or a field, for the provinces named or for all; one that is so already stays as it is.

    Raises CeilingUnfit, CeilingSubjectUnknown, UnknownProvince, ReasonMissing, TooManyCeilings, FederationNotFounded.
    """
    directory = require_current(uow, authority)
    known = {each.key: each for each in directory.ceilings}
    wanted = [each for each in _wanted(command, uow) if not _same(each, known.get(each.key))]
    if not wanted:
        return directory
    after = known | {each.key: each for each in wanted}
    if len(after) > CEILINGS_MAX:
        raise TooManyCeilings(most=CEILINGS_MAX)
    uow.describe_change(
        {_named(each): known[each.key].most if each.key in known else None for each in wanted},
        {_named(each): each.most for each in wanted},
    )
    return _publish(directory, after.values(), uow, authority)


def remove_ceiling(command: RemoveCeiling, uow: DirectoryWork, authority: Authority) -> Directory:
    """Lets roles reach as far again as they did, for the provinces named, or where all were meant.

    Raises CeilingUnfit, CeilingNotFound, ReasonMissing, FederationNotFounded.
    """
    parse_subject(command.subject)
    _fit_reason(command.reason)
    directory = require_current(uow, authority)
    known = {each.key: each for each in directory.ceilings}
    for node in command.nodes or ("",):
        if known.pop((command.subject, node), None) is None:
            raise CeilingNotFound(subject=command.subject, node=repr(node[:20]) if node else "*")
    ended = [each for each in directory.ceilings if each.key not in known]
    uow.describe_change({_named(each): each.most for each in ended}, None)
    return _publish(directory, known.values(), uow, authority)


def _wanted(command: SetCeiling, uow: DirectoryWork) -> list[Ceiling]:
    resource, action, name = parse_subject(command.subject)
    known = Permission(resource, action) in KNOWN_PERMISSIONS if action else resource in _RESOURCES
    if not known:
        raise CeilingSubjectUnknown(subject=command.subject)
    fields = PERSONAL_FIELDS.get(resource)
    if name and fields is not None and name not in (ALL_FIELDS, *fields):
        raise CeilingFieldUnknown(subject=command.subject, fields=", ".join(sorted(fields)))
    for node in command.nodes:
        if node not in PROVINCES:
            raise UnknownProvince(node=node[:20])
    reason, set_by = _fit_reason(command.reason), uow.actor.name[:CEILING_SET_BY_CHARACTERS_MAX]
    limit: dict[str, Any] = {"scope": read_scope(command.most)} if action else {"view": read_view(command.most)}
    return [
        Ceiling(node, resource, action, name, since_us=uow.now_us, reason=reason, set_by=set_by, **limit)
        for node in command.nodes or ("",)
    ]


def _fit_reason(text: str) -> str:
    reason = text.strip()
    if not (0 < len(reason) <= CEILING_REASON_CHARACTERS_MAX and reason.isprintable()):
        raise ReasonMissing(characters_max=CEILING_REASON_CHARACTERS_MAX)
    return reason


def _same(one: Ceiling, other: Ceiling | None) -> bool:
    return other is not None and other.most == one.most


def _named(ceiling: Ceiling) -> str:
    return f"{ceiling.subject} @ {ceiling.node or '*'}"


def _publish(directory: Directory, ceilings: Any, uow: DirectoryWork, authority: Authority) -> Directory:
    return publish(directory, directory.nodes, directory.region_lists, uow, authority, ceilings=tuple(ceilings))


_RESOURCES = frozenset(permission.resource for permission in KNOWN_PERMISSIONS)
