"""HQ asks a province what it holds of a link: by a signed request over the link, as all that HQ asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Mapping
from typing import Any, Protocol

from common.journal.comparison import AskPeer, Question, Ranges
from common.journal.model import PeerAway, PeerRefused
from common.journal.wire import COMPARE, encode_question, parse_ranges
from common.link.activity import LinkActivity
from common.program.reads import Reads
from common.reasons import leg_reason
from common.requests.commands import ActingFor, SubmitServiceRequest
from common.requests.leg_states import COMPLETED, OPEN, REJECTED
from common.requests.watch import RequestWatch, wait_for_end
from hq_node.journal_comparison.queries import comparison_end

WAIT_S = 120
OPERATOR = "journal compare"

Execute = Callable[[Any], Awaitable[Any]]


class LinkedNode(Protocol):
    """What is known of HQ's links."""

    @property
    def link_activities(self) -> Callable[[], Mapping[str, LinkActivity]]: ...
    @property
    def open_elsewhere(self) -> Callable[[], Mapping[str, str]]: ...


def open_links(node: LinkedNode) -> set[str]:
    """The provinces whose links are open, here or at another process of HQ."""
    here = {peer for peer, activity in node.link_activities().items() if activity.open}
    return here | node.open_elsewhere().keys()


def asking_provinces(
    execute: Execute, watch: RequestWatch, reads: Reads, open_links: Callable[[], Container[str]]
) -> AskPeer:
    """Asks over links that are open; what is not answered in time has run out by itself by then."""

    async def ask(peer: str, question: Question) -> Ranges:
        if peer not in open_links():
            raise PeerAway(node=peer, detail="LINK_CLOSED")
        command = SubmitServiceRequest(
            kind=COMPARE,
            destinations=(peer,),
            body=encode_question(question).SerializeToString(),
            acting=ActingFor(operator=OPERATOR),
            time_to_live_ms=WAIT_S * 1_000,
        )
        request_id = (await execute(command)).request_id
        state, reason_code, body = await _the_end(request_id, peer)
        if state == COMPLETED:
            return parse_ranges(body, peer)
        if state == REJECTED:
            reason = leg_reason(reason_code)
            raise PeerRefused(node=peer, reason_code=reason_code, detail=reason.en if reason is not None else "")
        raise PeerAway(node=peer, detail=(reason_code or state).upper())

    async def _the_end(request_id: bytes, peer: str) -> tuple[str, str, bytes]:
        for _ in range(WAIT_S):
            # Another process of this node may be the one that hears of the end, so it is looked for every second.
            await wait_for_end(watch, reads, request_id, 1_000)
            found = await reads.run(comparison_end, request_id, peer)
            if found[0] not in OPEN:
                break
        return found

    return ask
