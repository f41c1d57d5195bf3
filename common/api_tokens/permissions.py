"""What somebody needs in order to let other systems in, or to look at which there are."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared, Needs
from common.access_control.rights import Permission
from common.api_tokens.commands import IssueToken, NoteTokenUses, RevokeToken
from common.ids import format_id

READ = Permission("api-token", "read")
ISSUE = Permission("api-token", "issue")
REVOKE = Permission("api-token", "revoke")
READING = frozenset({READ})

NEEDS: Declared = {
    IssueToken: Needs(ISSUE.resource, ISSUE.action, record=lambda wish: wish.client),
    RevokeToken: Needs(
        REVOKE.resource,
        REVOKE.action,
        record=lambda wish: format_id(wish.token_id),
        reason=lambda wish: wish.reason,
    ),
    NoteTokenUses: INTERNAL,
}
