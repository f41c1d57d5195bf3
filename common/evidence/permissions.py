"""What somebody needs in order to be given evidence."""

from __future__ import annotations

from common.access_control.needs import Declared, Needs
from common.access_control.rights import Permission
from common.evidence.commands import ExportEvidence
from common.ids import format_id

EXPORT = Permission("evidence", "export")

NEEDS: Declared = {
    ExportEvidence: Needs(EXPORT.resource, EXPORT.action, record=lambda wish: format_id(wish.request_id))
}
