from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Phase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PHASE_UNSPECIFIED: _ClassVar[Phase]
    PHASE_REQUEST: _ClassVar[Phase]
    PHASE_INTERIM: _ClassVar[Phase]
    PHASE_FINAL: _ClassVar[Phase]
    PHASE_CLAIM: _ClassVar[Phase]
    PHASE_CANCEL: _ClassVar[Phase]
    PHASE_NOTICE: _ClassVar[Phase]

class MessageClass(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MESSAGE_CLASS_UNSPECIFIED: _ClassVar[MessageClass]
    MESSAGE_CLASS_WORK_ORDER: _ClassVar[MessageClass]
    MESSAGE_CLASS_CUSTOMER_DATA: _ClassVar[MessageClass]
    MESSAGE_CLASS_MANAGEMENT: _ClassVar[MessageClass]
    MESSAGE_CLASS_CONTROL: _ClassVar[MessageClass]

class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_UNSPECIFIED: _ClassVar[Outcome]
    OUTCOME_COMPLETED: _ClassVar[Outcome]
    OUTCOME_REJECTED: _ClassVar[Outcome]
    OUTCOME_EXPIRED: _ClassVar[Outcome]
    OUTCOME_CANCELLED: _ClassVar[Outcome]

class CustomerAuthentication(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CUSTOMER_AUTHENTICATION_UNSPECIFIED: _ClassVar[CustomerAuthentication]
    CUSTOMER_AUTHENTICATION_NONE: _ClassVar[CustomerAuthentication]
    CUSTOMER_AUTHENTICATION_SERVICE_PASSWORD: _ClassVar[CustomerAuthentication]
    CUSTOMER_AUTHENTICATION_ONE_TIME_CODE: _ClassVar[CustomerAuthentication]
    CUSTOMER_AUTHENTICATION_DOCUMENT_CHECK: _ClassVar[CustomerAuthentication]
PHASE_UNSPECIFIED: Phase
PHASE_REQUEST: Phase
PHASE_INTERIM: Phase
PHASE_FINAL: Phase
PHASE_CLAIM: Phase
PHASE_CANCEL: Phase
PHASE_NOTICE: Phase
MESSAGE_CLASS_UNSPECIFIED: MessageClass
MESSAGE_CLASS_WORK_ORDER: MessageClass
MESSAGE_CLASS_CUSTOMER_DATA: MessageClass
MESSAGE_CLASS_MANAGEMENT: MessageClass
MESSAGE_CLASS_CONTROL: MessageClass
OUTCOME_UNSPECIFIED: Outcome
OUTCOME_COMPLETED: Outcome
OUTCOME_REJECTED: Outcome
OUTCOME_EXPIRED: Outcome
OUTCOME_CANCELLED: Outcome
CUSTOMER_AUTHENTICATION_UNSPECIFIED: CustomerAuthentication
CUSTOMER_AUTHENTICATION_NONE: CustomerAuthentication
CUSTOMER_AUTHENTICATION_SERVICE_PASSWORD: CustomerAuthentication
CUSTOMER_AUTHENTICATION_ONE_TIME_CODE: CustomerAuthentication
CUSTOMER_AUTHENTICATION_DOCUMENT_CHECK: CustomerAuthentication

class EnvelopeHeader(_message.Message):
    __slots__ = ("routing", "body_digest", "private_body_digest")
    ROUTING_FIELD_NUMBER: _ClassVar[int]
    BODY_DIGEST_FIELD_NUMBER: _ClassVar[int]
    PRIVATE_BODY_DIGEST_FIELD_NUMBER: _ClassVar[int]
    routing: bytes
    body_digest: bytes
    private_body_digest: bytes
    def __init__(self, routing: _Optional[bytes] = ..., body_digest: _Optional[bytes] = ..., private_body_digest: _Optional[bytes] = ...) -> None: ...

class Routing(_message.Message):
    __slots__ = ("message_id", "source", "destination", "request_id", "phase", "message_class", "message_type", "protocol_version", "in_reply_to", "request_digest", "outcome", "reason_code", "time_to_live_ms", "directory_version", "region", "actor", "idempotency_key", "value", "created_at_us", "received_at_us", "leg_destination", "reply_to", "retry_after_ms")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_CLASS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_TYPE_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_VERSION_FIELD_NUMBER: _ClassVar[int]
    IN_REPLY_TO_FIELD_NUMBER: _ClassVar[int]
    REQUEST_DIGEST_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_CODE_FIELD_NUMBER: _ClassVar[int]
    TIME_TO_LIVE_MS_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_VERSION_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_US_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_US_FIELD_NUMBER: _ClassVar[int]
    LEG_DESTINATION_FIELD_NUMBER: _ClassVar[int]
    REPLY_TO_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    message_id: bytes
    source: str
    destination: str
    request_id: bytes
    phase: Phase
    message_class: MessageClass
    message_type: str
    protocol_version: int
    in_reply_to: bytes
    request_digest: bytes
    outcome: Outcome
    reason_code: str
    time_to_live_ms: int
    directory_version: int
    region: str
    actor: Actor
    idempotency_key: str
    value: Value
    created_at_us: int
    received_at_us: int
    leg_destination: str
    reply_to: str
    retry_after_ms: int
    def __init__(self, message_id: _Optional[bytes] = ..., source: _Optional[str] = ..., destination: _Optional[str] = ..., request_id: _Optional[bytes] = ..., phase: _Optional[_Union[Phase, str]] = ..., message_class: _Optional[_Union[MessageClass, str]] = ..., message_type: _Optional[str] = ..., protocol_version: _Optional[int] = ..., in_reply_to: _Optional[bytes] = ..., request_digest: _Optional[bytes] = ..., outcome: _Optional[_Union[Outcome, str]] = ..., reason_code: _Optional[str] = ..., time_to_live_ms: _Optional[int] = ..., directory_version: _Optional[int] = ..., region: _Optional[str] = ..., actor: _Optional[_Union[Actor, _Mapping]] = ..., idempotency_key: _Optional[str] = ..., value: _Optional[_Union[Value, _Mapping]] = ..., created_at_us: _Optional[int] = ..., received_at_us: _Optional[int] = ..., leg_destination: _Optional[str] = ..., reply_to: _Optional[str] = ..., retry_after_ms: _Optional[int] = ...) -> None: ...

class Actor(_message.Message):
    __slots__ = ("operator", "organisation", "channel", "customer_authentication", "interaction")
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_AUTHENTICATION_FIELD_NUMBER: _ClassVar[int]
    INTERACTION_FIELD_NUMBER: _ClassVar[int]
    operator: str
    organisation: str
    channel: str
    customer_authentication: CustomerAuthentication
    interaction: bytes
    def __init__(self, operator: _Optional[str] = ..., organisation: _Optional[str] = ..., channel: _Optional[str] = ..., customer_authentication: _Optional[_Union[CustomerAuthentication, str]] = ..., interaction: _Optional[bytes] = ...) -> None: ...

class Value(_message.Message):
    __slots__ = ("unit", "quantity", "debtor", "creditor", "clearing_kind")
    UNIT_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    DEBTOR_FIELD_NUMBER: _ClassVar[int]
    CREDITOR_FIELD_NUMBER: _ClassVar[int]
    CLEARING_KIND_FIELD_NUMBER: _ClassVar[int]
    unit: str
    quantity: int
    debtor: str
    creditor: str
    clearing_kind: str
    def __init__(self, unit: _Optional[str] = ..., quantity: _Optional[int] = ..., debtor: _Optional[str] = ..., creditor: _Optional[str] = ..., clearing_kind: _Optional[str] = ...) -> None: ...

class PrivateBody(_message.Message):
    __slots__ = ("nonce", "ciphertext", "keys")
    NONCE_FIELD_NUMBER: _ClassVar[int]
    CIPHERTEXT_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    nonce: bytes
    ciphertext: bytes
    keys: _containers.RepeatedCompositeFieldContainer[WrappedKey]
    def __init__(self, nonce: _Optional[bytes] = ..., ciphertext: _Optional[bytes] = ..., keys: _Optional[_Iterable[_Union[WrappedKey, _Mapping]]] = ...) -> None: ...

class WrappedKey(_message.Message):
    __slots__ = ("node", "key_id", "wrapped")
    NODE_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    WRAPPED_FIELD_NUMBER: _ClassVar[int]
    node: str
    key_id: str
    wrapped: bytes
    def __init__(self, node: _Optional[str] = ..., key_id: _Optional[str] = ..., wrapped: _Optional[bytes] = ...) -> None: ...
