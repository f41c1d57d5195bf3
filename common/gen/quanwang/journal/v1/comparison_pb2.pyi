from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class CompareJournalRequest(_message.Message):
    __slots__ = ("link", "first", "last", "every")
    LINK_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    EVERY_FIELD_NUMBER: _ClassVar[int]
    link: str
    first: int
    last: int
    every: int
    def __init__(self, link: _Optional[str] = ..., first: _Optional[int] = ..., last: _Optional[int] = ..., every: _Optional[int] = ...) -> None: ...

class CompareJournalResponse(_message.Message):
    __slots__ = ("last_seal", "digests")
    LAST_SEAL_FIELD_NUMBER: _ClassVar[int]
    DIGESTS_FIELD_NUMBER: _ClassVar[int]
    last_seal: int
    digests: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, last_seal: _Optional[int] = ..., digests: _Optional[_Iterable[bytes]] = ...) -> None: ...
