"""The roles that every node has, as data. A permission that only one of the two kinds of node knows gives nothing at
the other."""

from __future__ import annotations

from collections.abc import Mapping

from common.access_control.rights import ALL_FIELDS, FieldRight, Permission, Scope
from common.operators.roles import Role

_OWN, _ORGANISATION, _BELOW = Scope.OWN, Scope.ORGANISATION, Scope.BELOW
_PROVINCE, _NETWORK = Scope.PROVINCE, Scope.NETWORK

_MASKED = {ALL_FIELDS: FieldRight.VISIBLE} | dict.fromkeys(
    ("document_number", "contact_number", "address"), FieldRight.MASKED
)
_HIDDEN = {ALL_FIELDS: FieldRight.VISIBLE} | dict.fromkeys(
    ("name", "document_number", "contact_number", "address"), FieldRight.HIDDEN
)
_SERVING = dict.fromkeys(
    (
        "customer:read",
        "customer:search",
        "customer:reveal",
        "subscription:read",
        "organisation:read",
        "dictionary:read",
    ),
    _PROVINCE,
)
_PASSWORDS = {"service-password:set": _PROVINCE}
_FINISHING = dict.fromkeys(("served-leg:begin-effect", "served-leg:finish", "served-leg:refuse"), _PROVINCE)
_LOOKING = dict.fromkeys(
    (
        "organisation:read",
        "operator:read",
        "role:read",
        "parameter:read",
        "dictionary:read",
        "session:read",
        "api-token:read",
        "interface:read",
        "approval:read",
        "substitution:read",
        "alarm:read",
        "parked-message:read",
        "live-view:read",
        "node:read",
        "backup:read",
    ),
    _NETWORK,
)


def _requests(scope: Scope) -> dict[str, Scope]:
    return {f"service-request:{action}": scope for action in ("submit", "cancel", "read")}


def _role(
    role: str,
    en: str,
    zh: str,
    permissions: Mapping[str, Scope],
    customer: Mapping[str, FieldRight] | None = None,
) -> Role:
    given = {Permission.parse(text): scope for text, scope in permissions.items()}
    return Role(role, en, zh, given, {"customer": customer} if customer else {}, built_in=True)


ADMINISTRATOR = "administrator"

BUILT_IN: Mapping[str, Role] = {
    role.role: role
    for role in (
        _role(
            "counter-clerk", "Counter clerk", "营业员", {**_SERVING, **_PASSWORDS, **_requests(_ORGANISATION)}, _MASKED
        ),
        _role("call-centre-agent", "Call-centre agent", "客服坐席", {**_SERVING, **_requests(_PROVINCE)}, _MASKED),
        _role("customer-manager", "Customer manager", "客户经理", {**_SERVING, **_requests(_OWN)}, _MASKED),
        _role(
            "dealer",
            "Dealer",
            "代理商",
            {"service-request:submit": _OWN, "service-request:cancel": _OWN, "service-request:read": _OWN},
        ),
        _role(
            "back-office",
            "Back office",
            "后台支撑",
            {
                **_SERVING,
                **_PASSWORDS,
                **_requests(_BELOW),
                **_FINISHING,
                "customer:import": _PROVINCE,
                "customer:export": _PROVINCE,
            },
            _MASKED,
        ),
        _role("complaint-handler", "Complaint handler", "投诉处理员", {**_SERVING, **_requests(_BELOW)}, _MASKED),
        _role(
            "finance",
            "Finance",
            "财务",
            {"subscription:read": _PROVINCE, "service-request:read": _PROVINCE, "organisation:read": _PROVINCE},
            _HIDDEN,
        ),
        _role(
            "auditor",
            "Auditor",
            "审计员",
            {
                **_LOOKING,
                "audit:read": _NETWORK,
                "evidence:export": _NETWORK,
                "event-subscription:read": _NETWORK,
                "service-request:read": _NETWORK,
            },
            _HIDDEN,
        ),
        _role(
            ADMINISTRATOR,
            "Administrator",
            "系统管理员",
            {
                **_LOOKING,
                **dict.fromkeys(
                    (
                        "organisation:create",
                        "organisation:rename",
                        "organisation:move",
                        "organisation:deactivate",
                        "organisation:import",
                        "operator:create",
                        "operator:change",
                        "operator:lock",
                        "operator:unlock",
                        "operator:reset-password",
                        "session:end",
                        "api-token:issue",
                        "api-token:revoke",
                        "role:create",
                        "role:change",
                        "team:set",
                        "parameter:set",
                        "dictionary:set",
                        "interface:test",
                        "interface:switch",
                        "interface:replay",
                        "approval:grant-rights",
                        "approval:switch",
                        "approval:revoke-node",
                        "approval:erase-customer",
                        "substitution:name",
                        "substitution:end",
                        "alarm:acknowledge",
                        "parked-message:retry",
                        "parked-message:end",
                        "private-body:erase",
                        "customer:erase",
                        "personal-data-keys:rotate",
                        "personal-data-keys:renew",
                        "personal-data-keys:forget-former",
                        "personal-data-keys:replace-master-key",
                        "node-keys:rotate",
                        "root-key:export",
                        "root-key:forget",
                        "root-key:import",
                        "backup:create",
                        "backup:verify",
                        "journal:prune",
                        "evidence:export",
                        "event-subscription:create",
                        "event-subscription:delete",
                        "event-subscription:replay",
                        "event-subscription:read",
                        "directory:export-draft",
                        "directory:import-signed",
                        "directory:name-next-root",
                        "node:invite",
                        "node:approve",
                        "node:suspend",
                        "node:resume",
                        "node:revoke",
                        "node:end-legs",
                        "ceiling:set",
                        "ceiling:remove",
                        "parameter:publish",
                        "dictionary:publish",
                    ),
                    _NETWORK,
                ),
            },
        ),
        _role(
            "hq-department-user",
            "HQ department user",
            "总部部门用户",
            dict.fromkeys(("service-request:read", "organisation:read", "live-view:read", "node:read"), _NETWORK),
        ),
        _role(
            "hq-operator",
            "HQ operator",
            "总部操作员",
            {
                **_requests(_NETWORK),
                "organisation:read": _NETWORK,
                "alarm:read": _NETWORK,
                "alarm:acknowledge": _NETWORK,
                "live-view:read": _NETWORK,
                "node:read": _NETWORK,
                "parked-message:read": _NETWORK,
                "parked-message:retry": _NETWORK,
                "node:suspend": _NETWORK,
                "node:resume": _NETWORK,
                "role:read": _NETWORK,
                "ceiling:set": _NETWORK,
                "ceiling:remove": _NETWORK,
            },
        ),
    )
}
"""By their ids."""

KNOWN_PERMISSIONS = frozenset(permission for role in BUILT_IN.values() for permission in role.permissions)
"""All that is needed at any node: each permission is in one of these roles."""

PERSONAL_FIELDS: Mapping[str, frozenset[str]] = {
    "customer": frozenset(
        (
            "name",
            "kind",
            "customer_kind",
            "document_kind",
            "document_number",
            "contact_number",
            "address",
            "city_code",
            "valid_for",
            "last_update",
            "created_at_us",
            "updated_at_us",
            "subscriptions",
        )
    )
}
"""Of kinds of records that hold personal data, all fields that a province shows, by the names by which roles and
ceilings speak of them: a misspelt one would be believed to be hidden."""

_WHO_MAY = "It decides who may do what; only who runs the node may."
_LETS_IN = "It lets somebody in, or puts them out, whatever they may do then."
_FEDERATION = "It decides who belongs to the federation, and no operation needs it day by day."
_FOR_GOOD = "It cannot be undone by anybody."

_OUTWARDS = "It decides which other systems are told of what happens here."
_KEYS = "It is about the keys by which the whole federation knows this node."
_OUTSIDE = "It makes the node call other systems, or decides which."
_RULES = "It changes by which rules the node works."
_AGREES = "Whoever agrees decides; a node makes roles of its own for those who only agree."
_TREE = "The organisation tree says whose records are whose, so it decides who may do what as well."

ADMINISTRATOR_ALONE: Mapping[str, str] = {
    **dict.fromkeys(("operator:create", "operator:change", "operator:lock", "operator:unlock"), _WHO_MAY),
    **dict.fromkeys(("operator:reset-password", "session:end", "api-token:issue", "api-token:revoke"), _LETS_IN),
    **dict.fromkeys(("role:create", "role:change", "team:set"), _WHO_MAY),
    **dict.fromkeys(("organisation:create", "organisation:rename", "organisation:move"), _TREE),
    **dict.fromkeys(("organisation:deactivate", "organisation:import"), _TREE),
    **dict.fromkeys(("directory:export-draft", "directory:import-signed", "directory:name-next-root"), _FEDERATION),
    **dict.fromkeys(("node:invite", "node:approve", "node:revoke"), _FEDERATION),
    **dict.fromkeys(("node:end-legs", "parked-message:end"), _FOR_GOOD),
    **dict.fromkeys(("private-body:erase", "customer:erase"), _FOR_GOOD),
    **dict.fromkeys(
        (
            "personal-data-keys:rotate",
            "personal-data-keys:renew",
            "personal-data-keys:forget-former",
            "personal-data-keys:replace-master-key",
        ),
        "It touches every record that holds personal data.",
    ),
    **dict.fromkeys(("node-keys:rotate", "root-key:export", "root-key:forget", "root-key:import"), _KEYS),
    **dict.fromkeys(("backup:create", "backup:verify"), "A backup holds all that the node has, its keys among it."),
    "journal:prune": "It takes out of the database what only the archive keeps then.",
    **dict.fromkeys(("event-subscription:create", "event-subscription:delete"), _OUTWARDS),
    "event-subscription:replay": _OUTWARDS,
    **dict.fromkeys(("parameter:set", "parameter:publish", "dictionary:set", "dictionary:publish"), _RULES),
    **dict.fromkeys(("interface:test", "interface:switch", "interface:replay"), _OUTSIDE),
    **dict.fromkeys(("approval:grant-rights", "approval:switch"), _AGREES),
    **dict.fromkeys(("approval:revoke-node", "approval:erase-customer"), _AGREES),
    **dict.fromkeys(("substitution:name", "substitution:end"), _WHO_MAY),
}
"""Permissions that no other built-in role holds, each with why."""
