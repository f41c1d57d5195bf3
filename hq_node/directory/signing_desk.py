"""The draft goes out to be signed and comes back: for a root key that is kept away from HQ.

The forms that were given out are remembered. So a signature is taken for the very bytes that HQ gave out and for no
others, also where the draft was amended meanwhile: what was signed is published, and what was decided since remains as
the draft of the version after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from common.directory.model import Directory, NodeEntry
from common.directory.signing import make_directory, sign_bytes, verify_directory
from common.directory.wire import decode_directory, decode_signed
from hq_node.directory.authority import Authority
from hq_node.directory.commands import ExportDraft, ImportSigned, SignDraft
from hq_node.directory.model import ExportUnknown, NothingToSign, SignedDirectoryUnexpected
from hq_node.directory.publishing import DirectoryWork, require_published, take_signed
from hq_node.directory.rotation import certificate_overlap_us


@dataclass(frozen=True, slots=True)
class DraftExported:
    """What goes to the root: the directory to be signed, and the signed one that it follows (both serialised)."""

    version: int
    hash: bytes
    directory: bytes = field(repr=False)
    previous: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedTaken:
    """The version that is published now; `left`: the version that still waits for a signature, 0: none."""

    version: int
    hash: bytes
    left: int


def export_draft(command: ExportDraft, uow: DirectoryWork, authority: Authority) -> DraftExported:
    """Gives the draft out to be signed. The same bytes again, while nothing was decided since and the best part of
    their validity is left: so that nobody signs two forms of one thing.

    Raises NothingToSign, ExportUnknown, FederationNotFounded.
    """
    draft, published = uow.drafts.get(), require_published(uow, authority)
    if draft is None:
        raise NothingToSign
    if command.hash:
        found = [export for export in uow.drafts.exports() if export.hash.startswith(command.hash)]
        if len(found) != 1:
            raise ExportUnknown(hash=command.hash.hex()[:64])
        return _exported(found[0].directory_bytes, uow)
    directory, made = decode_directory(draft.directory_bytes), draft.directory_bytes
    given_out = any(export.hash == draft.hash for export in uow.drafts.exports())
    if not given_out or uow.now_us >= (directory.issued_at_us + directory.valid_until_us) // 2:
        made = _made_now(directory, published, uow, authority)
        uow.drafts.put(made)
    uow.drafts.export(made)
    return _exported(made, uow)


def import_signed(command: ImportSigned, uow: DirectoryWork, authority: Authority) -> SignedTaken:
    """Publishes what the root signed. The same again changes nothing.

    Raises SignedDirectoryUnexpected, DirectoryNotByRoot, MalformedDirectory, DirectoryExpired, FederationNotFounded.
    """
    published, signed = require_published(uow, authority), decode_signed(command.signed)
    directory = verify_directory(signed, authority.root_public_key, uow.now_us)
    draft = uow.drafts.get()
    if directory.hash == published.hash:
        return SignedTaken(published.version, published.hash, published.version + 1 if draft is not None else 0)
    if draft is None or all(export.directory_bytes != signed.directory for export in uow.drafts.exports()):
        raise SignedDirectoryUnexpected(
            version=directory.version, hash=directory.hash.hex()[:16], expected=published.version + 1
        )
    left = _decided_since(directory, decode_directory(draft.directory_bytes), uow, authority)
    taken = take_signed(signed, published, uow, authority, left)
    return SignedTaken(taken.version, taken.hash, taken.version + 1 if left else 0)


def sign_draft(_command: SignDraft, uow: DirectoryWork, authority: Authority) -> Directory | None:
    """Signs the draft here, where HQ holds the root that it needs; None where there is nothing to do."""
    draft, published = uow.drafts.get(), require_published(uow, authority)
    if draft is None:
        return None
    directory = decode_directory(draft.directory_bytes)
    if not authority.holds_root_of(directory):
        return None
    root = authority.signer_of(authority.root_of(directory))
    return take_signed(sign_bytes(_made_now(directory, published, uow, authority), root), published, uow, authority)


def _exported(made: bytes, uow: DirectoryWork) -> DraftExported:
    directory, previous = decode_directory(made), uow.directories.latest()
    return DraftExported(directory.version, directory.hash, made, previous.SerializeToString())


def _made_now(directory: Directory, published: Directory, uow: DirectoryWork, authority: Authority) -> bytes:
    """The same content, valid from now: it may have waited for long."""
    limits = authority.limits
    # A certificate is given to its node only once it is named; the one before must be good until then, and a while.
    until_us = uow.now_us + limits.directory_valid_us + certificate_overlap_us(limits)
    nodes = [_with_certificate_kept(entry, published, until_us) for entry in directory.nodes]
    valid_us = limits.directory_valid_us
    regions, roots, ceilings = directory.region_lists, directory.roots, directory.ceilings
    return make_directory(published, nodes, regions, uow.now_us, valid_us, roots, ceilings)


def _with_certificate_kept(entry: NodeEntry, published: Directory, until_us: int) -> NodeEntry:
    before = published.node(entry.node)
    if before is None or before.tls_fingerprint in (entry.tls_fingerprint, b""):
        return entry
    if before.tls_fingerprint != entry.former_tls_fingerprint:
        return entry  # Enrolled anew: the one before is good for nothing.
    return replace(entry, former_tls_until_us=until_us)


def _decided_since(signed: Directory, draft: Directory, uow: DirectoryWork, authority: Authority) -> bytes:
    """The draft of the version after `signed`, where `draft` says more than it; else nothing."""
    if _content(draft) == _content(signed):
        return b""
    valid_us = authority.limits.directory_valid_us
    return make_directory(signed, draft.nodes, draft.region_lists, uow.now_us, valid_us, draft.roots, draft.ceilings)


def _content(directory: Directory) -> tuple[object, ...]:
    """All that a directory says, but for which version it is and how long it holds."""
    return directory.nodes, directory.region_lists, directory.roots, directory.ceilings
