"""Replicas speak of themselves; people only look."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared
from common.replicas.commands import ForgetReplica, ReportReplica

NEEDS: Declared = {ReportReplica: INTERNAL, ForgetReplica: INTERNAL}
