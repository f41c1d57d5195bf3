from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PublishDictionaryRequest(_message.Message):
    __slots__ = ("dictionary", "version", "published_at_us", "values")
    DICTIONARY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PUBLISHED_AT_US_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    dictionary: str
    version: int
    published_at_us: int
    values: _containers.RepeatedCompositeFieldContainer[DictionaryValue]
    def __init__(self, dictionary: _Optional[str] = ..., version: _Optional[int] = ..., published_at_us: _Optional[int] = ..., values: _Optional[_Iterable[_Union[DictionaryValue, _Mapping]]] = ...) -> None: ...

class DictionaryValue(_message.Message):
    __slots__ = ("code", "version", "zh", "en", "place", "active", "from_us", "until_us", "parent", "set_at_us", "set_by", "reason")
    CODE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ZH_FIELD_NUMBER: _ClassVar[int]
    EN_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    FROM_US_FIELD_NUMBER: _ClassVar[int]
    UNTIL_US_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    SET_AT_US_FIELD_NUMBER: _ClassVar[int]
    SET_BY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    code: str
    version: int
    zh: str
    en: str
    place: int
    active: bool
    from_us: int
    until_us: int
    parent: str
    set_at_us: int
    set_by: str
    reason: str
    def __init__(self, code: _Optional[str] = ..., version: _Optional[int] = ..., zh: _Optional[str] = ..., en: _Optional[str] = ..., place: _Optional[int] = ..., active: _Optional[bool] = ..., from_us: _Optional[int] = ..., until_us: _Optional[int] = ..., parent: _Optional[str] = ..., set_at_us: _Optional[int] = ..., set_by: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class PublishDictionaryResponse(_message.Message):
    __slots__ = ("held_version",)
    HELD_VERSION_FIELD_NUMBER: _ClassVar[int]
    held_version: int
    def __init__(self, held_version: _Optional[int] = ...) -> None: ...
