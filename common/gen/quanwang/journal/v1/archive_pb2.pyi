from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class ArchivedBatch(_message.Message):
    __slots__ = ("seal_number", "stored_at_us", "batch")
    SEAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    STORED_AT_US_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    seal_number: int
    stored_at_us: int
    batch: bytes
    def __init__(self, seal_number: _Optional[int] = ..., stored_at_us: _Optional[int] = ..., batch: _Optional[bytes] = ...) -> None: ...
