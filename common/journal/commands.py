"""What may be wished of the journals after the fact."""

from __future__ import annotations

from dataclasses import dataclass

from common.audit.commands import Deed


@dataclass(frozen=True, slots=True)
class PruneNow(Deed):
    """Archive and prune now what is old enough, batch by batch."""


@dataclass(frozen=True, slots=True)
class PruneJournal:
    """Delete the batches of a link up to this number, which are archived, as far as they are older than `before_us`."""

    link: str
    through_seal: int
    before_us: int


@dataclass(frozen=True, slots=True)
class PruneInbox:
    """Delete these inbox rows (source, message_id), if their messages were received before `before_us` and are
    through."""

    before_us: int
    keys: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class ErasePrivateBodies:
    """Take the ciphertexts of personal data out of a request's stored answers, and out of these batches of the journal
    (link, number)."""

    request_id: bytes
    batches: tuple[tuple[str, int], ...]
