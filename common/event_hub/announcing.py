"""Events on their way into the hub: written in the item that they tell of, so that they are told if and only if it is
committed.

What happened is said in the node by in-process events (`uow.record`). An `EventKind` says which of them is told to
whom subscribed, and as what; the resource in the event is the one that a look at that moment would show.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import sqlalchemy as sa

from common.db.unit_of_work import Announce
from common.event_hub.events import DeliveriesWait
from common.event_hub.model import WAITING
from common.event_hub.repository import DELIVERIES, DeliveryRow, hub_deliveries, hub_subscriptions
from common.ids import format_id
from common.rest.access import all_may_be_seen
from common.rest.attributes import write_moment
from common.rest.documents import Document, encoded, read_document
from common.rest.errors import UnknownParameter
from common.rest.filters import Condition, matches, read_filters
from common.rest.resource import Api, EventKind, Resource

DOMAIN, PRIORITY = "CRM", "normal"
EVENT_TYPE = "eventType"
PER_MICROSECOND = 1_024
"""Positions that one moment has. Further events of that moment, or of a clock that was set back, come behind."""


class Wanted(NamedTuple):
    """What a subscription asks for: types (none: all), and conditions on resources."""

    types: frozenset[str]
    conditions: Mapping[str, tuple[Condition, ...]]

    def may_ask_for(self, kind: EventKind) -> bool:
        """Whether events of this kind can be among what is asked for."""
        of_type = not self.types or kind.name in self.types
        return of_type and (not self.conditions or kind.resource in self.conditions)

    def fits(self, kind: EventKind, resource: Resource, document: Document) -> bool:
        """Whether this event is asked for. Conditions on one resource ask for no event of another one."""
        return self.may_ask_for(kind) and matches(resource, self.conditions.get(resource.name, ()), document)


def read_wanted(api: Api, query: str) -> Wanted:
    """What a subscription's query asks for: `eventType=A,B`, and `<resource>.<attribute>=` as filters of a list have
    it. Raises what `read_filters` raises."""
    types: set[str] = set()
    of_resource: dict[str, list[tuple[str, str]]] = {}
    known = {kind.name for kind in api.events}
    for name, value in parse_qsl(query, keep_blank_values=True, max_num_fields=60):
        if name == EVENT_TYPE:
            types.update(value.split(","))
        else:
            resource, _, attribute = name.removeprefix("event.").partition(".")
            of_resource.setdefault(resource, []).append((attribute, value))
    told = {kind.resource for kind in api.events}
    unknown = sorted((types - known) | (of_resource.keys() - told))
    if unknown:
        facts = {"use": "subscribe", "use_zh": "订阅", "known": ", ".join(sorted(known | told))}
        raise UnknownParameter(resource=api.name, name=unknown[0][:64], **facts)
    resources = {resource.name: resource for resource in api.resources}
    conditions = {name: read_filters(resources[name], asked) for name, asked in of_resource.items()}
    return Wanted(frozenset(types), conditions)


def announcers(apis: Iterable[Api]) -> dict[type, Announce]:
    """What is done with each in-process event that an API tells of."""
    of_event: dict[type, list[Announce]] = {}
    for api in apis:
        for kind in api.events:
            of_event.setdefault(kind.recorded, []).append(_announcer(api, kind))
    return {event_type: _all_of(each) for event_type, each in of_event.items()}


def _all_of(announcing: Sequence[Announce]) -> Announce:
    def announce(event: Any, uow: Any) -> None:
        for each in announcing:
            each(event, uow)

    return announce


def _announcer(api: Api, kind: EventKind) -> Announce:
    resource = next(resource for resource in api.resources if resource.name == kind.resource)

    def announce(event: Any, uow: Any) -> None:
        subscribers = _subscribers(api, uow)
        if not subscribers:
            return
        limits = uow.node.access_limits
        if limits and not all_may_be_seen(limits, resource):
            # Whoever subscribed may not see all of this any more, whatever they were permitted at that time.
            return
        document = read_document(uow.query, api, resource, kind.key(event))
        if document is None or not kind.when(document):
            return
        told = [identity for identity, wanted in subscribers if wanted.fits(kind, resource, document)]
        if told:
            _stage(kind, resource, document, told, uow)

    return announce


def _subscribers(api: Api, uow: Any) -> list[tuple[bytes, Wanted]]:
    """Who has subscribed to the API, as of the last commit; looked up once for a group."""
    known: dict[str, list[tuple[bytes, Wanted]]] | None = uow.kept.get(_subscribers)
    if known is None:
        known = uow.kept[_subscribers] = {}
    if api.name not in known:
        table = hub_subscriptions.c
        statement = sa.select(table.subscription_id, table.query).where(table.api == api.name)
        found = uow.connection.execute(statement).all()
        known[api.name] = [(identity, read_wanted(api, query)) for identity, query in found]
    return known[api.name]


def _stage(kind: EventKind, resource: Resource, document: Document, told: Sequence[bytes], uow: Any) -> None:
    event_id = uow.ids.new()
    body = encoded(event_document(kind, resource, document, event_id, uow.now_us))
    rows = uow.rows(DELIVERIES)
    last = _last_positions(told, uow)
    for identity in told:
        position = last[identity] = max(uow.now_us * PER_MICROSECOND, last[identity] + 1)
        rows.insert(DeliveryRow(identity, position, event_id, kind.name, WAITING, 0, uow.now_us, "", body))
    uow.record(DeliveriesWait())


def _last_positions(told: Sequence[bytes], uow: Any) -> dict[bytes, int]:
    """The last position of each of these subscriptions, 0 where nothing waits; looked up once for a group."""
    last: dict[bytes, int] = uow.kept.setdefault(_last_positions, {})
    unknown = [identity for identity in told if identity not in last]
    if unknown:
        of_one = (
            sa.select(hub_deliveries.c.position)
            .where(hub_deliveries.c.subscription_id == hub_subscriptions.c.subscription_id)
            .order_by(hub_deliveries.c.position.desc())
            .limit(1)
            .scalar_subquery()
        )
        table = hub_subscriptions.c
        found = sa.select(table.subscription_id, of_one).where(table.subscription_id.in_(unknown))
        last |= dict.fromkeys(unknown, 0)
        last |= {identity: position or 0 for identity, position in uow.connection.execute(found)}
    return last


def event_document(kind: EventKind, resource: Resource, document: Document, event_id: bytes, at_us: int) -> Document:
    """An event as it is told. `timeOcurred` is spelled as the published definitions spell it."""
    return {
        "eventId": format_id(event_id),
        "eventTime": write_moment(at_us),
        "eventType": kind.name,
        "domain": DOMAIN,
        "title": kind.title or kind.name,
        "description": kind.en,
        "priority": PRIORITY,
        "timeOcurred": write_moment(at_us),
        "event": {resource.name: document},
    }
