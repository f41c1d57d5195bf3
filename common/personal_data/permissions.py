"""What somebody needs in order to deal with the keys of personal data."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared, Needs
from common.access_control.rights import Permission
from common.personal_data.commands import (
    BeginKeyRotation,
    ForgetFormerMasterKeys,
    OpenPersonalData,
    RenewNow,
    RenewRecords,
    ReplaceMasterKey,
)

RESOURCE = "personal-data-keys"
RENEW = Permission(RESOURCE, "renew")
REPLACE_MASTER_KEY = Permission(RESOURCE, "replace-master-key")
FORGET_FORMER = Permission(RESOURCE, "forget-former")

NEEDS: Declared = {
    BeginKeyRotation: Needs(RESOURCE, "rotate"),
    RenewNow: Needs(RENEW.resource, RENEW.action),
    ReplaceMasterKey: Needs(REPLACE_MASTER_KEY.resource, REPLACE_MASTER_KEY.action),
    ForgetFormerMasterKeys: Needs(FORGET_FORMER.resource, FORGET_FORMER.action),
    # Steps of the above, of the node's start, and of what it goes on with by itself.
    OpenPersonalData: INTERNAL,
    RenewRecords: INTERNAL,
}
