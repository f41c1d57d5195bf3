from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class SuspendSubscriptionRequest(_message.Message):
    __slots__ = ("subscription_id", "reason")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    reason: str
    def __init__(self, subscription_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class SuspendSubscriptionResponse(_message.Message):
    __slots__ = ("subscription_id", "suspended_at_us")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    SUSPENDED_AT_US_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    suspended_at_us: int
    def __init__(self, subscription_id: _Optional[str] = ..., suspended_at_us: _Optional[int] = ...) -> None: ...

class ResumeSubscriptionRequest(_message.Message):
    __slots__ = ("subscription_id",)
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    def __init__(self, subscription_id: _Optional[str] = ...) -> None: ...

class ResumeSubscriptionResponse(_message.Message):
    __slots__ = ("subscription_id", "resumed_at_us")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    RESUMED_AT_US_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    resumed_at_us: int
    def __init__(self, subscription_id: _Optional[str] = ..., resumed_at_us: _Optional[int] = ...) -> None: ...
