"""How a province takes over a newer directory: only its root's, only forward, and only if it is right about the node.

A refused directory changes nothing: the node works on with the last valid one, even beyond its validity, and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from common.directory.continuity import check_continuity
from common.directory.model import OwnKeys, accept, check_own_entry, check_past
from common.directory.signing import open_directory, verify_directory
from common.directory.wire import decode_signed
from province_node.directory.commands import KeepFirstDirectory, TakeDirectory
from province_node.directory.events import DirectoryTaken


class Directories(Protocol):
    def latest(self) -> Any: ...
    def beside(self, version: int) -> Sequence[Any]: ...
    def store(self, version: int, signed: Any) -> None: ...


class DirectoryWork(Protocol):
    """What these handlers need of the province's unit of work."""

    now_us: int

    @property
    def directories(self) -> Directories: ...
    def record(self, event: Any) -> None: ...


def handlers(root_public_key: bytes, own_keys: Callable[[], OwnKeys]) -> dict[type, Callable[[Any, Any], Any]]:
    """The handlers by command, for the dispatcher. `own_keys` is asked each time, since keys are rotated."""
    return {
        KeepFirstDirectory: partial(keep_first_directory, root_public_key=root_public_key),
        TakeDirectory: partial(take_directory, root_public_key=root_public_key, own_keys=own_keys),
    }


def keep_first_directory(command: KeepFirstDirectory, uow: DirectoryWork, root_public_key: bytes) -> bool:
    """Stores the directory of the enrolment, expired or not; False where there is one already.

    Raises DirectoryNotByRoot, MalformedDirectory.
    """
    if uow.directories.latest() is not None:
        return False
    signed = decode_signed(command.signed)
    uow.directories.store(open_directory(signed, root_public_key).version, signed)
    return True


def take_directory(
    command: TakeDirectory, uow: DirectoryWork, root_public_key: bytes, own_keys: Callable[[], OwnKeys]
) -> bool:
    """Takes the directory over; False where the node has that very one already, or a later one of
    the same chain: what was on its way over the link may be overtaken by the answer to a rotation of keys.

    Raises DirectoryNotByRoot, MalformedDirectory, DirectoryExpired, DirectoryForked, RootWentBack,
    OwnEntryWrong, KeyNotContinued, DirectoryTakesBack.
    """
    signed = decode_signed(command.signed)
    directory = verify_directory(signed, root_public_key, uow.now_us)
    stored = uow.directories.latest()
    current = None if stored is None else open_directory(stored, root_public_key)
    if current is not None and directory.version < current.version:
        beside = [open_directory(signed, root_public_key) for signed in uow.directories.beside(directory.version)]
        check_past(current, directory, beside)
        return False
    if not accept(current, directory):
        return False
    check_own_entry(directory, own_keys(), current)
    check_continuity(current, directory)
    uow.directories.store(directory.version, signed)
    uow.record(DirectoryTaken(directory.version, directory.hash, command.signed))
    return True
