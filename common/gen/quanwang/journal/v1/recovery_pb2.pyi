from common.gen.quanwang.federation.v1 import directory_pb2 as _directory_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FetchJournalRequest(_message.Message):
    __slots__ = ("link", "after", "directory_version")
    LINK_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_VERSION_FIELD_NUMBER: _ClassVar[int]
    link: str
    after: int
    directory_version: int
    def __init__(self, link: _Optional[str] = ..., after: _Optional[int] = ..., directory_version: _Optional[int] = ...) -> None: ...

class FetchJournalResponse(_message.Message):
    __slots__ = ("batches", "last_seal", "directory")
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    LAST_SEAL_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_FIELD_NUMBER: _ClassVar[int]
    batches: _containers.RepeatedScalarFieldContainer[bytes]
    last_seal: int
    directory: _directory_pb2.SignedDirectory
    def __init__(self, batches: _Optional[_Iterable[bytes]] = ..., last_seal: _Optional[int] = ..., directory: _Optional[_Union[_directory_pb2.SignedDirectory, _Mapping]] = ...) -> None: ...

class GiveJournalRequest(_message.Message):
    __slots__ = ("link", "after", "batches", "last_seal", "directory")
    LINK_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    LAST_SEAL_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_FIELD_NUMBER: _ClassVar[int]
    link: str
    after: int
    batches: _containers.RepeatedScalarFieldContainer[bytes]
    last_seal: int
    directory: _directory_pb2.SignedDirectory
    def __init__(self, link: _Optional[str] = ..., after: _Optional[int] = ..., batches: _Optional[_Iterable[bytes]] = ..., last_seal: _Optional[int] = ..., directory: _Optional[_Union[_directory_pb2.SignedDirectory, _Mapping]] = ...) -> None: ...

class GiveJournalResponse(_message.Message):
    __slots__ = ("link", "after")
    LINK_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    link: str
    after: int
    def __init__(self, link: _Optional[str] = ..., after: _Optional[int] = ...) -> None: ...
