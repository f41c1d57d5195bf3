"""Directories are taken over by the node alone."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared
from province_node.directory.commands import KeepFirstDirectory, TakeDirectory

NEEDS: Declared = {KeepFirstDirectory: INTERNAL, TakeDirectory: INTERNAL}
