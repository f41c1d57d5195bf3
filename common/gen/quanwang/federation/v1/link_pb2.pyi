from common.gen.quanwang.federation.v1 import directory_pb2 as _directory_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LinkFrame(_message.Message):
    __slots__ = ("hello", "batch", "ack", "reject", "directory", "drain")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    REJECT_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    batch: bytes
    ack: Ack
    reject: Reject
    directory: _directory_pb2.SignedDirectory
    drain: Drain
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., batch: _Optional[bytes] = ..., ack: _Optional[_Union[Ack, _Mapping]] = ..., reject: _Optional[_Union[Reject, _Mapping]] = ..., directory: _Optional[_Union[_directory_pb2.SignedDirectory, _Mapping]] = ..., drain: _Optional[_Union[Drain, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("node", "protocol_version_min", "protocol_version_max", "incarnation", "received", "sealed", "window_bytes", "directory_version", "software_version")
    NODE_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_VERSION_MIN_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_VERSION_MAX_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_FIELD_NUMBER: _ClassVar[int]
    SEALED_FIELD_NUMBER: _ClassVar[int]
    WINDOW_BYTES_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_VERSION_FIELD_NUMBER: _ClassVar[int]
    SOFTWARE_VERSION_FIELD_NUMBER: _ClassVar[int]
    node: str
    protocol_version_min: int
    protocol_version_max: int
    incarnation: bytes
    received: Position
    sealed: Position
    window_bytes: int
    directory_version: int
    software_version: str
    def __init__(self, node: _Optional[str] = ..., protocol_version_min: _Optional[int] = ..., protocol_version_max: _Optional[int] = ..., incarnation: _Optional[bytes] = ..., received: _Optional[_Union[Position, _Mapping]] = ..., sealed: _Optional[_Union[Position, _Mapping]] = ..., window_bytes: _Optional[int] = ..., directory_version: _Optional[int] = ..., software_version: _Optional[str] = ...) -> None: ...

class Position(_message.Message):
    __slots__ = ("sequence", "seal_number", "seal_hash", "incarnation")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SEAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SEAL_HASH_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    seal_number: int
    seal_hash: bytes
    incarnation: bytes
    def __init__(self, sequence: _Optional[int] = ..., seal_number: _Optional[int] = ..., seal_hash: _Optional[bytes] = ..., incarnation: _Optional[bytes] = ...) -> None: ...

class Ack(_message.Message):
    __slots__ = ("sequence", "seal_number")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SEAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    seal_number: int
    def __init__(self, sequence: _Optional[int] = ..., seal_number: _Optional[int] = ...) -> None: ...

class Reject(_message.Message):
    __slots__ = ("reason_code", "detail")
    REASON_CODE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    reason_code: str
    detail: str
    def __init__(self, reason_code: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class Drain(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
