"""Reading of personal data in the clear: noted in the audit log before anything of it is given out (SYS-03).

A page, a single resource, or a slice of a stream is one entry, whoever many it shows. What is masked or hidden for the
caller, and what `fields` leaves out, is not looked at and needs none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.access_control.actor import Actor
from common.audit.entry import CUSTOMER, DONE, READ, AuditEntry
from common.rest.access import Shown
from common.rest.documents import Document, value_at
from common.rest.resource import Resource


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody is about to be shown: of which customers, and which attributes in the clear."""

    resource: str
    fields: tuple[str, ...]
    customers: tuple[str, ...]
    count: int
    """How many documents."""


def look_at(
    resource: Resource, documents: Sequence[Document], shown: Shown, fields: frozenset[str] | None = None
) -> Look | None:
    """What of these documents (as they are, before masks) is personal and shown in the clear; None: nothing."""
    clear = tuple(
        name
        for name, attribute in resource.by_name.items()
        if attribute.personal
        and name not in shown.masks
        and attribute.first not in shown.hidden
        and (fields is None or attribute.first in fields)
        and any(value_at(document, attribute.path) is not None for document in documents)
    )
    if not clear:
        return None
    numbers = dict.fromkeys(value_at(document, resource.customer) for document in documents)
    return Look(resource.name, clear, tuple(number for number in numbers if number), len(documents))


def without_personal(resource: Resource, document: Document) -> Document:
    """The document without what is personal: as an answer is kept."""
    first = {attribute.first for attribute in resource.by_name.values() if attribute.personal}
    return {name: value for name, value in document.items() if name not in first}


def entry_of(look: Look, actor: Actor) -> AuditEntry:
    """The look in the audit log. Of several customers the details name all."""
    alone = look.customers[0] if len(look.customers) == 1 else ""
    read: Mapping[str, Any] = {"of": look.resource, "fields": list(look.fields), "count": look.count}
    told = read if alone else {**read, "customers": list(look.customers)}
    return _entry(actor, alone, alone, DONE, {"read": told})


def refused_entry(resource: Resource, named: str, actor: Actor, code: str) -> AuditEntry:
    """A look that was refused. `named`: the resource that was asked for; empty, where it was a list."""
    customer = named if resource.customer == "id" else ""
    return _entry(actor, named, customer, code, {"refused": {"of": resource.name}})


def _entry(actor: Actor, record: str, customer: str, outcome: str, details: Mapping[str, Any]) -> AuditEntry:
    return AuditEntry(
        actor_kind=actor.kind,
        actor=actor.name,
        organisation=actor.organisation,
        channel=actor.channel,
        address=actor.address,
        session=actor.session,
        resource=CUSTOMER,
        action=READ,
        record=record,
        outcome=outcome,
        reason=actor.why,
        customer=customer,
        details=json.dumps(details, ensure_ascii=False, sort_keys=True),
    )
