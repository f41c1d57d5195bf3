"""Business kinds: what can be asked of another node.

A kind is known by its protobuf prefix: `quanwang.subscriptions.v1.SuspendSubscription` has the body
`SuspendSubscriptionRequest` and is answered with `SuspendSubscriptionResponse`; where personal data travels,
`...PrivateRequest` and `...PrivateResponse` stand beside them. Asking needs no more than that. Serving adds a
handler, in the room of the feature that the business belongs to (`Serve` in its wire.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from google.protobuf import json_format, message, symbol_database

from common.errors import Refusal
from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.messaging.envelope import Envelope
from common.requests.content import fill


class UnknownRequestKind(Refusal):
    """Nothing is known under this name."""

    en = "There is no kind of request named {kind}. Known kinds: {known}."
    zh = "不存在名为 {kind} 的业务请求类型。已知类型：{known}。"


class MalformedRequest(Refusal):
    """What came as a kind's message is none."""

    en = "The content of the request does not fit {kind}: {detail}"
    zh = "请求内容与 {kind} 的格式不符：{detail}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler's result is on the wire: the body, and where personal data is answered, the private body."""

    body: message.Message
    private: message.Message | None = None
    customer: str = ""
    """The number of the customer whose personal data is answered, for the audit log; none where none is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the serving side hands it to a kind's `to_command`."""

    body: Any
    private: Any
    envelope: Envelope

    @property
    def authentication(self) -> str:
        """How the accepting node says it authenticated the customer, by its name without prefix."""
        value = self.envelope.routing.actor.customer_authentication
        try:
            return pb.CustomerAuthentication.Name(value).removeprefix("CUSTOMER_AUTHENTICATION_")
        except ValueError:
            return "UNSPECIFIED"

    @property
    def asking_node(self) -> str:
        """The node where the customer is served."""
        return self.envelope.routing.source

    @property
    def interaction(self) -> bytes:
        """The interaction with the customer, by the asking node's word; empty: none."""
        return self.envelope.routing.actor.interaction


Mask = Callable[[str], str]

WORKING = object()
"""A handler's result that means: begun, will be answered later (`FinishLeg`)."""


@dataclass(frozen=True, slots=True)
class Serve:
    """How this node carries a kind out: the wire entry. `handle(command, uow)` gives an event; `answer(event)` its
    wire form.

    `prefetch(bodies, uow)` may load what a group's requests of this kind will need, at once; a hint, never needed.
    """

    kind: str
    to_command: Callable[[Asked], Any]
    handle: Callable[[Any, Any], Any]
    answer: Callable[[Any], Answer]
    prefetch: Callable[[Sequence[Any], Any], None] | None = None


@dataclass(frozen=True, slots=True)
class RequestKind:
    """One kind: its protobuf prefix, its message class, its messages."""

    name: str
    message_class: int
    request: type[message.Message]
    response: type[message.Message]
    private_request: type[message.Message] | None
    private_response: type[message.Message] | None
    serve: Serve | None = None
    needs: tuple[str, ...] = ()
    """The fields without which nothing can be asked; "a|b" stands for either."""
    needs_authentication: bool = False
    """Whether the home province serves it only where the customer was authenticated, for people to know beforehand."""
    by_node_alone: bool = False
    """Whether only the node itself asks for it, and no people."""
    masks: Mapping[str, Mask] = field(default_factory=dict)
    """How each field of the private answer is shown to whoever has not said why they must see it, by its path."""

    @property
    def alias(self) -> str:
        """The short name for people: `suspend-subscription`."""
        return _alias(self.name)

    def encode_request(self, content: Mapping[str, Any]) -> tuple[bytes, bytes]:
        """Body and private plaintext from plain data; each field goes to the message that has it. Raises
        RequestFieldUnknown, RequestFieldMissing, RequestFieldUnfit."""
        messages = [self.request] if self.private_request is None else [self.request, self.private_request]
        filled = fill(self.alias, messages, content, self.needs)
        body, private = filled[0], filled[1] if len(filled) > 1 else None
        return (
            body.SerializeToString(deterministic=True),
            private.SerializeToString(deterministic=True) if private is not None else b"",
        )

    def decode_request(self, body: bytes, private: bytes) -> tuple[message.Message, message.Message | None]:
        """The messages of a request. Raises MalformedRequest."""
        return self._decode(self.request, body), (
            self._decode(self.private_request, private) if self.private_request and private else None
        )

    def describe_request(self, body: bytes) -> dict[str, Any]:
        """What was asked as plain data, as far as it is not personal. Raises MalformedRequest."""
        return dict(json_format.MessageToDict(self._decode(self.request, body), preserving_proto_field_name=True))

    def describe_response(self, body: bytes, private: bytes, *, revealed: bool = False) -> dict[str, Any]:
        """A completed answer as plain data; of personal data, where it could be opened, what masks leave, or all of it
        if it is `revealed`."""
        described = json_format.MessageToDict(self._decode(self.response, body), preserving_proto_field_name=True)
        if private and self.private_response:
            opened = self._decode(self.private_response, private)
            personal = json_format.MessageToDict(opened, preserving_proto_field_name=True)
            described |= personal if revealed else self._masked(personal, "")
        return described

    def _masked(self, value: Any, path: str) -> Any:
        if isinstance(value, dict):
            return {name: self._masked(inner, f"{path}.{name}" if path else name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._masked(inner, path) for inner in value]
        return self.masks[path](str(value))

    def _decode(self, message_type: type[message.Message], content: bytes) -> message.Message:
        try:
            return message_type.FromString(content)
        except message.DecodeError as error:
            raise MalformedRequest(kind=self.alias, detail="not its protobuf message") from error


class RequestKinds:
    """All kinds that this node may ask for, and how it serves those that it serves."""

    def __init__(self, kinds: Iterable[RequestKind]) -> None:
        self._by_name = {kind.name: kind for kind in kinds}
        self._by_alias = {kind.alias: kind for kind in self._by_name.values()}

    def __iter__(self) -> Any:
        return iter(self._by_name.values())

    def served(self, name: str) -> RequestKind | None:
        """The kind, if this node serves it."""
        kind = self._by_name.get(name)
        return kind if kind is not None and kind.serve is not None else None

    def known(self, name: str) -> RequestKind | None:
        """The kind by its protobuf prefix, or None."""
        return self._by_name.get(name)

    def message_class_of(self, name: str) -> int:
        """The message class of a kind by its protobuf prefix; MESSAGE_CLASS_UNSPECIFIED where it is not known here."""
        kind = self._by_name.get(name)
        return kind.message_class if kind is not None else pb.MESSAGE_CLASS_UNSPECIFIED

    def alias_of(self, name: str) -> str:
        """The short name of a kind, also of one that this node only relays; of what is no kind's name, that name."""
        return _alias(name) if _KIND_NAME.fullmatch(name) else name

    def name_of(self, alias: str) -> str:
        """The protobuf prefix of a kind by its alias; what is no alias is given back."""
        kind = self._by_alias.get(alias)
        return kind.name if kind is not None else alias

    def asked_as(self, name: str, *, by_node: bool = False) -> RequestKind:
        """The kind by its alias or protobuf prefix, if people may ask for it, or the node itself asks (`by_node`).
        Raises UnknownRequestKind."""
        kind = self._by_alias.get(name) or self._by_name.get(name)
        if kind is None or (kind.by_node_alone and not by_node):
            open_to_all = sorted(alias for alias, kind in self._by_alias.items() if not kind.by_node_alone)
            raise UnknownRequestKind(kind=name, known=", ".join(open_to_all))
        return kind


_KIND_NAME = re.compile(r"quanwang(\.[a-z0-9_]+)+\.[A-Z][A-Za-z0-9]*")


def _alias(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name.rsplit(".", 1)[-1]).lower()


def request_kind(
    name: str,
    message_class: int = pb.MESSAGE_CLASS_WORK_ORDER,
    serve: Serve | None = None,
    needs: Sequence[str] = (),
    *,
    needs_authentication: bool = False,
    by_node_alone: bool = False,
    masks: Mapping[str, Mask] | None = None,
) -> RequestKind:
    """A kind from its protobuf prefix. Its messages must have been imported (from common.gen).

    Raises LookupError where they were not, and where a field of a private answer has no mask, or a mask has no field:
    what nobody thought of is never shown.
    """
    symbols = symbol_database.Default()

    def find(suffix: str) -> Any:
        try:
            return symbols.GetSymbol(name + suffix)
        except KeyError:
            return None

    request, response = find("Request"), find("Response")
    if request is None or response is None:
        raise LookupError(f"{name}Request and {name}Response must be defined in proto/ and imported")
    private = find("PrivateRequest"), find("PrivateResponse")
    personal = set(_paths(private[1].DESCRIPTOR)) if private[1] is not None else set()
    if personal != (masks or {}).keys():
        raise LookupError(f"{name}: masks and fields of the private answer differ: {personal ^ (masks or {}).keys()}")
    kind = RequestKind(name, message_class, request, response, *private, serve, tuple(needs), masks=masks or {})
    return replace(kind, needs_authentication=needs_authentication, by_node_alone=by_node_alone)


def _paths(descriptor: Any, prefix: str = "") -> Iterator[str]:
    """The fields of a message and of those within it, by their paths."""
    for each in descriptor.fields:
        if each.message_type is None:
            yield prefix + each.name
        else:
            yield from _paths(each.message_type, f"{prefix}{each.name}.")
