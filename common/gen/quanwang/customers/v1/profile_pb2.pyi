from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class QueryCustomerProfileRequest(_message.Message):
    __slots__ = ("customer_number",)
    CUSTOMER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    customer_number: str
    def __init__(self, customer_number: _Optional[str] = ...) -> None: ...

class QueryCustomerProfilePrivateRequest(_message.Message):
    __slots__ = ("service_number",)
    SERVICE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    service_number: str
    def __init__(self, service_number: _Optional[str] = ...) -> None: ...

class QueryCustomerProfileResponse(_message.Message):
    __slots__ = ("customer_number",)
    CUSTOMER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    customer_number: str
    def __init__(self, customer_number: _Optional[str] = ...) -> None: ...

class QueryCustomerProfilePrivateResponse(_message.Message):
    __slots__ = ("name", "document_kind", "document_number", "contact_number", "address", "subscriptions")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_KIND_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    CONTACT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    name: str
    document_kind: str
    document_number: str
    contact_number: str
    address: str
    subscriptions: _containers.RepeatedCompositeFieldContainer[Subscription]
    def __init__(self, name: _Optional[str] = ..., document_kind: _Optional[str] = ..., document_number: _Optional[str] = ..., contact_number: _Optional[str] = ..., address: _Optional[str] = ..., subscriptions: _Optional[_Iterable[_Union[Subscription, _Mapping]]] = ...) -> None: ...

class Subscription(_message.Message):
    __slots__ = ("subscription_id", "service_number", "offering", "status")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    SERVICE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    OFFERING_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    service_number: str
    offering: str
    status: str
    def __init__(self, subscription_id: _Optional[str] = ..., service_number: _Optional[str] = ..., offering: _Optional[str] = ..., status: _Optional[str] = ...) -> None: ...
