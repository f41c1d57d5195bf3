"""How two ends of a link find the first seal where their journals part: by digests of groups of seals, narrower and
narrower.

Nobody's word on the chain is taken for it: every seal of both journals goes into a digest, so a single row that was
changed in the middle shows, though all that follow it are the same.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass

from common.journal.model import Difference, LinkNotOfBoth, MalformedComparison, PeerAnswerUnfit, PeerAway

DIGEST_DOMAIN = b"quanwang/journal-range/v1"
DIGEST_BYTES = 32
GROUP_WIDTHS = (256, 16, 1)
GROUPS_MAX = 64
"""Digests in one answer."""
SEALS_MAX = GROUPS_MAX * GROUP_WIDTHS[0]
"""Seals that one question is about."""
SEAL_NUMBER_MAX = 2**62

_LINK = re.compile(r"[0-9]{2}>[0-9]{2}", re.ASCII)
_PLACE = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about a directed link: the seals `first` to `last`, in groups of `every`. With `last` below
    `first`, only how far the journal goes."""

    link: str
    first: int
    last: int
    every: int

    def require_fit(self) -> None:
        """Raises MalformedComparison."""
        count = self.last - self.first + 1
        numbers_fit = 1 <= self.first <= SEAL_NUMBER_MAX and 0 <= count <= SEALS_MAX
        if not _LINK.fullmatch(self.link) or not numbers_fit or not 1 <= self.every <= SEALS_MAX:
            raise MalformedComparison(seals=SEALS_MAX, groups=GROUPS_MAX)
        if -(-count // self.every) > GROUPS_MAX:
            raise MalformedComparison(seals=SEALS_MAX, groups=GROUPS_MAX)

    def groups(self, last_seal: int) -> Iterator[tuple[int, int]]:
        """First and last seal of each group, as far as a journal up to `last_seal` has any."""
        last = min(self.last, last_seal)
        for first in range(self.first, last + 1, self.every):
            yield first, min(first + self.every - 1, last)


@dataclass(frozen=True, slots=True)
class Ranges:
    """An answer: how far the journal goes, and the digests of the first groups."""

    last_seal: int
    digests: tuple[bytes, ...]

    def require_fit(self, question: Question, node: str) -> None:
        """What cannot be an answer to the question. Raises PeerAnswerUnfit."""
        possible = len(list(question.groups(self.last_seal))) if 0 <= self.last_seal <= SEAL_NUMBER_MAX else 0
        if len(self.digests) > possible or (possible and not self.digests):
            raise PeerAnswerUnfit(node=node, detail=f"{len(self.digests)} / {possible}")
        if any(len(digest) not in (0, DIGEST_BYTES) for digest in self.digests):
            raise PeerAnswerUnfit(node=node, detail="digest")


AskPeer = Callable[[str, Question], Awaitable[Ranges]]
"""Asks the node at the other end of a link. Raises PeerAway, PeerRefused, PeerAnswerUnfit."""


async def nobody_to_ask(peer: str, _question: Question) -> Ranges:
    """A node that does not serve asks nobody. Raises PeerAway."""
    raise PeerAway(node=peer, detail="OFFLINE")


def other_end(link: str, node: str) -> str:
    """The node at the other end of a link. Raises LinkNotOfBoth."""
    ends = link.split(">")
    if node not in ends or ends[0] == ends[1]:
        raise LinkNotOfBoth(link=link, asking=node)
    return ends[1] if ends[0] == node else ends[0]


def require_link_of(question: Question, node: str, asking: str) -> None:
    """A node is told only about links that it is an end of. Raises LinkNotOfBoth."""
    if {*question.link.split(">")} != {node, asking}:
        raise LinkNotOfBoth(link=question.link, asking=asking)


def group_digest(seals: Iterable[tuple[int, bytes]]) -> bytes:
    """The digest of a group, of its seals' numbers and hashes; empty where there are none."""
    found = list(seals)
    if not found:
        return b""
    hashed = hashlib.sha256(DIGEST_DOMAIN)
    for seal_number, hash_ in found:
        hashed.update(_PLACE.pack(seal_number) + hash_)
    return hashed.digest()


class Comparison:
    """The comparison of one directed link with the node at its other end: ask `question` of both ends, the other one
    first, and `take` what they say, until there is nothing left to ask.

    `known`: how far the other end has already shown that its journal goes (what it acknowledged, or was received from
    it). `own`: this node seals the link. `after`: go on behind this seal.
    """

    def __init__(self, link: str, peer: str, *, known: int, own: bool, after: int = 0) -> None:
        self._link, self._peer = link, peer
        self._known, self._own = known, own
        self._first, self._until = after + 1, after
        self._level = -1  # It is not known yet how far both go.
        self._ended = False
        self.ours = self.theirs = 0
        self.both = after
        """How far both go, once it is known."""
        self.agreed = after
        """Up to here nothing parts."""
        self.parts_at = 0

    def question(self) -> Question | None:
        """What to ask next; None: the comparison has ended."""
        if self._ended:
            return None
        if self._level < 0:
            return Question(self._link, self._first, self._first - 1, GROUP_WIDTHS[0])
        last = min(self._until, self._first + SEALS_MAX - 1)
        return Question(self._link, self._first, last, GROUP_WIDTHS[self._level])

    def take(self, ours: Ranges, theirs: Ranges) -> None:
        """What both answered to the question. Raises PeerAnswerUnfit."""
        question = self.question()
        assert question is not None, "nothing was asked"
        theirs.require_fit(question, self._peer)
        if self._level < 0:
            self._begin(ours.last_seal, theirs.last_seal)
            return
        if theirs.last_seal < self.both:
            raise PeerAnswerUnfit(node=self._peer, detail=f"{theirs.last_seal} < {self.both}")
        groups = list(question.groups(self.both))
        for (first, last), here, there in zip(groups, ours.digests, theirs.digests, strict=False):
            if here != there:
                self._narrow(first, last)
                return
            self._first = last + 1
        self._go_on()

    def _begin(self, ours: int, theirs: int) -> None:
        self.ours, self.theirs = ours, theirs
        self.both = self._until = min(ours, theirs)
        self._level = 0
        self._ended = self._first > self.both
        if self._ended:
            self.agreed = self.both

    def _narrow(self, first: int, last: int) -> None:
        self.agreed = first - 1
        self._first, self._until = first, last
        if first == last:
            self.parts_at, self._ended = first, True
        else:
            self._level = min(self._level + 1, len(GROUP_WIDTHS) - 1)

    def _go_on(self) -> None:
        self.agreed = self._first - 1
        if self._first <= self._until:
            return
        if self._level > 0:
            # A group differed, but nothing in it does: one of the two answers was not about its journal.
            raise PeerAnswerUnfit(node=self._peer, detail=f"{self._until}")
        self._ended = True

    def result(self) -> Difference:
        """How the two journals relate."""
        lost = ""
        parts_at = self.parts_at
        if not parts_at and self.theirs < self._known:
            lost, parts_at = "there", self.theirs + 1
        elif not parts_at and self._own and self.ours < self.theirs:
            lost, parts_at = "here", self.ours + 1
        return Difference(self._link, self.ours, self.theirs, parts_at, lost)
