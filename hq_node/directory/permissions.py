"""What somebody needs in order to change who belongs to the federation."""

from __future__ import annotations

from common.access_control.approval import Approval
from common.access_control.needs import INTERNAL, Declared, Needs
from common.access_control.rights import Permission
from hq_node.directory.commands import (
    ApproveNode,
    ExportDraft,
    ExportRootKey,
    ForgetRootKey,
    FoundFederation,
    ImportRootKey,
    ImportSigned,
    InviteNode,
    LookForDirectory,
    NameNextRoot,
    PublishDirectory,
    RemoveCeiling,
    RequestEnrolment,
    ResumeNode,
    RetireKeys,
    RevokeNode,
    RotateKeys,
    RotateRoot,
    SetCeiling,
    SignDraft,
    SuspendNode,
    TakeBackDirectory,
)
from hq_node.directory.parameters import REVOKING_APPROVAL

SET_CEILING, REMOVE_CEILING = Permission("ceiling", "set"), Permission("ceiling", "remove")
READ = Permission("node", "read")
INVITE, APPROVE = Permission("node", "invite"), Permission("node", "approve")
SUSPEND, RESUME, REVOKE = Permission("node", "suspend"), Permission("node", "resume"), Permission("node", "revoke")
READING = frozenset({READ})
FORGET_ROOT_KEY = Permission("root-key", "forget")

REVOKING = Approval("revoke-node", REVOKING_APPROVAL, "Revoking a node", "吊销节点")


def _node(wish: InviteNode | ApproveNode | SuspendNode | ResumeNode | RevokeNode) -> str:
    return wish.node


def _why(wish: SuspendNode | ResumeNode | RevokeNode | SetCeiling | RemoveCeiling) -> str:
    return wish.reason


def _subject(wish: SetCeiling | RemoveCeiling) -> str:
    return wish.subject


NEEDS: Declared = {
    InviteNode: Needs(INVITE.resource, INVITE.action, record=_node),
    ApproveNode: Needs(APPROVE.resource, APPROVE.action, record=_node),
    SuspendNode: Needs(SUSPEND.resource, SUSPEND.action, record=_node, reason=_why),
    ResumeNode: Needs(RESUME.resource, RESUME.action, record=_node, reason=_why),
    RevokeNode: Needs(REVOKE.resource, REVOKE.action, record=_node, reason=_why, approval=REVOKING),
    SetCeiling: Needs(SET_CEILING.resource, SET_CEILING.action, record=_subject, reason=_why),
    RemoveCeiling: Needs(REMOVE_CEILING.resource, REMOVE_CEILING.action, record=_subject, reason=_why),
    ExportDraft: Needs("directory", "export-draft"),
    ImportSigned: Needs("directory", "import-signed"),
    NameNextRoot: Needs("directory", "name-next-root"),
    ExportRootKey: Needs("root-key", "export", record=lambda wish: wish.record),
    ImportRootKey: Needs("root-key", "import", record=lambda wish: wish.record),
    ForgetRootKey: Needs(FORGET_ROOT_KEY.resource, FORGET_ROOT_KEY.action),
    SignDraft: INTERNAL,
    # What a node asks for itself is proved by its keys; what time asks, by nobody.
    RequestEnrolment: INTERNAL,
    RotateKeys: INTERNAL,
    RetireKeys: INTERNAL,
    RotateRoot: INTERNAL,
    PublishDirectory: INTERNAL,
    LookForDirectory: INTERNAL,
    TakeBackDirectory: INTERNAL,
    FoundFederation: INTERNAL,
}
