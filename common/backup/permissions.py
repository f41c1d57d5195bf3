"""What somebody needs in order to see, make and prove backups."""

from __future__ import annotations

from common.access_control.needs import Declared, Needs
from common.access_control.rights import Permission
from common.backup.commands import CreateBackup, VerifyBackup

READ = Permission("backup", "read")
CREATE = Permission("backup", "create")
VERIFY = Permission("backup", "verify")
READING = frozenset({READ})

NEEDS: Declared = {
    CreateBackup: Needs(CREATE.resource, CREATE.action, record=lambda wish: wish.record),
    VerifyBackup: Needs(VERIFY.resource, VERIFY.action, record=lambda wish: wish.record),
}
