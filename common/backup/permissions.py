"""What somebody needs in order to make a backup."""

from __future__ import annotations

from common.access_control.needs import Declared, Needs
from common.backup.commands import CreateBackup

NEEDS: Declared = {CreateBackup: Needs("backup", "create", record=lambda wish: wish.record)}
