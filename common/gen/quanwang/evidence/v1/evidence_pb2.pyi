from common.gen.quanwang.federation.v1 import seal_pb2 as _seal_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Bundle(_message.Message):
    __slots__ = ("request_id", "exported_by", "exported_at_us", "software_version", "searched_in_part", "envelopes", "seals", "statements", "directories", "root_changes")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    EXPORTED_BY_FIELD_NUMBER: _ClassVar[int]
    EXPORTED_AT_US_FIELD_NUMBER: _ClassVar[int]
    SOFTWARE_VERSION_FIELD_NUMBER: _ClassVar[int]
    SEARCHED_IN_PART_FIELD_NUMBER: _ClassVar[int]
    ENVELOPES_FIELD_NUMBER: _ClassVar[int]
    SEALS_FIELD_NUMBER: _ClassVar[int]
    STATEMENTS_FIELD_NUMBER: _ClassVar[int]
    DIRECTORIES_FIELD_NUMBER: _ClassVar[int]
    ROOT_CHANGES_FIELD_NUMBER: _ClassVar[int]
    request_id: bytes
    exported_by: str
    exported_at_us: int
    software_version: str
    searched_in_part: bool
    envelopes: _containers.RepeatedCompositeFieldContainer[EvidenceEnvelope]
    seals: _containers.RepeatedCompositeFieldContainer[_seal_pb2.SignedSeal]
    statements: _containers.RepeatedCompositeFieldContainer[Statement]
    directories: _containers.RepeatedCompositeFieldContainer[DirectoryEvidence]
    root_changes: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, request_id: _Optional[bytes] = ..., exported_by: _Optional[str] = ..., exported_at_us: _Optional[int] = ..., software_version: _Optional[str] = ..., searched_in_part: _Optional[bool] = ..., envelopes: _Optional[_Iterable[_Union[EvidenceEnvelope, _Mapping]]] = ..., seals: _Optional[_Iterable[_Union[_seal_pb2.SignedSeal, _Mapping]]] = ..., statements: _Optional[_Iterable[_Union[Statement, _Mapping]]] = ..., directories: _Optional[_Iterable[_Union[DirectoryEvidence, _Mapping]]] = ..., root_changes: _Optional[_Iterable[bytes]] = ...) -> None: ...

class EvidenceEnvelope(_message.Message):
    __slots__ = ("header", "body", "private_body")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    PRIVATE_BODY_FIELD_NUMBER: _ClassVar[int]
    header: bytes
    body: bytes
    private_body: bytes
    def __init__(self, header: _Optional[bytes] = ..., body: _Optional[bytes] = ..., private_body: _Optional[bytes] = ...) -> None: ...

class Statement(_message.Message):
    __slots__ = ("seal", "sequence", "path", "envelope", "stamp")
    SEAL_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    STAMP_FIELD_NUMBER: _ClassVar[int]
    seal: int
    sequence: int
    path: bytes
    envelope: int
    stamp: bytes
    def __init__(self, seal: _Optional[int] = ..., sequence: _Optional[int] = ..., path: _Optional[bytes] = ..., envelope: _Optional[int] = ..., stamp: _Optional[bytes] = ...) -> None: ...

class DirectoryEvidence(_message.Message):
    __slots__ = ("head", "head_signature", "key_id", "nodes", "whole")
    HEAD_FIELD_NUMBER: _ClassVar[int]
    HEAD_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    WHOLE_FIELD_NUMBER: _ClassVar[int]
    head: bytes
    head_signature: bytes
    key_id: str
    nodes: _containers.RepeatedCompositeFieldContainer[NodeEvidence]
    whole: bytes
    def __init__(self, head: _Optional[bytes] = ..., head_signature: _Optional[bytes] = ..., key_id: _Optional[str] = ..., nodes: _Optional[_Iterable[_Union[NodeEvidence, _Mapping]]] = ..., whole: _Optional[bytes] = ...) -> None: ...

class NodeEvidence(_message.Message):
    __slots__ = ("index", "entry", "path")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    index: int
    entry: bytes
    path: bytes
    def __init__(self, index: _Optional[int] = ..., entry: _Optional[bytes] = ..., path: _Optional[bytes] = ...) -> None: ...
