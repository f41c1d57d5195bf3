"""What streams need of the node they belong to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from common.clock import Clock
from common.directory.model import Directory
from common.gen.quanwang.federation.v1 import directory_pb2
from common.link.entries import EntryJudge
from common.link.session import SignedDirectorySource
from common.link.settings import LinkSettings
from common.messaging.incoming import LinkPort, ReceivedBatch
from common.messaging.links import LinkRow
from common.messaging.writer import LinkListener


class LinkDispatcher(Protocol):
    """The node's dispatcher, as a link sees it. Called on the event loop; none of it blocks."""

    def submit_batch(self, batch: ReceivedBatch) -> None:
        """Takes a batch to be received; the listener of its peer hears of the commit."""

    def wake(self) -> None:
        """A port has changed: something that waited may now be sealed."""

    def port(self, peer: str) -> LinkPort:
        """What the sealer knows of the link with `peer`; always the same object."""

    def listen(self, peer: str, listener: LinkListener | None) -> None:
        """From now on `listener` hears, on the event loop and in their order, of all commits that concern `peer`; None:
        nobody does."""


class LinkStore(Protocol):
    """What a stream reads of a link. Both block, and are called in threads."""

    def link(self, peer: str) -> LinkRow:
        """The durable cursors of the link with `peer`; those of a new link where nothing was said yet."""

    def batches(self, link: str, after_seal: int, bytes_max: int) -> list[tuple[int, bytes]]:
        """Batches of a directed link after a seal, in order, with their numbers; at least one if there is one."""


@dataclass(frozen=True)
class LinkNode:
    """The node that links belong to, as they see it."""

    node: str
    dispatcher: LinkDispatcher
    store: LinkStore
    directory: Callable[[], Directory]
    judge: EntryJudge
    clock: Clock
    settings: LinkSettings
    alarm: Callable[[str, str, str], None]
    """`alarm(kind, peer, detail)`: an operator must see this."""
    signed_directory: SignedDirectorySource | None = None
    """At HQ: what it has published last."""
    claim: Callable[[str], Awaitable[LinkRow]] | None = None
    """Where the node has replicas: makes this one the owner of a link, before a stream on it says anything; the
    cursors of the link. None: the node is alone, and reads them in `store`."""
    look_again: Callable[[], Awaitable[object]] | None = None
    """At HQ with replicas: returns once whatever any of them has published counts here. None: HQ is alone."""
    accept_directory: Callable[[directory_pb2.SignedDirectory], Awaitable[None]] | None = None
    """At a province: checks and keeps a directory; raises QuanwangError for one that it does not take."""
    software_version: str = ""
    executor: Executor | None = None
    """Where what blocks is run; None: the event loop's own threads."""
