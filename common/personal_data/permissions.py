"""What somebody needs in order to deal with the keys of personal data."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared, Needs
from common.personal_data.commands import BeginKeyRotation, OpenPersonalData, RenewRecords

NEEDS: Declared = {
    BeginKeyRotation: Needs("personal-data-keys", "rotate"),
    OpenPersonalData: Needs("personal-data-keys", "rotate"),
    RenewRecords: INTERNAL,
}
