from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PublishParametersRequest(_message.Message):
    __slots__ = ("version", "published_at_us", "parameters")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PUBLISHED_AT_US_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    version: int
    published_at_us: int
    parameters: _containers.RepeatedCompositeFieldContainer[NetworkParameter]
    def __init__(self, version: _Optional[int] = ..., published_at_us: _Optional[int] = ..., parameters: _Optional[_Iterable[_Union[NetworkParameter, _Mapping]]] = ...) -> None: ...

class NetworkParameter(_message.Message):
    __slots__ = ("name", "version", "value", "least", "most", "fixed", "effective_from_us", "set_at_us", "set_by", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    LEAST_FIELD_NUMBER: _ClassVar[int]
    MOST_FIELD_NUMBER: _ClassVar[int]
    FIXED_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FROM_US_FIELD_NUMBER: _ClassVar[int]
    SET_AT_US_FIELD_NUMBER: _ClassVar[int]
    SET_BY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: int
    value: str
    least: str
    most: str
    fixed: bool
    effective_from_us: int
    set_at_us: int
    set_by: str
    reason: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[int] = ..., value: _Optional[str] = ..., least: _Optional[str] = ..., most: _Optional[str] = ..., fixed: _Optional[bool] = ..., effective_from_us: _Optional[int] = ..., set_at_us: _Optional[int] = ..., set_by: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class PublishParametersResponse(_message.Message):
    __slots__ = ("held_version",)
    HELD_VERSION_FIELD_NUMBER: _ClassVar[int]
    held_version: int
    def __init__(self, held_version: _Optional[int] = ...) -> None: ...
