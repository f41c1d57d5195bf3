"""What runs for a caller needs what the command in it needs; the rest is the node's own housekeeping."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared
from common.rest.commands import AnswerCommand, ForgetAnswers, NoteLook

NEEDS: Declared = {AnswerCommand: INTERNAL, ForgetAnswers: INTERNAL, NoteLook: INTERNAL}
