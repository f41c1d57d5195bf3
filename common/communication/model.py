"""A message to a person, in its one internal form."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any

from common.communication.parameters import ADAPTER
from common.interfaces.model import InterfaceCallUnfit, Port
from common.personal_data.masking import mask_email, mask_number

SMS, EMAIL, APP = "sms", "email", "app"
CHANNELS = (SMS, EMAIL, APP)
TEXT_CHARS_MAX = 2_000
SUBJECT_CHARS_MAX = 200
SEND = "send"

_RECEIVERS = {
    SMS: re.compile(r"\+?[0-9]{5,20}"),
    EMAIL: re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9.-]{3,190}"),
    APP: re.compile(r"[A-Za-z0-9._:-]{1,64}"),
}

PORT = Port("communication", "Messages to people (SMS, e-mail, app)", "短信、邮件与应用消息", ADAPTER)


@dataclass(frozen=True, slots=True)
class Message:
    """`receiver`: a telephone number, an e-mail address, or the account of an app; `subject`: of e-mail alone."""

    channel: str
    receiver: str = field(repr=False)
    text: str = field(repr=False)
    subject: str = field(default="", repr=False)

    def flaw(self) -> tuple[str, str] | None:
        """What is wrong with it, in English and Chinese, without saying any of it; None: nothing."""
        if self.channel not in CHANNELS:
            return f"its channel must be one of {', '.join(CHANNELS)}", f"渠道应为 {'、'.join(CHANNELS)} 之一"
        if not _RECEIVERS[self.channel].fullmatch(self.receiver):
            return f"its receiver does not fit the channel {self.channel}", f"接收人不符合渠道 {self.channel} 的格式"
        if not 0 < len(self.text) <= TEXT_CHARS_MAX:
            return f"its text must have 1 to {TEXT_CHARS_MAX} characters", f"正文应为 1 至 {TEXT_CHARS_MAX} 个字符"
        if len(self.subject) > SUBJECT_CHARS_MAX or (self.subject and self.channel == SMS):
            return "its subject is too long, or it may have none", "主题过长，或该渠道不支持主题"
        return None

    def require_fit(self) -> None:
        """Raises InterfaceCallUnfit."""
        flaw = self.flaw()
        if flaw is not None:
            raise InterfaceCallUnfit(port=PORT.name, detail=flaw[0], detail_zh=flaw[1])

    def encode(self) -> bytes:
        """As it waits in the queue."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True).encode()

    @property
    def shown(self) -> str:
        """What the call log shows: the channel and the masked receiver, nothing of the text."""
        masked = {SMS: mask_number, EMAIL: mask_email, APP: mask_account}[self.channel](self.receiver)
        return f"{self.channel} {masked}"


def mask_account(account: str) -> str:
    """An account of an app: its first two characters."""
    return f"{account[:2]}***" if len(account) > 2 else "***"


def decode_message(content: bytes) -> Message:
    """What `encode` wrote. Raises ValueError, TypeError for anything else."""
    fields: dict[str, Any] = json.loads(content)
    return Message(**fields)
