"""Mistakes planted where provinces are revoked, ended at HQ, and let in anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from common.directory.model import Directory, NodeEntry
from common.messaging import link_resume
from common.messaging.link_resume import BEGINNING, LinkResume
from hq_node.directory import handlers, publishing
from hq_node.directory.repository import SealsOnTheirWay
from hq_node.hub import handlers as hub_handlers
from hq_node.hub import relay
from hq_node.hub.repository import HubLegRepository
from province_node.directory import handlers as province_handlers
from tests.simulation.planting import Put, mutant

OFTEN = {"node_lost_per_s": 0.2}
"""Provinces are lost all the time."""


@mutant("revoked-keys-are-dead", "thieves-ask-nothing", **OFTEN)
def keys_of_before_an_enrolment_anew_seal_on(put: Put) -> None:
    """A node that takes part again may seal by any key that it ever had."""

    def signing_key(self: Directory, node: str, key_id: str, at_us: int) -> Any:
        entry = self.node(node)
        found = [key for key in entry.keys if key.key_id == key_id] if entry is not None and entry.active else []
        return (found[0].suite, found[0].public_key) if found else None

    put(Directory, "signing_key", signing_key)
    put(Directory, "from_before_re_enrolment", lambda self, node, key_id: False)


@mutant("lost-homes-end", **OFTEN, slow_node_per_s=2.0)
def legs_of_another_home_are_ended_too(put: Put) -> None:
    """HQ's operators end the legs of a lost home, and with them those of one that is well."""

    def forwarded_to(self: Any, home: str, limit: int) -> Any:
        other = next(node for node in ("31", "11") if node != home)
        return [*original(self, home, limit), *original(self, other, limit)]

    original = HubLegRepository.forwarded_to
    put(HubLegRepository, "forwarded_to", forwarded_to)


@mutant("legs-agree", "comes-to-rest", **OFTEN, slow_node_per_s=2.0)
def forced_end_is_told_to_nobody(put: Put) -> None:
    """A leg is ended at the hub, and its origin waits for ever."""

    def end(home: str, uow: Any) -> int:
        put_back, relay._end_at_origin = relay._end_at_origin, lambda leg, uow: None
        try:
            return original(home, uow)
        finally:
            relay._end_at_origin = put_back

    original = relay.end_legs_of_lost_home
    put(hub_handlers, "relay_lost_home", end)


@mutant("sealed-reaches-hub", **OFTEN)
def what_was_sealed_under_a_revoked_key_is_dropped(put: Put) -> None:
    """A node that is enrolled anew forgets what it had sealed and HQ had not received."""

    def take_back(*arguments: Any) -> list[Any]:
        original(*arguments)
        return []

    original = link_resume._take_back
    put(link_resume, "_take_back", take_back)


@mutant("comes-to-rest", "alarms-explained", **OFTEN)
def link_begins_anew_with_the_node(put: Put) -> None:
    """HQ tells a node that was enrolled anew to begin its link at the beginning."""
    put(SealsOnTheirWay, "resume_of", lambda self, node: LinkResume(BEGINNING, BEGINNING))


@mutant("breaks-said", "breaks-kept", **OFTEN)
def only_the_last_enrolment_anew_is_told(put: Put) -> None:
    """That a node was enrolled anew before is forgotten when it is again, and nobody looks."""

    def entry_of(*arguments: Any) -> NodeEntry:
        entry = original(*arguments)
        return replace(entry, re_enrolments=entry.re_enrolments[-1:])

    original = handlers._entry_of
    put(handlers, "_entry_of", entry_of)
    put(publishing, "check_continuity", lambda current, new: None)
    put(province_handlers, "check_continuity", lambda current, new: None)
