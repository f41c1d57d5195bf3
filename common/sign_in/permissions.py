"""What somebody needs in order to sign others out, or to give them a password. What they do for themselves needs
nothing but that they are signed in."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared, Needs, OwnAccount
from common.access_control.rights import Permission
from common.ids import format_id
from common.sign_in.commands import (
    BeginSecondFactor,
    ChangeOwnPassword,
    ConfirmSecondFactor,
    CountWrongPassword,
    EndOwnSession,
    EndSecondFactor,
    EndSession,
    ForgetSignIns,
    NoteSessionUses,
    SetOneTimePassword,
    SignIn,
)

READ = Permission("session", "read")
END = Permission("session", "end")
RESET_PASSWORD = Permission("operator", "reset-password")
READING = frozenset({READ})

OWN = "own-account"

NEEDS: Declared = {
    # Nobody is known yet who could need anything; the handler itself notes in the audit log what came of it.
    SignIn: INTERNAL,
    CountWrongPassword: INTERNAL,
    ChangeOwnPassword: OwnAccount(OWN, "change-password"),
    BeginSecondFactor: OwnAccount(OWN, "begin-second-factor"),
    ConfirmSecondFactor: OwnAccount(OWN, "confirm-second-factor"),
    EndSecondFactor: OwnAccount(OWN, "end-second-factor"),
    EndOwnSession: OwnAccount(OWN, "sign-out", record=lambda wish: format_id(wish.session_id)),
    EndSession: Needs(
        END.resource, END.action, record=lambda wish: format_id(wish.session_id), reason=lambda wish: wish.reason
    ),
    SetOneTimePassword: Needs(RESET_PASSWORD.resource, RESET_PASSWORD.action, record=lambda wish: wish.operator),
    NoteSessionUses: INTERNAL,
    ForgetSignIns: INTERNAL,
}
