"""Gathers everything about a request from a node's journals, live and archived, into one bundle.

    gather:  search the journals -> prove each statement -> witness what is not stamped -> directories -> bundle

Only what the node itself sealed or received is there to be found; what a node cannot hold, its bundle does not have.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Protocol

from common.directory.head import entry_bytes, entry_tree
from common.evidence.legs import HOME_LOST
from common.evidence.windows import LegTimes, Sought, Window, beyond, merged, spans
from common.gen.quanwang.evidence.v1 import evidence_pb2 as pb
from common.gen.quanwang.federation.v1 import directory_pb2, envelope_pb2, seal_pb2
from common.ids import HQ, link_name
from common.messaging.envelope import header_digest
from common.messaging.seal import NO_HASH, MerkleTree, leaf, leaf_prefix, seal_hash, stamp_digest

SEARCHED_BYTES_MAX = 268_435_456
"""Of batches that are read in all; what stands where the node's rows say that it was said is looked up anyway."""
WITNESS_SEALS_MAX = 64
"""Own seals between an answer and the hub's word that it has received them."""


class Journal(Protocol):
    """The node's journals, whether live or archived."""

    def between(self, window: Window) -> Iterator[bytes]:
        """The batches of a link that were stored in that time, in their order."""

    def batch(self, link: str, seal_number: int) -> bytes | None:
        """One batch."""

    def last_seal(self, link: str) -> int:
        """The number of the last batch; 0: none."""


class DirectoryStore(Protocol):
    """The directories that the node published or took."""

    def latest(self) -> directory_pb2.SignedDirectory | None: ...

    def of_version(self, version: int) -> directory_pb2.SignedDirectory | None: ...


class Gatherer:
    """Puts one bundle together. `private_bodies`: whether the ciphertexts of personal data go along."""

    def __init__(self, request_id: bytes, journal: Journal, *, private_bodies: bool = False) -> None:
        self.bundle = pb.Bundle(request_id=request_id)
        self._request_id = request_id
        self._journal = journal
        self._private_bodies = private_bodies
        self._seals: dict[bytes, int] = {}
        self._envelopes: dict[bytes, int] = {}
        self._statements: set[tuple[int, int]] = set()
        self._searched: set[tuple[str, int]] = set()
        self._searched_bytes = 0
        self._sought = Sought(request_id, ())

    def search(self, legs: Iterable[LegTimes]) -> None:
        """Looks for the statements of these legs."""
        legs = list(legs)
        self._sought = Sought(self._request_id, legs)
        seen = merged(window for leg in legs for window in leg.known())
        for window in seen:
            for batch in self._journal.between(window):
                self._look_into(batch)
        # Clocks only say where to look first: what must be there is looked for until it is found.
        for wider in spans(legs):
            if not self._search(beyond(wider, seen)) or not self._sought.missing:
                return
            seen = wider

    def _search(self, windows: Iterable[Window]) -> bool:
        """Looks into all of these windows; False where the limit of what is read ended it."""
        for window in windows:
            for batch in self._journal.between(window):
                self._searched_bytes += len(batch)
                if self._searched_bytes > SEARCHED_BYTES_MAX:
                    self.bundle.searched_in_part = True
                    return False
                self._look_into(batch)
        return True

    def add_witnesses(self) -> None:
        """Adds the hub's seals that acknowledge what came after a request and has no stamp of the hub's here."""
        stamped = {
            header_digest(self.bundle.envelopes[statement.envelope - 1].header)
            for statement in self.bundle.statements
            if statement.envelope and statement.stamp
        }
        for statement in list(self.bundle.statements):
            if not statement.envelope:
                continue
            header = self.bundle.envelopes[statement.envelope - 1].header
            seal = seal_pb2.Seal.FromString(self.bundle.seals[statement.seal].seal)
            if seal.node != HQ and header_digest(header) not in stamped and not _is_request(header):
                self._witness(seal)

    def add_directories(self, store: DirectoryStore) -> None:
        """Adds the newest directory, those that the seals name, and older ones where a key stands in no newer one."""
        seals = [seal_pb2.Seal.FromString(signed.seal) for signed in self.bundle.seals]
        wanted = {(seal.node, seal.key_id) for seal in seals}
        newest = store.latest()
        versions = {seal.directory_version for seal in seals}
        found = {number: signed for number in versions if (signed := store.of_version(number)) is not None}
        if newest is not None:
            found[directory_pb2.Directory.FromString(newest.directory).version] = newest
            roots = directory_pb2.Directory.FromString(newest.directory).roots
            self.bundle.root_changes.extend(root.SerializeToString() for root in roots)
        lost = self._lost_homes()
        for number in sorted(found, reverse=True):
            wanted = self._add_directory(found[number], wanted, lost)
            lost = set()

    # What was found

    def _look_into(self, batch_bytes: bytes) -> None:
        if self._request_id not in batch_bytes:
            return
        batch = seal_pb2.SealedBatch.FromString(batch_bytes)
        seal = seal_pb2.Seal.FromString(batch.seal.seal)
        if (seal.link, seal.seal_number) in self._searched:
            return
        self._searched.add((seal.link, seal.seal_number))
        self._sought.looked_into(batch_bytes)
        places = [place for place, entry in enumerate(batch.entries) if self._is_about(entry)]
        if not places:
            return
        tree = _tree_of(batch, seal)
        origins = {seal_hash(signed): signed for signed in batch.origin_seals}
        for place in places:
            entry = batch.entries[place]
            envelope = self._envelope(entry) if entry.header else 0
            self._state(batch.seal, seal.first_sequence + place, tree.path(place), envelope, entry.stamp)
            signed = origins.get(entry.origin.seal_hash)
            if signed is not None:
                self._state(signed, entry.origin.sequence, entry.origin.path, envelope, b"")

    def _is_about(self, entry: seal_pb2.Entry) -> bool:
        if not entry.header:
            return bool(seal_pb2.Stamp.FromString(entry.stamp).request_id == self._request_id)
        if self._request_id not in entry.header:
            return False
        routing = envelope_pb2.EnvelopeHeader.FromString(entry.header).routing
        return bool(envelope_pb2.Routing.FromString(routing).request_id == self._request_id)

    def _state(
        self, signed: seal_pb2.SignedSeal, sequence: int, path: Iterable[bytes], envelope: int, stamp: bytes
    ) -> None:
        seal = self._seal(signed)
        if (seal, sequence) in self._statements:
            return
        self._statements.add((seal, sequence))
        self.bundle.statements.add(seal=seal, sequence=sequence, path=b"".join(path), envelope=envelope, stamp=stamp)

    def _seal(self, signed: seal_pb2.SignedSeal) -> int:
        key = seal_hash(signed)
        if key not in self._seals:
            self._seals[key] = len(self.bundle.seals)
            self.bundle.seals.append(signed)
        return self._seals[key]

    def _envelope(self, entry: seal_pb2.Entry) -> int:
        """The envelope's number, from 1."""
        number = self._envelopes.get(entry.header)
        if number is None:
            private = entry.private_body if self._private_bodies else b""
            self.bundle.envelopes.add(header=entry.header, body=entry.body, private_body=private)
            number = self._envelopes[entry.header] = len(self.bundle.envelopes)
        return number

    # Witnesses

    def _witness(self, seal: seal_pb2.Seal) -> None:
        """The first seal of the hub that says it has received this one, and the own seals up to the one it names."""
        signed = self._first_witness(seal)
        if signed is None:
            return
        witnessed = seal_pb2.Seal.FromString(signed.seal).witnessed_seal_number
        if witnessed - seal.seal_number <= WITNESS_SEALS_MAX:
            self._add_chain(seal, witnessed)
            self._seal(signed)

    def _first_witness(self, seal: seal_pb2.Seal) -> seal_pb2.SignedSeal | None:
        """Looked for by numbers: what a chain acknowledges never goes back, whatever clocks do."""
        link = link_name(HQ, seal.node)
        found, low, high = None, 1, self._journal.last_seal(link)
        while low <= high:
            middle = (low + high) // 2
            batch = self._journal.batch(link, middle)
            signed = seal_pb2.SealedBatch.FromString(batch).seal if batch is not None else None
            if signed is None or seal_pb2.Seal.FromString(signed.seal).witnessed_seal_number < seal.seal_number:
                low = middle + 1
            else:
                found, high = signed, middle - 1
        return found

    def _add_chain(self, seal: seal_pb2.Seal, until: int) -> None:
        for number in range(seal.seal_number + 1, until + 1):
            batch = self._journal.batch(seal.link, number)
            if batch is not None:
                self._seal(seal_pb2.SealedBatch.FromString(batch).seal)

    # Directories

    def _lost_homes(self) -> set[str]:
        """Homes of which the hub says that they were lost: the directory must show it."""
        return {
            routing.leg_destination
            for envelope in self.bundle.envelopes
            if (routing := _routing_of(envelope.header)).source == HQ and routing.reason_code == HOME_LOST
        }

    def _add_directory(
        self, signed: directory_pb2.SignedDirectory, wanted: set[tuple[str, str]], lost: set[str]
    ) -> set[tuple[str, str]]:
        """Adds a directory with the entries that name wanted keys, and those of nodes that were lost; the keys that it
        does not name stay wanted."""
        directory = directory_pb2.Directory.FromString(signed.directory)
        named = {(entry.node, key.key_id) for entry in directory.nodes for key in entry.keys}
        if not signed.head:
            whole = zlib.compress(signed.SerializeToString(), 9)
            self.bundle.directories.add(whole=whole)
            return wanted - named
        evidence = self.bundle.directories.add(
            head=signed.head, head_signature=signed.head_signature, key_id=signed.key_id
        )
        entries = entry_bytes(signed.directory)
        tree = entry_tree(entries)
        nodes = {node for node, _ in wanted & named} | lost
        for place, entry in enumerate(directory.nodes):
            if entry.node in nodes:
                evidence.nodes.add(index=place, entry=entries[place], path=b"".join(tree.path(place)))
        return wanted - named


def _tree_of(batch: seal_pb2.SealedBatch, seal: seal_pb2.Seal) -> MerkleTree:
    prefix = leaf_prefix(seal.link)
    return MerkleTree(
        [
            leaf(
                prefix,
                seal.first_sequence + place,
                header_digest(entry.header) if entry.header else NO_HASH,
                stamp_digest(entry.stamp),
            )
            for place, entry in enumerate(batch.entries)
        ]
    )


def _is_request(header: bytes) -> bool:
    return bool(_routing_of(header).phase == envelope_pb2.PHASE_REQUEST)


def _routing_of(header: bytes) -> envelope_pb2.Routing:
    return envelope_pb2.Routing.FromString(envelope_pb2.EnvelopeHeader.FromString(header).routing)
