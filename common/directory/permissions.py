"""What somebody needs in order to replace a node's own keys."""

from __future__ import annotations

from common.access_control.needs import Declared, Needs
from common.access_control.rights import Permission
from common.directory.commands import RotateOwnKeys

ROTATE_OWN_KEYS = Permission("node-keys", "rotate")

NEEDS: Declared = {
    RotateOwnKeys: Needs(ROTATE_OWN_KEYS.resource, ROTATE_OWN_KEYS.action, record=lambda wish: ",".join(wish.uses))
}
