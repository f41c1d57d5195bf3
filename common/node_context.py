"""What handlers may know of the node they run in; reached as `uow.node`. Filled by the node's bootstrap."""

from __future__ import annotations

from dataclasses import dataclass, field

from common.access_control.ceilings import AccessLimits
from common.access_control.rights import Permission
from common.dictionaries.model import DictionaryBook
from common.directory.model import Directory
from common.errors import Refusal
from common.interfaces.model import Ports
from common.messaging.envelope import Envelope
from common.parameters.model import ParameterBook
from common.requests.registry import RequestKinds
from common.security.private_bodies import PrivateKeys, decrypt_private_body, encrypt_private_body


class ReaderUnknown(Refusal):
    """A private body cannot be encrypted: the directory names no key for its reader."""

    en = "The directory names no key for private bodies of node {node}. Check the node's enrolment."
    zh = "目录中没有节点 {node} 的加密密钥，请检查该节点的入网登记。"


@dataclass(slots=True)
class RequestLimits:
    """Limits on service requests. Times in milliseconds, sizes in entries or bytes."""

    time_to_live_ms_default: int = 3_600_000
    time_to_live_ms_max: int = 30 * 86_400_000
    message_lifetime_ms: int = 90 * 86_400_000
    destinations_max: int = 64
    waiting_entries_max: int = 100_000
    waiting_bytes_max: int = 256 * 1_048_576


@dataclass(slots=True)
class NodeContext:
    """The node as its handlers see it. `directory` is replaced whenever a newer one is accepted."""

    node: str
    directory: Directory
    private_keys: PrivateKeys
    kinds: RequestKinds
    software_version: str
    started_at_us: int
    permissions: frozenset[Permission] = frozenset()
    """All that anything at this node needs; set by its core."""
    limits: RequestLimits = field(default_factory=RequestLimits)
    parameters: ParameterBook = field(default_factory=ParameterBook)
    """What operators have set; replaced whenever one of them is changed."""
    dictionaries: DictionaryBook = field(default_factory=DictionaryBook)
    """The coded values that may be used; replaced whenever one of them is changed."""
    ports: Ports = field(default_factory=dict)
    """The interfaces to other systems, by name; set by its core."""

    @property
    def access_limits(self) -> AccessLimits:
        """What this node may give its people at most, by the directory in force."""
        return self.directory.access_limits(self.node)

    def encrypt(self, plaintext: bytes, routing_bytes: bytes, reader: str) -> bytes:
        """A private body for `reader` and this node, bound to the routing bytes. Raises ReaderUnknown."""
        readers = []
        for node in (reader, self.node):
            found = self.directory.private_body_reader(node)
            if found is None:
                raise ReaderUnknown(node=node)
            readers.append(found)
        return encrypt_private_body(plaintext, routing_bytes, readers)

    def decrypt(self, envelope: Envelope) -> bytes:
        """The plaintext of an envelope's private body. Raises PrivateBodyUnreadable."""
        return decrypt_private_body(envelope.private_body, envelope.routing_bytes, self.node, self.private_keys)
