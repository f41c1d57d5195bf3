from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_UNSPECIFIED: _ClassVar[Verdict]
    VERDICT_ADMITTED: _ClassVar[Verdict]
    VERDICT_RELAYED: _ClassVar[Verdict]
VERDICT_UNSPECIFIED: Verdict
VERDICT_ADMITTED: Verdict
VERDICT_RELAYED: Verdict

class Seal(_message.Message):
    __slots__ = ("node", "incarnation", "link", "epoch", "seal_number", "previous_hash", "first_sequence", "count", "merkle_root", "sealed_at_us", "directory_version", "directory_hash", "suite", "key_id", "witnessed_sequence", "witnessed_seal_number", "witnessed_seal_hash", "audit_number", "audit_hash")
    NODE_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    LINK_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SEAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_HASH_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    MERKLE_ROOT_FIELD_NUMBER: _ClassVar[int]
    SEALED_AT_US_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_VERSION_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_HASH_FIELD_NUMBER: _ClassVar[int]
    SUITE_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    WITNESSED_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    WITNESSED_SEAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    WITNESSED_SEAL_HASH_FIELD_NUMBER: _ClassVar[int]
    AUDIT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    AUDIT_HASH_FIELD_NUMBER: _ClassVar[int]
    node: str
    incarnation: bytes
    link: str
    epoch: int
    seal_number: int
    previous_hash: bytes
    first_sequence: int
    count: int
    merkle_root: bytes
    sealed_at_us: int
    directory_version: int
    directory_hash: bytes
    suite: str
    key_id: str
    witnessed_sequence: int
    witnessed_seal_number: int
    witnessed_seal_hash: bytes
    audit_number: int
    audit_hash: bytes
    def __init__(self, node: _Optional[str] = ..., incarnation: _Optional[bytes] = ..., link: _Optional[str] = ..., epoch: _Optional[int] = ..., seal_number: _Optional[int] = ..., previous_hash: _Optional[bytes] = ..., first_sequence: _Optional[int] = ..., count: _Optional[int] = ..., merkle_root: _Optional[bytes] = ..., sealed_at_us: _Optional[int] = ..., directory_version: _Optional[int] = ..., directory_hash: _Optional[bytes] = ..., suite: _Optional[str] = ..., key_id: _Optional[str] = ..., witnessed_sequence: _Optional[int] = ..., witnessed_seal_number: _Optional[int] = ..., witnessed_seal_hash: _Optional[bytes] = ..., audit_number: _Optional[int] = ..., audit_hash: _Optional[bytes] = ...) -> None: ...

class SignedSeal(_message.Message):
    __slots__ = ("seal", "signature")
    SEAL_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    seal: bytes
    signature: bytes
    def __init__(self, seal: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class Entry(_message.Message):
    __slots__ = ("header", "body", "private_body", "stamp", "origin")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    PRIVATE_BODY_FIELD_NUMBER: _ClassVar[int]
    STAMP_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    header: bytes
    body: bytes
    private_body: bytes
    stamp: bytes
    origin: OriginProof
    def __init__(self, header: _Optional[bytes] = ..., body: _Optional[bytes] = ..., private_body: _Optional[bytes] = ..., stamp: _Optional[bytes] = ..., origin: _Optional[_Union[OriginProof, _Mapping]] = ...) -> None: ...

class OriginProof(_message.Message):
    __slots__ = ("seal_hash", "sequence", "path")
    SEAL_HASH_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    seal_hash: bytes
    sequence: int
    path: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, seal_hash: _Optional[bytes] = ..., sequence: _Optional[int] = ..., path: _Optional[_Iterable[bytes]] = ...) -> None: ...

class SealedBatch(_message.Message):
    __slots__ = ("seal", "entries", "origin_seals")
    SEAL_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_SEALS_FIELD_NUMBER: _ClassVar[int]
    seal: SignedSeal
    entries: _containers.RepeatedCompositeFieldContainer[Entry]
    origin_seals: _containers.RepeatedCompositeFieldContainer[SignedSeal]
    def __init__(self, seal: _Optional[_Union[SignedSeal, _Mapping]] = ..., entries: _Optional[_Iterable[_Union[Entry, _Mapping]]] = ..., origin_seals: _Optional[_Iterable[_Union[SignedSeal, _Mapping]]] = ...) -> None: ...

class Stamp(_message.Message):
    __slots__ = ("request_id", "destination", "message_digest", "hub_position", "business_date", "admitted_at_us", "time_left_ms", "verdict", "directory_version", "forwarded_at_us", "answered_at_us")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    HUB_POSITION_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_DATE_FIELD_NUMBER: _ClassVar[int]
    ADMITTED_AT_US_FIELD_NUMBER: _ClassVar[int]
    TIME_LEFT_MS_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_VERSION_FIELD_NUMBER: _ClassVar[int]
    FORWARDED_AT_US_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_AT_US_FIELD_NUMBER: _ClassVar[int]
    request_id: bytes
    destination: str
    message_digest: bytes
    hub_position: int
    business_date: str
    admitted_at_us: int
    time_left_ms: int
    verdict: Verdict
    directory_version: int
    forwarded_at_us: int
    answered_at_us: int
    def __init__(self, request_id: _Optional[bytes] = ..., destination: _Optional[str] = ..., message_digest: _Optional[bytes] = ..., hub_position: _Optional[int] = ..., business_date: _Optional[str] = ..., admitted_at_us: _Optional[int] = ..., time_left_ms: _Optional[int] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., directory_version: _Optional[int] = ..., forwarded_at_us: _Optional[int] = ..., answered_at_us: _Optional[int] = ...) -> None: ...
