from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class SendOneTimeCodeRequest(_message.Message):
    __slots__ = ("customer_number",)
    CUSTOMER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    customer_number: str
    def __init__(self, customer_number: _Optional[str] = ...) -> None: ...

class SendOneTimeCodePrivateRequest(_message.Message):
    __slots__ = ("service_number",)
    SERVICE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    service_number: str
    def __init__(self, service_number: _Optional[str] = ...) -> None: ...

class SendOneTimeCodeResponse(_message.Message):
    __slots__ = ("valid_until_us",)
    VALID_UNTIL_US_FIELD_NUMBER: _ClassVar[int]
    valid_until_us: int
    def __init__(self, valid_until_us: _Optional[int] = ...) -> None: ...

class AuthenticateCustomerRequest(_message.Message):
    __slots__ = ("customer_number", "method")
    CUSTOMER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    customer_number: str
    method: str
    def __init__(self, customer_number: _Optional[str] = ..., method: _Optional[str] = ...) -> None: ...

class AuthenticateCustomerPrivateRequest(_message.Message):
    __slots__ = ("service_number", "secret")
    SERVICE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    service_number: str
    secret: str
    def __init__(self, service_number: _Optional[str] = ..., secret: _Optional[str] = ...) -> None: ...

class AuthenticateCustomerResponse(_message.Message):
    __slots__ = ("authenticated", "valid_until_us")
    AUTHENTICATED_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_US_FIELD_NUMBER: _ClassVar[int]
    authenticated: bool
    valid_until_us: int
    def __init__(self, authenticated: _Optional[bool] = ..., valid_until_us: _Optional[int] = ...) -> None: ...
