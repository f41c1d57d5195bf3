from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class QueryNodeStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class QueryNodeStatusResponse(_message.Message):
    __slots__ = ("node", "software_version", "started_at_us", "now_us", "directory_version", "customers", "subscriptions", "messages_waiting", "messages_parked")
    NODE_FIELD_NUMBER: _ClassVar[int]
    SOFTWARE_VERSION_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_US_FIELD_NUMBER: _ClassVar[int]
    NOW_US_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_VERSION_FIELD_NUMBER: _ClassVar[int]
    CUSTOMERS_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_WAITING_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_PARKED_FIELD_NUMBER: _ClassVar[int]
    node: str
    software_version: str
    started_at_us: int
    now_us: int
    directory_version: int
    customers: int
    subscriptions: int
    messages_waiting: int
    messages_parked: int
    def __init__(self, node: _Optional[str] = ..., software_version: _Optional[str] = ..., started_at_us: _Optional[int] = ..., now_us: _Optional[int] = ..., directory_version: _Optional[int] = ..., customers: _Optional[int] = ..., subscriptions: _Optional[int] = ..., messages_waiting: _Optional[int] = ..., messages_parked: _Optional[int] = ...) -> None: ...
