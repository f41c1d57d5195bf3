"""A province of the federation in one thread is lost, restored from a backup, and takes back what it forgot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from pathlib import Path

from common.backup.restoring import restore_backup
from common.core import NodeCore
from common.ids import HQ
from common.messaging.links import journal_batches
from common.recovery.taking_back import NOT_MEANWHILE, Fetch, Given, TakenBack, TakingBack
from hq_node.taking_back import HqTakenBack, HqTakingBack
from province_node.serving.taking_back import answer_of
from tests.support.backups import SECRET, Backups, empty_url, kind_of
from tests.support.federation import Federation
from tests.support.stores import Databases

Tamper = Callable[[str, int, bytes], bytes]


def go_back_to(backup: Path, backups: Backups, databases: Databases, name: str, room: Path) -> None:
    """The node's database is lost; in its place is that of the backup."""
    federation, node = backups.federation, backups.node
    federation.cores[node].close()
    # Its streams have died with it.
    for ends in [ends for ends in federation.sessions if node in ends]:
        federation.sessions.pop(ends)
    federation.frames.clear()
    restored = restore_backup(backup, SECRET, kind_of(node), room / name, empty_url(databases, name))
    federation.urls[node] = restored.url
    federation.cores[node] = federation.build_core(node)


def recover(
    federation: Federation,
    node: str,
    tamper: Tamper = lambda _link, _number, batch: batch,
    stop_after: int = 1 << 30,
) -> TakenBack:
    """The node takes back what HQ holds of their link. `stop_after`: the fetch that fails, as when the node dies."""
    federation.cores[node].close()
    core = federation.cores[node] = federation.build_core(node, recovering=True, retry=NOT_MEANWHILE)
    fetches = iter(range(stop_after))

    async def fetch(link: str, after: int) -> Given:
        next(fetches)
        hub: NodeCore = federation.cores[HQ]
        row = federation.link_row(HQ, node)
        last = row.received_seal_number if link.startswith(node) else row.sealed_seal_number
        # Few at a time, so that what is fetched and what is taken alternate.
        found = journal_batches(hub.connection, link, after, 1)[:2]
        return Given([tamper(link, number, batch) for number, batch in found], last)

    try:
        return asyncio.run(TakingBack(core, HQ, answer_of, lambda _what, _done, _total: None).run(fetch))
    finally:
        federation.cores[node].close()
        federation.cores[node] = federation.build_core(node)


def recover_hq(
    federation: Federation,
    tamper: Tamper = lambda _link, _number, batch: batch,
    stop_after: int = 1 << 30,
    without: Collection[str] = (),
    withhold: tuple[str, int] = ("", 0),
) -> HqTakenBack:
    """HQ takes back what its provinces hold. `stop_after`: the fetch that fails, as when HQ dies. `withhold`: a link of
    which nothing is given behind a seal."""
    federation.cores[HQ].close()
    core = federation.cores[HQ] = federation.build_core(HQ, recovering=True, retry=NOT_MEANWHILE)
    fetches = iter(range(stop_after))

    def fetch_from(node: str) -> Fetch:
        async def fetch(link: str, after: int) -> Given:
            next(fetches)
            row = federation.link_row(node, HQ)
            last = row.sealed_seal_number if link.startswith(node) else row.received_seal_number
            found = journal_batches(federation.cores[node].connection, link, after, 1)[:2]
            if link == withhold[0]:
                found = [(number, batch) for number, batch in found if number <= withhold[1]]
            return Given([tamper(link, number, batch) for number, batch in found], last)

        return fetch

    try:
        taking = HqTakingBack(core, lambda _what, _done, _total: None)
        taking.take_directory(federation.signed_directory)
        return asyncio.run(taking.run(fetch_from, without))
    finally:
        federation.cores[HQ].close()
        federation.cores[HQ] = federation.build_core(HQ)
