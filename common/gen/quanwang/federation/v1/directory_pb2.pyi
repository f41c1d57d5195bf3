from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WidestScope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WIDEST_SCOPE_UNSPECIFIED: _ClassVar[WidestScope]
    WIDEST_SCOPE_OWN: _ClassVar[WidestScope]
    WIDEST_SCOPE_TEAM: _ClassVar[WidestScope]
    WIDEST_SCOPE_ORGANISATION: _ClassVar[WidestScope]
    WIDEST_SCOPE_BELOW: _ClassVar[WidestScope]
    WIDEST_SCOPE_PROVINCE: _ClassVar[WidestScope]
    WIDEST_SCOPE_NETWORK: _ClassVar[WidestScope]

class WidestView(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WIDEST_VIEW_UNSPECIFIED: _ClassVar[WidestView]
    WIDEST_VIEW_MASKED: _ClassVar[WidestView]
    WIDEST_VIEW_VISIBLE: _ClassVar[WidestView]
    WIDEST_VIEW_EDITABLE: _ClassVar[WidestView]

class NodeStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NODE_STATUS_UNSPECIFIED: _ClassVar[NodeStatus]
    NODE_STATUS_ACTIVE: _ClassVar[NodeStatus]
    NODE_STATUS_SUSPENDED: _ClassVar[NodeStatus]
    NODE_STATUS_REVOKED: _ClassVar[NodeStatus]

class KeyUse(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KEY_USE_UNSPECIFIED: _ClassVar[KeyUse]
    KEY_USE_SIGNING: _ClassVar[KeyUse]
    KEY_USE_PRIVATE_BODIES: _ClassVar[KeyUse]
WIDEST_SCOPE_UNSPECIFIED: WidestScope
WIDEST_SCOPE_OWN: WidestScope
WIDEST_SCOPE_TEAM: WidestScope
WIDEST_SCOPE_ORGANISATION: WidestScope
WIDEST_SCOPE_BELOW: WidestScope
WIDEST_SCOPE_PROVINCE: WidestScope
WIDEST_SCOPE_NETWORK: WidestScope
WIDEST_VIEW_UNSPECIFIED: WidestView
WIDEST_VIEW_MASKED: WidestView
WIDEST_VIEW_VISIBLE: WidestView
WIDEST_VIEW_EDITABLE: WidestView
NODE_STATUS_UNSPECIFIED: NodeStatus
NODE_STATUS_ACTIVE: NodeStatus
NODE_STATUS_SUSPENDED: NodeStatus
NODE_STATUS_REVOKED: NodeStatus
KEY_USE_UNSPECIFIED: KeyUse
KEY_USE_SIGNING: KeyUse
KEY_USE_PRIVATE_BODIES: KeyUse

class SignedDirectory(_message.Message):
    __slots__ = ("directory", "key_id", "signature", "head", "head_signature")
    DIRECTORY_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    HEAD_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    directory: bytes
    key_id: str
    signature: bytes
    head: bytes
    head_signature: bytes
    def __init__(self, directory: _Optional[bytes] = ..., key_id: _Optional[str] = ..., signature: _Optional[bytes] = ..., head: _Optional[bytes] = ..., head_signature: _Optional[bytes] = ...) -> None: ...

class DirectoryHead(_message.Message):
    __slots__ = ("version", "directory_hash", "previous_hash", "issued_at_us", "valid_until_us", "count", "merkle_root")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_HASH_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_HASH_FIELD_NUMBER: _ClassVar[int]
    ISSUED_AT_US_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_US_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    MERKLE_ROOT_FIELD_NUMBER: _ClassVar[int]
    version: int
    directory_hash: bytes
    previous_hash: bytes
    issued_at_us: int
    valid_until_us: int
    count: int
    merkle_root: bytes
    def __init__(self, version: _Optional[int] = ..., directory_hash: _Optional[bytes] = ..., previous_hash: _Optional[bytes] = ..., issued_at_us: _Optional[int] = ..., valid_until_us: _Optional[int] = ..., count: _Optional[int] = ..., merkle_root: _Optional[bytes] = ...) -> None: ...

class Directory(_message.Message):
    __slots__ = ("version", "previous_hash", "issued_at_us", "valid_until_us", "nodes", "regions", "roots", "ceilings")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_HASH_FIELD_NUMBER: _ClassVar[int]
    ISSUED_AT_US_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_US_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    REGIONS_FIELD_NUMBER: _ClassVar[int]
    ROOTS_FIELD_NUMBER: _ClassVar[int]
    CEILINGS_FIELD_NUMBER: _ClassVar[int]
    version: int
    previous_hash: bytes
    issued_at_us: int
    valid_until_us: int
    nodes: _containers.RepeatedCompositeFieldContainer[NodeEntry]
    regions: _containers.RepeatedCompositeFieldContainer[Region]
    roots: _containers.RepeatedCompositeFieldContainer[RootKey]
    ceilings: _containers.RepeatedCompositeFieldContainer[Ceiling]
    def __init__(self, version: _Optional[int] = ..., previous_hash: _Optional[bytes] = ..., issued_at_us: _Optional[int] = ..., valid_until_us: _Optional[int] = ..., nodes: _Optional[_Iterable[_Union[NodeEntry, _Mapping]]] = ..., regions: _Optional[_Iterable[_Union[Region, _Mapping]]] = ..., roots: _Optional[_Iterable[_Union[RootKey, _Mapping]]] = ..., ceilings: _Optional[_Iterable[_Union[Ceiling, _Mapping]]] = ...) -> None: ...

class RootKey(_message.Message):
    __slots__ = ("suite", "public_key", "since_us", "previous_root_signature")
    SUITE_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    SINCE_US_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_ROOT_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    suite: str
    public_key: bytes
    since_us: int
    previous_root_signature: bytes
    def __init__(self, suite: _Optional[str] = ..., public_key: _Optional[bytes] = ..., since_us: _Optional[int] = ..., previous_root_signature: _Optional[bytes] = ...) -> None: ...

class NodeEntry(_message.Message):
    __slots__ = ("node", "name_zh", "name_en", "status", "keys", "tls_fingerprint", "former_tls_fingerprint", "former_tls_until_us", "status_since_us", "status_reason", "status_by", "re_enrolments")
    NODE_FIELD_NUMBER: _ClassVar[int]
    NAME_ZH_FIELD_NUMBER: _ClassVar[int]
    NAME_EN_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    TLS_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    FORMER_TLS_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    FORMER_TLS_UNTIL_US_FIELD_NUMBER: _ClassVar[int]
    STATUS_SINCE_US_FIELD_NUMBER: _ClassVar[int]
    STATUS_REASON_FIELD_NUMBER: _ClassVar[int]
    STATUS_BY_FIELD_NUMBER: _ClassVar[int]
    RE_ENROLMENTS_FIELD_NUMBER: _ClassVar[int]
    node: str
    name_zh: str
    name_en: str
    status: NodeStatus
    keys: _containers.RepeatedCompositeFieldContainer[NodeKey]
    tls_fingerprint: bytes
    former_tls_fingerprint: bytes
    former_tls_until_us: int
    status_since_us: int
    status_reason: str
    status_by: str
    re_enrolments: _containers.RepeatedCompositeFieldContainer[ReEnrolment]
    def __init__(self, node: _Optional[str] = ..., name_zh: _Optional[str] = ..., name_en: _Optional[str] = ..., status: _Optional[_Union[NodeStatus, str]] = ..., keys: _Optional[_Iterable[_Union[NodeKey, _Mapping]]] = ..., tls_fingerprint: _Optional[bytes] = ..., former_tls_fingerprint: _Optional[bytes] = ..., former_tls_until_us: _Optional[int] = ..., status_since_us: _Optional[int] = ..., status_reason: _Optional[str] = ..., status_by: _Optional[str] = ..., re_enrolments: _Optional[_Iterable[_Union[ReEnrolment, _Mapping]]] = ...) -> None: ...

class ReEnrolment(_message.Message):
    __slots__ = ("at_us", "signing_key_id", "former_signing_key_id", "approved_by")
    AT_US_FIELD_NUMBER: _ClassVar[int]
    SIGNING_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    FORMER_SIGNING_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    APPROVED_BY_FIELD_NUMBER: _ClassVar[int]
    at_us: int
    signing_key_id: str
    former_signing_key_id: str
    approved_by: str
    def __init__(self, at_us: _Optional[int] = ..., signing_key_id: _Optional[str] = ..., former_signing_key_id: _Optional[str] = ..., approved_by: _Optional[str] = ...) -> None: ...

class NodeKey(_message.Message):
    __slots__ = ("key_id", "use", "suite", "public_key", "valid_from_us", "valid_until_us", "previous_key_signature", "previous_key_id", "signed_by")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    USE_FIELD_NUMBER: _ClassVar[int]
    SUITE_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_US_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_US_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_KEY_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNED_BY_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    use: KeyUse
    suite: str
    public_key: bytes
    valid_from_us: int
    valid_until_us: int
    previous_key_signature: bytes
    previous_key_id: str
    signed_by: str
    def __init__(self, key_id: _Optional[str] = ..., use: _Optional[_Union[KeyUse, str]] = ..., suite: _Optional[str] = ..., public_key: _Optional[bytes] = ..., valid_from_us: _Optional[int] = ..., valid_until_us: _Optional[int] = ..., previous_key_signature: _Optional[bytes] = ..., previous_key_id: _Optional[str] = ..., signed_by: _Optional[str] = ...) -> None: ...

class Region(_message.Message):
    __slots__ = ("name", "nodes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    name: str
    nodes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., nodes: _Optional[_Iterable[str]] = ...) -> None: ...

class Ceiling(_message.Message):
    __slots__ = ("node", "resource", "action", "field", "scope", "view", "since_us", "reason", "set_by")
    NODE_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    SINCE_US_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SET_BY_FIELD_NUMBER: _ClassVar[int]
    node: str
    resource: str
    action: str
    field: str
    scope: WidestScope
    view: WidestView
    since_us: int
    reason: str
    set_by: str
    def __init__(self, node: _Optional[str] = ..., resource: _Optional[str] = ..., action: _Optional[str] = ..., field: _Optional[str] = ..., scope: _Optional[_Union[WidestScope, str]] = ..., view: _Optional[_Union[WidestView, str]] = ..., since_us: _Optional[int] = ..., reason: _Optional[str] = ..., set_by: _Optional[str] = ...) -> None: ...
