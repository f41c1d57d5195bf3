"""The root key gives way to the next: signed by the one before, and carried in every directory from then on."""

from __future__ import annotations

from common.directory.model import Directory, RootKey
from common.directory.signing import root_in_force, root_statement, successor
from common.security.signing import ED25519, key_id_of, verify
from hq_node.directory.authority import Authority
from hq_node.directory.commands import NameNextRoot, RotateRoot
from hq_node.directory.model import NextRootNotSigned
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


def name_next_root(command: NameNextRoot, uow: DirectoryWork, authority: Authority) -> Directory:
    """The same for a root key that is kept elsewhere: the next directory names it, and waits for its signature. One
    that is named already stays so.

    Raises NextRootNotSigned, FederationNotFounded.
    """
    directory = require_current(uow, authority)
    before = root_in_force(authority.root_public_key, directory.roots)
    if before == command.public_key:
        return directory
    statement = root_statement(ED25519, command.public_key, key_id_of(ED25519, before))
    if not verify(ED25519, before, command.signature, statement):
        raise NextRootNotSigned(key_id=key_id_of(ED25519, before))
    roots = (*directory.roots, RootKey(ED25519, command.public_key, uow.now_us, command.signature))
    return publish(directory, directory.nodes, directory.region_lists, uow, authority, roots)
