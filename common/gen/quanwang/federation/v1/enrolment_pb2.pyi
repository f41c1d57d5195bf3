from common.gen.quanwang.federation.v1 import directory_pb2 as _directory_pb2
from common.gen.quanwang.federation.v1 import link_pb2 as _link_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EnrolmentState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENROLMENT_STATE_UNSPECIFIED: _ClassVar[EnrolmentState]
    ENROLMENT_STATE_WAITING_FOR_APPROVAL: _ClassVar[EnrolmentState]
    ENROLMENT_STATE_APPROVED: _ClassVar[EnrolmentState]
ENROLMENT_STATE_UNSPECIFIED: EnrolmentState
ENROLMENT_STATE_WAITING_FOR_APPROVAL: EnrolmentState
ENROLMENT_STATE_APPROVED: EnrolmentState

class Invitation(_message.Message):
    __slots__ = ("node", "address", "secret", "root_public_key", "tls_authority", "expires_at_us")
    NODE_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    ROOT_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    TLS_AUTHORITY_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_US_FIELD_NUMBER: _ClassVar[int]
    node: str
    address: str
    secret: bytes
    root_public_key: bytes
    tls_authority: bytes
    expires_at_us: int
    def __init__(self, node: _Optional[str] = ..., address: _Optional[str] = ..., secret: _Optional[bytes] = ..., root_public_key: _Optional[bytes] = ..., tls_authority: _Optional[bytes] = ..., expires_at_us: _Optional[int] = ...) -> None: ...

class EnrolRequest(_message.Message):
    __slots__ = ("node", "invitation_secret", "signing_public_key", "private_body_public_key", "tls_certificate_request", "proof_of_possession", "software_version")
    NODE_FIELD_NUMBER: _ClassVar[int]
    INVITATION_SECRET_FIELD_NUMBER: _ClassVar[int]
    SIGNING_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    PRIVATE_BODY_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    TLS_CERTIFICATE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    PROOF_OF_POSSESSION_FIELD_NUMBER: _ClassVar[int]
    SOFTWARE_VERSION_FIELD_NUMBER: _ClassVar[int]
    node: str
    invitation_secret: bytes
    signing_public_key: bytes
    private_body_public_key: bytes
    tls_certificate_request: bytes
    proof_of_possession: bytes
    software_version: str
    def __init__(self, node: _Optional[str] = ..., invitation_secret: _Optional[bytes] = ..., signing_public_key: _Optional[bytes] = ..., private_body_public_key: _Optional[bytes] = ..., tls_certificate_request: _Optional[bytes] = ..., proof_of_possession: _Optional[bytes] = ..., software_version: _Optional[str] = ...) -> None: ...

class EnrolResponse(_message.Message):
    __slots__ = ("state", "tls_certificate", "directory", "link_address", "node_sealed", "node_received")
    STATE_FIELD_NUMBER: _ClassVar[int]
    TLS_CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_FIELD_NUMBER: _ClassVar[int]
    LINK_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    NODE_SEALED_FIELD_NUMBER: _ClassVar[int]
    NODE_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    state: EnrolmentState
    tls_certificate: bytes
    directory: _directory_pb2.SignedDirectory
    link_address: str
    node_sealed: _link_pb2.Position
    node_received: _link_pb2.Position
    def __init__(self, state: _Optional[_Union[EnrolmentState, str]] = ..., tls_certificate: _Optional[bytes] = ..., directory: _Optional[_Union[_directory_pb2.SignedDirectory, _Mapping]] = ..., link_address: _Optional[str] = ..., node_sealed: _Optional[_Union[_link_pb2.Position, _Mapping]] = ..., node_received: _Optional[_Union[_link_pb2.Position, _Mapping]] = ...) -> None: ...

class RotateKeysRequest(_message.Message):
    __slots__ = ("rotation", "signature")
    ROTATION_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    rotation: bytes
    signature: bytes
    def __init__(self, rotation: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class KeyRotation(_message.Message):
    __slots__ = ("node", "signed_by", "keys", "tls_certificate_request", "former_tls_fingerprint")
    NODE_FIELD_NUMBER: _ClassVar[int]
    SIGNED_BY_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    TLS_CERTIFICATE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    FORMER_TLS_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    node: str
    signed_by: str
    keys: _containers.RepeatedCompositeFieldContainer[NewKey]
    tls_certificate_request: bytes
    former_tls_fingerprint: bytes
    def __init__(self, node: _Optional[str] = ..., signed_by: _Optional[str] = ..., keys: _Optional[_Iterable[_Union[NewKey, _Mapping]]] = ..., tls_certificate_request: _Optional[bytes] = ..., former_tls_fingerprint: _Optional[bytes] = ...) -> None: ...

class NewKey(_message.Message):
    __slots__ = ("use", "suite", "public_key", "previous_key_id", "previous_key_signature", "proof_of_possession")
    USE_FIELD_NUMBER: _ClassVar[int]
    SUITE_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_KEY_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    PROOF_OF_POSSESSION_FIELD_NUMBER: _ClassVar[int]
    use: _directory_pb2.KeyUse
    suite: str
    public_key: bytes
    previous_key_id: str
    previous_key_signature: bytes
    proof_of_possession: bytes
    def __init__(self, use: _Optional[_Union[_directory_pb2.KeyUse, str]] = ..., suite: _Optional[str] = ..., public_key: _Optional[bytes] = ..., previous_key_id: _Optional[str] = ..., previous_key_signature: _Optional[bytes] = ..., proof_of_possession: _Optional[bytes] = ...) -> None: ...

class RotateKeysResponse(_message.Message):
    __slots__ = ("tls_certificate", "directory")
    TLS_CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_FIELD_NUMBER: _ClassVar[int]
    tls_certificate: bytes
    directory: _directory_pb2.SignedDirectory
    def __init__(self, tls_certificate: _Optional[bytes] = ..., directory: _Optional[_Union[_directory_pb2.SignedDirectory, _Mapping]] = ...) -> None: ...
