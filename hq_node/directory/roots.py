"""The root key gives way to the next: signed by the one before, and carried in every directory from then on."""

from __future__ import annotations

from common.directory.model import Directory
from common.directory.signing import root_in_force, successor
from hq_node.directory.authority import Authority
from hq_node.directory.commands import RotateRoot
from hq_node.directory.publishing import DirectoryWork, publish, require_current


def rotate_root(command: RotateRoot, uow: DirectoryWork, authority: Authority) -> Directory:
    """Publishes the first directory by the next root. One that is in force already stays so.

    Raises RootKeyNotHeld where HQ holds not both, FederationNotFounded.
    """
    directory = require_current(uow, authority)
    before = root_in_force(authority.root_public_key, directory.roots)
    if before == command.public_key:
        return directory
    authority.signer_of(command.public_key)
    roots = (*directory.roots, successor(authority.signer_of(before), command.public_key, uow.now_us))
    return publish(directory, directory.nodes, directory.region_lists, uow, authority, roots)
