"""HQ's keys and certificate as one of its replicas has them: read anew when another replica has replaced them.

The replicas share the files (`keys.directory`), so a key is there before a directory names it. This process looks at
the files before it goes by a directory that names a key which it lacks, and once a second whether they have changed.
Where a key is lacking all the same (the files are a copy that nobody has brought up to date), the replica seals and
opens nothing and takes no links until it has it: the other replicas do all that meanwhile. An operator hears of it by
the alarm OWN_KEYS_MISSING, which stands for as long as this process reports that it lacks any.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from common.clock import Clock
from common.directory.model import Directory
from common.directory.own_keys import NodeKeys
from common.errors import QuanwangError
from common.log import get_logger
from hq_node.directory.authority import server_certificate_file
from hq_node.directory.key_desk import OwnCertificates

log = get_logger()

LOOK_US = 1_000_000
"""How often the files are looked at, in which others may have replaced keys."""

Signature = tuple[tuple[int, int, int], ...]


class SharedKeys:
    """What a replica does about keys that others replace. `changed()`: whether any are missing is different now.

    Asked on the writer's thread and on the one that hears notices.
    """

    def __init__(
        self,
        keys: NodeKeys,
        certificates: OwnCertificates,
        clock: Clock,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._keys = keys
        self._certificates = certificates
        self._clock = clock
        self._changed = changed
        self._turn = threading.Lock()
        self._read: Signature = ()
        self._next_look_us = 0

    @property
    def complete(self) -> bool:
        """Whether this replica holds every key that the directory names."""
        return not self._keys.missing

    def follow(self, directory: Directory) -> None:
        """Before this process goes by `directory`: takes up the keys that it names, where others have made them."""
        with self._turn:
            if self._keys.not_held(directory) or self._keys.missing:
                self._reread()
            self._judge(directory)

    def look(self, directory: Directory) -> None:
        """Looks at the files, now and then."""
        now_us = self._clock.monotonic_us()
        with self._turn:
            if now_us < self._next_look_us:
                return
            self._next_look_us = now_us + LOOK_US
            if self._keys.missing or self._signature() != self._read:
                self._reread()
            self._judge(directory)

    def _judge(self, directory: Directory) -> None:
        missing = self._keys.not_held(directory)
        if missing == self._keys.missing:
            return
        self._keys.missing = missing
        if missing:
            log.error("own keys missing", keys=list(missing), place=str(self._keys.data_dir))
        else:
            log.info("own keys complete")
        self._changed()

    def _reread(self) -> None:
        """What cannot be read now is read at the next look; what is there counts until then."""
        signature = self._signature()
        try:
            # The key first: a certificate is of no use without it.
            self._keys.reread()
            self._certificates.reread(self._keys.keyring)
        except (QuanwangError, OSError) as error:
            problem = str(error)
            if problem != self._keys.not_read_because:
                log.warning("keys not read anew", detail=problem)
            self._keys.not_read_because = problem
            return
        self._read, self._keys.not_read_because = signature, ""

    def _signature(self) -> Signature:
        """Which files these are: each is replaced as a whole."""
        place = self._keys.data_dir
        return tuple(_identity(path) for path in (self._keys.keyring.list_file(place), server_certificate_file(place)))


def _identity(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0, 0
    return found.st_ino, found.st_mtime_ns, found.st_size
