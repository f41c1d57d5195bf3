"""The directories that HQ published, read plainly: which keys they name, and when each was good."""

from __future__ import annotations

from typing import NamedTuple

from common.gen.quanwang.federation.v1 import directory_pb2
from common.ids import HQ
from tests.simulation.snapshots import Snapshot


class ListedKey(NamedTuple):
    """A signing key: its bytes, and the end that the last directory which names it gives it (0: none)."""

    public_key: bytes
    valid_from_us: int
    valid_until_us: int

    def good_at(self, at_us: int) -> bool:
        return self.valid_from_us <= at_us and (not self.valid_until_us or at_us < self.valid_until_us)

    def good_between(self, first_us: int, last_us: int) -> bool:
        """Whether it was good at any moment of these."""
        return self.valid_from_us <= last_us and (not self.valid_until_us or first_us < self.valid_until_us)


Keys = dict[tuple[str, str], ListedKey]
"""By node and key id."""


def directory_of(signed: bytes) -> directory_pb2.Directory:
    """What a stored directory says."""
    return directory_pb2.Directory.FromString(directory_pb2.SignedDirectory.FromString(signed).directory)


def keys_of(hub: Snapshot) -> Keys:
    """Every signing key that HQ ever published."""
    assert hub.node == HQ
    found: Keys = {}
    for signed, _ in hub.directories.values():
        for entry in directory_of(signed).nodes:
            for key in entry.keys:
                if key.use == directory_pb2.KEY_USE_SIGNING:
                    listed = ListedKey(key.public_key, key.valid_from_us, key.valid_until_us)
                    found[entry.node, key.key_id] = listed
    return found
