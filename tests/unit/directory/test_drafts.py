"""The root key is kept away from HQ: each change waits as a draft, is signed outside, and published when it is back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from common.directory.continuity import check_continuity, rotation_bytes
from common.directory.model import Directory, DirectoryForked, KeyUse, NodeKey, NodeStatus, RootWentBack
from common.directory.own_keys import NodeKeys
from common.directory.rotation_wire import decode_rotation, encode_rotation
from common.directory.signing import DirectoryExpired, DirectoryNotByRoot, make_directory, sign_bytes
from common.directory.wire import decode_directory
from common.gen.quanwang.federation.v1 import directory_pb2
from common.security.key_protection import KeyProtection, PassphraseWrong
from common.security.keyring import KeyringUse
from common.security.private_files import write_private
from common.security.signing import Ed25519Signer
from hq_node.directory.commands import (
    ApproveNode,
    ExportDraft,
    ImportSigned,
    NameNextRoot,
    PublishDirectory,
    ResumeNode,
    RevokeNode,
    RotateKeys,
    SignDraft,
    SuspendNode,
)
from hq_node.directory.draft_repository import draft_of, latest_and_draft
from hq_node.directory.events import DirectoryDrafted, DirectoryPublished
from hq_node.directory.exchange import sign_draft_file
from hq_node.directory.in_force import DirectoryInForce
from hq_node.directory.model import (
    EnrolmentState,
    ExportUnknown,
    NextRootNotSigned,
    NothingToSign,
    SignedDirectoryUnexpected,
)
from hq_node.directory.queries import NodeState, list_nodes
from hq_node.directory.root_key_file import (
    RootKeyFile,
    RootKeyFileExists,
    RootKeyFileUnreadable,
    make_successor,
    open_root_key,
)
from hq_node.directory.root_signing import (
    DraftGoesBack,
    DraftTampered,
    OtherFederationsDraft,
    RootNotInForce,
    SignedOtherwise,
    VersionGap,
)
from tests.support.enrolment import Candidate, EnrolmentDesk, HandClock
from tests.support.root_files import PASSPHRASE, Vault
from tests.support.stores import Databases
from tests.unit.directory.test_rotation import Province

DAY_US = 86_400_000_000


def in_force(desk: EnrolmentDesk) -> Directory:
    signed, draft = latest_and_draft(desk.connection)
    assert signed is not None
    return DirectoryInForce(signed, draft, desk.authority.root_public_key).directory


def status(directory: Directory, node: str) -> NodeStatus:
    entry = directory.node(node)
    assert entry is not None
    return entry.status


def test_a_change_waits_for_the_root_and_is_then_published_once(desk: EnrolmentDesk, vault: Vault) -> None:
    before = desk.directory
    suspended: Directory = desk.run(SuspendNode("31", "why", "li.na"))
    assert suspended.version == before.version + 1
    assert desk.directory.version == before.version
    assert isinstance(desk.events[-1], DirectoryDrafted)
    signed = vault.sign(vault.exported())
    taken = desk.run(ImportSigned(signed))
    assert (taken.version, taken.left) == (before.version + 1, 0)
    assert status(desk.directory, "31") is NodeStatus.SUSPENDED
    assert isinstance(desk.events[-1], DirectoryPublished)
    check_continuity(before, desk.directory)
    # The same once more, as after an answer that was lost.
    assert desk.run(ImportSigned(signed)) == taken
    assert desk.directory.version == before.version + 1
    assert draft_of(desk.connection) is None
    with pytest.raises(NothingToSign):
        desk.run(ExportDraft())


@pytest.mark.parametrize("command", [SuspendNode, RevokeNode])
def test_a_node_is_shut_out_at_hq_before_the_root_has_signed(
    desk: EnrolmentDesk, vault: Vault, clock: HandClock, command: type[SuspendNode | RevokeNode]
) -> None:
    published = desk.directory
    key = next(key for key in entry_keys(published, "31") if key.use is KeyUse.SIGNING)
    desk.run(command("31", "stolen", "li.na"))
    judged = in_force(desk)
    assert (judged.version, judged.hash) == (published.version, published.hash)
    assert not judged.is_active("31")
    assert judged.is_active("44")
    assert judged.signing_key("31", key.key_id, clock.now_us() + 1) is None
    vault.publish()
    assert not in_force(desk).is_active("31")
    assert desk.directory.past_signing_key("31", key.key_id, clock.now_us() - 1) is not None


def entry_keys(directory: Directory, node: str) -> tuple[NodeKey, ...]:
    entry = directory.node(node)
    assert entry is not None
    return entry.keys


def test_what_is_granted_waits_for_the_signature(desk: EnrolmentDesk, vault: Vault) -> None:
    desk.run(SuspendNode("31", "why", "li.na"))
    vault.publish()
    desk.run(ResumeNode("31", "mended", "li.na"))
    assert not in_force(desk).is_active("31")
    vault.publish()
    assert in_force(desk).is_active("31")


def test_a_suspension_that_is_taken_back_before_it_was_signed_lets_the_node_in_at_once(
    desk: EnrolmentDesk, vault: Vault
) -> None:
    desk.run(SuspendNode("31", "by mistake", "li.na"))
    desk.run(ResumeNode("31", "by mistake", "li.na"))
    assert in_force(desk).is_active("31")


def test_several_changes_become_one_version(desk: EnrolmentDesk, vault: Vault) -> None:
    before = desk.directory.version
    desk.run(SuspendNode("31", "why", "li.na"))
    desk.run(RevokeNode("44", "why", "li.na"))
    assert vault.publish().version == before + 1
    assert (status(desk.directory, "31"), status(desk.directory, "44")) == (NodeStatus.SUSPENDED, NodeStatus.REVOKED)


def test_what_was_decided_after_the_export_is_neither_lost_nor_published_unsigned(
    desk: EnrolmentDesk, vault: Vault
) -> None:
    before = desk.directory.version
    desk.run(SuspendNode("31", "why", "li.na"))
    signed = vault.sign(vault.exported())
    desk.run(RevokeNode("44", "why", "li.na"))
    taken = desk.run(ImportSigned(signed))
    assert (taken.version, taken.left) == (before + 1, before + 2)
    assert status(desk.directory, "44") is NodeStatus.ACTIVE
    assert not in_force(desk).is_active("44")
    assert vault.publish().left == 0
    assert status(desk.directory, "44") is NodeStatus.REVOKED
    assert desk.directory.version == before + 2


def test_the_same_draft_is_exported_alike_until_it_is_amended_or_grows_old(
    desk: EnrolmentDesk, vault: Vault, clock: HandClock
) -> None:
    desk.run(SuspendNode("31", "why", "li.na"))
    clock.at_us += DAY_US
    first = vault.exported()
    clock.at_us += DAY_US
    assert vault.exported() == first
    desk.run(RevokeNode("44", "why", "li.na"))
    second = vault.exported()
    assert second.directory != first.directory
    # The former form can be had again: it may be the one that was signed.
    assert vault.exported(decode_directory(first.directory).hash[:8]) == first
    clock.at_us += desk.authority.limits.directory_valid_us
    renewed = decode_directory(vault.exported().directory)
    assert renewed.valid_until_us == clock.at_us + desk.authority.limits.directory_valid_us
    with pytest.raises(ExportUnknown):
        vault.exported(bytes(8))


def test_a_province_is_let_in_when_the_root_has_signed_and_not_before(
    desk: EnrolmentDesk, vault: Vault, clock: HandClock
) -> None:
    request = Candidate("11", seed=11).request(desk.invite("11"))
    desk.run(request)
    desk.run(ApproveNode("11", "operator"))
    assert desk.run(request).state is EnrolmentState.WAITING
    (row,) = [row for row in list_nodes(desk.connection, clock.now_us()) if row.node == "11"]
    assert (row.state, row.waits_for_root) == (NodeState.ACTIVE, True)
    vault.publish()
    answer = desk.run(request)
    assert answer.state is EnrolmentState.APPROVED
    assert desk.directory.is_active("11")
    (row,) = [row for row in list_nodes(desk.connection, clock.now_us()) if row.node == "11"]
    assert not row.waits_for_root


def test_keys_are_replaced_when_the_root_has_signed_however_often_the_node_asks(
    desk: EnrolmentDesk, tmp_path: Path, clock: HandClock, protection: KeyProtection
) -> None:
    province = Province(desk, tmp_path / "12", "12")
    vault = Vault(desk, protection)
    vault.take_root_away(tmp_path / "hq")
    certificate = province.certificate
    first = province.command(province.wish(KeyringUse.SIGNING, KeyringUse.TLS))
    for _ in range(3):
        answer = desk.run(first)
        assert (answer.tls_certificate, answer.signed_directory) == (b"", b"")
    # Another use meanwhile: the key that waits has not taken the place of the one that the node signs by.
    assert not desk.run(province.command(province.wish(KeyringUse.PRIVATE_BODIES))).signed_directory
    version = desk.directory.version
    # The former certificate is good for as long as a signature may take, and a while longer.
    clock.at_us += desk.authority.limits.directory_valid_us // 2
    assert vault.publish().version == version + 1
    entry = desk.directory.node("12")
    assert entry is not None
    clock.at_us += DAY_US
    rotated = desk.run(province.command(province.keys.rotation(province.directory, certificate, clock.now_us())))
    province.take(rotated)
    assert rotated.tls_certificate not in (b"", certificate)
    assert province.keys.unfinished(province.entry, province.certificate) == set()
    assert len([key for key in entry.keys if key.use is KeyUse.SIGNING]) == 2
    assert desk.directory.version == version + 1


def test_hqs_own_certificate_is_issued_once_while_it_waits(
    desk: EnrolmentDesk, vault: Vault, tmp_path: Path, clock: HandClock
) -> None:
    keys = NodeKeys("00", tmp_path / "hq", desk.keyring)
    entry = desk.directory.node("00")
    assert entry is not None
    keys.add(entry, desk.certificates.server, [KeyringUse.TLS])
    drafts = set()
    for _ in range(3):
        clock.at_us += DAY_US
        rotation = encode_rotation(keys.rotation(desk.directory, desk.certificates.server, clock.now_us()))
        signature = keys.keyring.signer.sign(rotation_bytes(rotation))
        assert desk.run(RotateKeys(decode_rotation(rotation), rotation, signature)).tls_certificate == b""
        draft = draft_of(desk.connection)
        assert draft is not None
        drafts.add(draft.hash)
    assert len(drafts) == 1


def test_renewing_the_validity_waits_too_and_makes_no_draft_twice(desk: EnrolmentDesk, vault: Vault) -> None:
    desk.run(PublishDirectory())
    first = draft_of(desk.connection)
    desk.run(PublishDirectory())
    assert draft_of(desk.connection) == first
    before = desk.directory
    vault.publish()
    assert desk.directory.valid_until_us > before.valid_until_us
    assert desk.directory.nodes == before.nodes


def test_a_process_that_holds_the_root_signs_what_another_one_drafted(desk: EnrolmentDesk, tmp_path: Path) -> None:
    whole = desk.keyring
    desk.keyring = whole.without_use(tmp_path / "hq", KeyringUse.ROOT)
    desk.run(SuspendNode("31", "why", "li.na"))
    assert desk.run(SignDraft()) is None
    desk.keyring = whole
    desk.run(SignDraft())
    assert status(desk.directory, "31") is NodeStatus.SUSPENDED
    assert draft_of(desk.connection) is None


def test_the_root_is_replaced_where_it_is_kept(desk: EnrolmentDesk, vault: Vault) -> None:
    following, statement = make_successor(vault.key, b"another passphrase")
    desk.run(NameNextRoot(statement.public_key, statement.signature))
    desk.run(NameNextRoot(statement.public_key, statement.signature))
    draft = vault.exported()
    with pytest.raises(RootNotInForce):
        vault.sign(draft)
    former, vault.key = vault.key, following
    desk.run(ImportSigned(vault.sign(draft)))
    assert [root.public_key for root in desk.directory.roots] == [following.signer.public_key]
    desk.run(SuspendNode("31", "why", "li.na"))
    with pytest.raises(RootNotInForce):
        Vault.sign(_with(vault, former), vault.exported())
    vault.publish()
    assert status(desk.directory, "31") is NodeStatus.SUSPENDED


def _with(vault: Vault, key: RootKeyFile) -> Vault:
    other = object.__new__(Vault)
    other.desk, other.key = vault.desk, key
    return other


def test_a_next_root_that_the_one_in_force_did_not_sign_is_refused(desk: EnrolmentDesk, vault: Vault) -> None:
    stranger = Ed25519Signer(bytes([77]) * 32)
    with pytest.raises(NextRootNotSigned):
        desk.run(NameNextRoot(stranger.public_key, stranger.sign(b"me")))
    assert draft_of(desk.connection) is None


# What the root refuses to sign


def test_a_draft_that_was_altered_is_not_signed(desk: EnrolmentDesk, vault: Vault) -> None:
    desk.run(SuspendNode("31", "why", "li.na"))
    draft, published = vault.exported(), desk.directory
    nodes = decode_directory(draft.directory).nodes
    other = make_directory(published, nodes[:-1], published.region_lists, desk.clock.now_us(), DAY_US)
    for altered in (
        replace(draft, directory=other),
        replace(draft, signature=bytes(64)),
        replace(draft, key_id="ed25519:0"),
        vault.exported(signer=Ed25519Signer(bytes([5]) * 32)),
    ):
        with pytest.raises(DraftTampered):
            vault.sign(altered)


def test_another_federations_draft_is_not_signed(
    desk: EnrolmentDesk, vault: Vault, tmp_path: Path, databases: Databases, clock: HandClock, protection: KeyProtection
) -> None:
    data_dir = tmp_path / "other"
    data_dir.mkdir(mode=0o700)
    other = EnrolmentDesk(data_dir, databases.with_tables("other"), clock)
    other.found()
    others = Vault(other, protection)
    others.take_root_away(data_dir)
    other.run(PublishDirectory())
    with pytest.raises(OtherFederationsDraft):
        vault.sign(others.exported())
    other.close()


def test_no_version_is_signed_in_two_forms(desk: EnrolmentDesk, vault: Vault) -> None:
    desk.run(SuspendNode("31", "why", "li.na"))
    first = vault.exported()
    signed = vault.sign(first)
    assert vault.sign(first) == signed
    desk.run(RevokeNode("44", "why", "li.na"))
    with pytest.raises(SignedOtherwise) as refused:
        vault.sign(vault.exported())
    # What it says leads on: the form that was signed is exported and signed again.
    again = vault.exported(bytes.fromhex(refused.value.facts["signed"]))
    desk.run(ImportSigned(vault.sign(again)))
    vault.publish()
    assert status(desk.directory, "44") is NodeStatus.REVOKED


def test_nothing_is_signed_that_goes_back_forks_or_leaves_a_version_out(desk: EnrolmentDesk, vault: Vault) -> None:
    desk.run(SuspendNode("31", "why", "li.na"))
    old = vault.exported()
    vault.publish()
    desk.run(ResumeNode("31", "why", "li.na"))
    published = desk.directory
    vault.publish()
    with pytest.raises(DraftGoesBack):
        vault.sign(old)
    desk.run(PublishDirectory())
    draft = vault.exported()
    directory = decode_directory(draft.directory)
    gap = directory_pb2.Directory.FromString(draft.directory)
    gap.version += 1
    with pytest.raises(VersionGap):
        vault.sign(sign_draft_file(gap.SerializeToString(deterministic=True), draft.previous, desk.keyring.signer))
    # It does not follow the version that it brings along.
    fork = make_directory(published, directory.nodes, directory.region_lists, desk.clock.now_us(), DAY_US)
    parsed = directory_pb2.Directory.FromString(fork)
    parsed.version = directory.version
    with pytest.raises(DirectoryForked):
        vault.sign(sign_draft_file(parsed.SerializeToString(deterministic=True), draft.previous, desk.keyring.signer))
    # It follows another version than the one that this key signed last.
    vault.key = vault.key.signed(directory.version - 1, bytes([1]) * 32)
    with pytest.raises(DirectoryForked):
        vault.sign(draft)


def test_a_root_that_was_replaced_is_not_forgotten_by_a_draft(desk: EnrolmentDesk, vault: Vault) -> None:
    vault.key, statement = make_successor(vault.key, b"another passphrase")
    desk.run(NameNextRoot(statement.public_key, statement.signature))
    vault.publish()
    desk.run(PublishDirectory())
    draft = vault.exported()
    parsed = directory_pb2.Directory.FromString(draft.directory)
    del parsed.roots[:]
    with pytest.raises(RootWentBack):
        vault.sign(sign_draft_file(parsed.SerializeToString(deterministic=True), draft.previous, desk.keyring.signer))


# What HQ does not take back


def test_hq_publishes_only_what_it_gave_out_signed_by_the_root(
    desk: EnrolmentDesk, vault: Vault, clock: HandClock
) -> None:
    published = desk.directory
    desk.run(SuspendNode("31", "why", "li.na"))
    draft = vault.exported()
    signed = vault.sign(draft)
    made = make_directory(published, published.nodes, published.region_lists, clock.now_us(), DAY_US)
    with pytest.raises(SignedDirectoryUnexpected):
        desk.run(ImportSigned(sign_bytes(made, vault.key.signer).SerializeToString()))
    with pytest.raises(DirectoryNotByRoot):
        desk.run(ImportSigned(sign_bytes(draft.directory, Ed25519Signer(bytes([9]) * 32)).SerializeToString()))
    clock.at_us += 2 * desk.authority.limits.directory_valid_us
    with pytest.raises(DirectoryExpired):
        desk.run(ImportSigned(signed))
    assert desk.directory.version == published.version
    assert draft_of(desk.connection) is not None


def test_a_form_that_was_overtaken_is_not_published(desk: EnrolmentDesk, vault: Vault) -> None:
    desk.run(SuspendNode("31", "why", "li.na"))
    first = vault.exported()
    desk.run(RevokeNode("44", "why", "li.na"))
    second = vault.exported()
    desk.run(ImportSigned(sign_bytes(second.directory, vault.key.signer).SerializeToString()))
    version = desk.directory.version
    with pytest.raises(SignedDirectoryUnexpected):
        desk.run(ImportSigned(sign_bytes(first.directory, vault.key.signer).SerializeToString()))
    assert desk.directory.version == version


# The file of the key


def test_the_keys_file_remembers_what_it_signed_and_opens_with_its_passphrase_alone(
    desk: EnrolmentDesk, vault: Vault, tmp_path: Path
) -> None:
    path = tmp_path / "root.key"
    vault.key.create(path)
    assert vault.key.private_key.hex() not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(RootKeyFileExists):
        vault.key.create(path)
    with pytest.raises(PassphraseWrong):
        open_root_key(path, b"another passphrase")
    opened = open_root_key(path, PASSPHRASE)
    assert opened.signer.key_id == vault.key.signer.key_id
    opened.signed(17, bytes([7]) * 32).store(path)
    again = open_root_key(path, PASSPHRASE)
    assert (again.version, again.hash, again.first_root) == (17, bytes([7]) * 32, vault.key.first_root)
    text = path.read_text()
    write_private(path, text.replace('"sealed": "', '"sealed": "AA').encode())
    with pytest.raises(RootKeyFileUnreadable):
        open_root_key(path, PASSPHRASE)
    write_private(path, b"[]")
    with pytest.raises(RootKeyFileUnreadable):
        open_root_key(path, PASSPHRASE)
