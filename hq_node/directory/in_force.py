"""What HQ itself goes by: the published directory, without the nodes that were shut out since.

Where the root key is kept elsewhere, a directory waits for its signature, and a node that was suspended or revoked must
not wait with it. The draft in HQ's database says who is shut out; HQ cuts, refuses and admits by that at once. Version
and hash stay those of the published directory: it is the one that HQ's seals name and that every node can check.
"""

from __future__ import annotations

from dataclasses import replace

from common.directory.model import Directory, NodeEntry
from common.directory.signing import open_directory
from common.directory.wire import decode_directory
from common.gen.quanwang.federation.v1 import directory_pb2


class DirectoryInForce:
    """What is published, what waits for the root's signature, and what HQ goes by. Replaced by whoever hears of
    another: on the writer's thread, after the commit."""

    def __init__(self, signed: directory_pb2.SignedDirectory, draft: bytes, root_public_key: bytes) -> None:
        self.root_public_key = root_public_key
        self.take(signed, draft)

    def take(self, signed: directory_pb2.SignedDirectory, draft: bytes) -> Directory:
        """Goes by another published directory, and the draft beside it (serialised; empty: none)."""
        self.signed, self.published = signed, open_directory(signed, self.root_public_key)
        return self.take_draft(draft)

    def take_draft(self, draft: bytes) -> Directory:
        """Goes by another draft. Returns the directory that HQ goes by from now on."""
        self.draft = decode_directory(draft) if draft else None
        self.directory = without_shut_out(self.published, self.draft)
        return self.directory

    @property
    def draft_hash(self) -> bytes:
        """Which form the draft has; empty where there is none."""
        return b"" if self.draft is None else self.draft.hash


def without_shut_out(published: Directory, draft: Directory | None) -> Directory:
    """`published`, with the nodes that `draft` shuts out shut out. Nothing else of the draft counts: what it grants
    waits for the signature."""
    if draft is None:
        return published
    nodes = tuple(_judged(entry, draft.node(entry.node)) for entry in published.nodes)
    if nodes == published.nodes:
        return published
    return Directory(
        version=published.version,
        hash=published.hash,
        previous_hash=published.previous_hash,
        issued_at_us=published.issued_at_us,
        valid_until_us=published.valid_until_us,
        nodes=nodes,
        regions=published.region_lists,
        roots=published.roots,
        ceilings=published.ceilings,
    )


def _judged(entry: NodeEntry, next_entry: NodeEntry | None) -> NodeEntry:
    if next_entry is None or next_entry.active or next_entry.status is entry.status:
        return entry
    ends = {key.key_id: key.valid_until_us for key in next_entry.keys}
    return replace(
        entry,
        status=next_entry.status,
        status_since_us=next_entry.status_since_us,
        status_reason=next_entry.status_reason,
        status_by=next_entry.status_by,
        keys=tuple(replace(key, valid_until_us=ends.get(key.key_id, key.valid_until_us)) for key in entry.keys),
    )
