"""The root key outside of HQ: exported, used to sign what HQ exported, as the commands do it."""

from __future__ import annotations

from pathlib import Path

from common.directory.signing import sign_bytes
from common.security.key_protection import KeyProtection
from common.security.keyring import KeyringUse
from common.security.signing import Ed25519Signer
from hq_node.directory.commands import ApproveNode, ExportDraft, ImportSigned
from hq_node.directory.exchange import DraftFile, sign_draft_file
from hq_node.directory.root_key_file import RootKeyFile
from hq_node.directory.root_signing import judge_draft
from hq_node.directory.signing_desk import SignedTaken
from tests.support.enrolment import Candidate, EnrolmentDesk

PASSPHRASE = b"correct horse battery staple"


class Vault:
    """The machine where the root key is kept: its file, and nothing else."""

    def __init__(self, desk: EnrolmentDesk, protection: KeyProtection) -> None:
        self.desk = desk
        private_key = desk.keyring.root_key_of(desk.keyring.root_signer.public_key)
        assert private_key is not None
        published = desk.directory
        self.key = RootKeyFile(
            private_key, desk.authority.root_public_key, published.version, published.hash, protection
        )

    def take_root_away(self, data_dir: Path) -> None:
        """HQ does not hold the root any more."""
        self.desk.keyring = self.desk.keyring.without_use(data_dir, KeyringUse.ROOT)

    def exported(self, hash: bytes = b"", signer: Ed25519Signer | None = None) -> DraftFile:
        """The draft as it leaves HQ."""
        exported = self.desk.run(ExportDraft(hash))
        return sign_draft_file(exported.directory, exported.previous, signer or self.desk.keyring.signer)

    def sign(self, draft: DraftFile) -> bytes:
        """What comes back: a serialised SignedDirectory. Raises what the judgement refuses."""
        judged = judge_draft(draft, self.key)
        self.key = self.key.signed(judged.directory.version, judged.directory.hash)
        return sign_bytes(draft.directory, self.key.signer).SerializeToString()

    def publish(self) -> SignedTaken:
        """The whole way."""
        taken: SignedTaken = self.desk.run(ImportSigned(self.sign(self.exported())))
        return taken


def enrol(desk: EnrolmentDesk, candidate: Candidate) -> None:
    """A province is let in."""
    desk.run(candidate.request(desk.invite(candidate.node)))
    desk.run(ApproveNode(candidate.node, "operator"))
