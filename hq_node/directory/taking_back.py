"""The directories that HQ published and has forgotten, taken back from whoever works by them."""

from __future__ import annotations

from common.directory.continuity import check_continuity
from common.directory.model import accept
from common.directory.signing import open_directory
from common.directory.wire import decode_signed
from hq_node.directory.authority import Authority
from hq_node.directory.commands import TakeBackDirectory
from hq_node.directory.events import DirectoryPublished
from hq_node.directory.model import FederationNotFounded
from hq_node.directory.publishing import DirectoryWork


def take_back_directory(command: TakeBackDirectory, uow: DirectoryWork, authority: Authority) -> bool:
    """A directory by this federation's root that is newer than HQ's own is HQ's again. Whether it is newer.

    What had waited for the root's signature was decided on an older one, and is dropped. Raises DirectoryNotByRoot,
    MalformedDirectory, DirectoryForked, RootWentBack, KeyNotContinued, DirectoryTakesBack, FederationNotFounded.
    """
    stored, signed = uow.directories.latest(), decode_signed(command.signed)
    if stored is None:
        raise FederationNotFounded
    root = authority.root_public_key
    current, given = open_directory(stored, root), open_directory(signed, root)
    if given.version < current.version:
        return False
    if not accept(current, given):
        return False
    check_continuity(current, given)
    uow.directories.store(given.version, signed)
    uow.drafts.forget_exports()
    uow.drafts.drop()
    uow.record(DirectoryPublished(given.version, given.hash, command.signed))
    return True
