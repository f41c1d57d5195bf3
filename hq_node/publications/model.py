"""How far a province has taken what is published."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.errors import Refusal

NOTHING_SENT = b""
CONFIRMED_FOR_US = 86_400_000_000
"""So often a province is asked whether it still holds what it took: it may have been restored from a backup since."""
AGAIN_US, AGAIN_MAX_US = 60_000_000, 3_600_000_000
"""How long after a failure it is sent again: twice as long each time, up to an hour."""


class PublicationTooLarge(Refusal):
    """What is published must fit into one message."""

    en = "All that is published would have {size} bytes; {most} fit into a message. Give shorter texts or reasons."
    zh = "全部下发内容将达 {size} 字节，超过单个报文的上限 {most} 字节。请缩短文本或原因。"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one province was sent of one topic, and what it holds. `request_id`: the request that is under way; empty:
    none."""

    topic: str
    node: str
    held_version: int = 0
    held_at_us: int = 0
    sent_version: int = 0
    sent_at_us: int = 0
    request_id: bytes = NOTHING_SENT
    tries: int = 0
    reason_code: str = ""

    def is_due(self, version: int, enrolled_at_us: int, now_us: int) -> bool:
        """Whether `version` is to be sent now. `enrolled_at_us`: when the node was enrolled anew; 0: never."""
        if self.request_id and self.sent_version == version:
            return False
        if self.reason_code and self.sent_version == version:
            return now_us - self.sent_at_us >= min(AGAIN_MAX_US, AGAIN_US << min(self.tries, 6))
        # What was sent before the node was enrolled anew may be heard after it: the answer is another database's.
        if self.held_version < version or min(self.sent_at_us, self.held_at_us) < enrolled_at_us:
            return True
        return now_us - self.held_at_us >= CONFIRMED_FOR_US

    def sent(self, version: int, request_id: bytes, now_us: int) -> Delivery:
        """It is on its way."""
        return replace(self, sent_version=version, sent_at_us=now_us, request_id=request_id)

    def taken(self, held_version: int, now_us: int) -> Delivery:
        """The province has answered."""
        return replace(
            self, held_version=held_version, held_at_us=now_us, request_id=NOTHING_SENT, tries=0, reason_code=""
        )

    def failed(self, reason_code: str) -> Delivery:
        """The request has ended without having been carried out."""
        return replace(self, request_id=NOTHING_SENT, tries=self.tries + 1, reason_code=reason_code)
