"""The keys that a node has in memory: key-encryption keys and index keys by generation, and data keys that were used.

    master key (file, environment)
      wraps  the key-encryption key and the index key of each generation   (personal_data_generations)
               the former wraps  the data key of each subject              (personal_data_keys)
                                   which seals  the subject's values       (columns of features)

A rotation begins a generation; every record is brought to it, and then the former one is destroyed.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from common.errors import Fault
from common.personal_data.blind_index import BlindIndex
from common.personal_data.master_key import KEY_BYTES, NONCE_BYTES, KeyUnreadable, MasterKeys, MasterKeyWrong
from common.personal_data.sealing import Place, SubjectCipher

KEYS_CACHED_MAX = 4_096
"""How many data keys are kept unwrapped: about a megabyte."""

NONE = 0
"""The generation of records that are still as a release without encryption left them."""


class GenerationUnknown(Fault):
    """A record names a generation of keys that the node does not have."""

    en = (
        "A record is encrypted under the keys of generation {generation}, which this database does not have (any more)."
    )
    zh = "某记录由第 {generation} 代密钥加密，而该数据库中没有（或已销毁）这一代密钥。"


class DataKeyUnreadable(Fault):
    """A subject's data key was not wrapped by this node for this subject."""

    en = "The data key of a customer cannot be opened. Its data was changed outside the node."
    zh = "某客户的数据密钥无法解开，其数据曾在节点之外被更改。"


class WrappedGeneration(NamedTuple):
    """One generation as it is stored."""

    generation: int
    master_key_id: bytes
    wrapped_key: bytes
    wrapped_index_key: bytes


class _Generation:
    """One generation's keys, ready for use."""

    __slots__ = ("_index_key", "_indexes", "key", "secret")

    def __init__(self, secret: bytes, index_key: bytes) -> None:
        self.key = AESGCM(secret)
        self.secret = secret
        self._index_key = index_key
        self._indexes: dict[Place, BlindIndex] = {}

    def index(self, place: Place) -> BlindIndex:
        found = self._indexes.get(place)
        if found is None:
            info = f"quanwang/personal-data/index/{place.table}.{place.column}".encode()
            found = self._indexes[place] = BlindIndex(HKDFExpand(SHA256(), KEY_BYTES, info).derive(self._index_key))
        return found


class Vault:
    """For the writer's thread and the readers'. Prints itself without any key."""

    def __init__(
        self, master_keys: MasterKeys, entropy: Callable[[int], bytes], keys_cached_max: int = KEYS_CACHED_MAX
    ) -> None:
        self.master_keys = master_keys
        self.entropy = entropy
        self._keys_cached_max = keys_cached_max
        self._generations: dict[int, _Generation] = {}
        self._ciphers: OrderedDict[tuple[str, bytes], SubjectCipher] = OrderedDict()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Vault(generations={list(self._generations)})"

    @property
    def current(self) -> int:
        """The generation under which new keys are made; NONE before the first was opened."""
        return max(self._generations, default=NONE)

    @property
    def generations(self) -> list[int]:
        """Those that still open something, the newest first."""
        return sorted(self._generations, reverse=True)

    def use(self, stored: Iterable[WrappedGeneration]) -> None:
        """From now on these are the generations. Raises MasterKeyWrong, with those of before still in use."""
        opened = {each.generation: self._opened(each) for each in stored}
        with self._lock:
            self._generations = opened
            self._ciphers.clear()

    def _opened(self, stored: WrappedGeneration) -> _Generation:
        master = self.master_keys.find(stored.master_key_id)
        try:
            return _Generation(
                master.unwrap(_purpose("key", stored.generation), stored.wrapped_key),
                master.unwrap(_purpose("index", stored.generation), stored.wrapped_index_key),
            )
        except KeyUnreadable as error:
            raise MasterKeyWrong(place=self.master_keys.place, wanted=stored.master_key_id.hex()) from error

    def make_generation(self, generation: int) -> WrappedGeneration:
        """New keys, as they are to be stored; not in use before `use`."""
        return self._wrapped(generation, self.entropy(KEY_BYTES), self.entropy(KEY_BYTES))

    def rewrapped(self, stored: WrappedGeneration, keys: MasterKeys) -> WrappedGeneration:
        """The same keys under the first of these master keys. Raises MasterKeyWrong."""
        opened = Vault(keys, self.entropy)._opened(stored)
        return self._wrapped(stored.generation, opened.secret, opened._index_key, keys)

    def _wrapped(
        self, generation: int, secret: bytes, index_key: bytes, keys: MasterKeys | None = None
    ) -> WrappedGeneration:
        master = (keys or self.master_keys).first
        return WrappedGeneration(
            generation,
            master.key_id,
            master.wrap(_purpose("key", generation), secret, self.entropy(NONCE_BYTES)),
            master.wrap(_purpose("index", generation), index_key, self.entropy(NONCE_BYTES)),
        )

    def index(self, place: Place, generation: int) -> BlindIndex:
        """How what stands in a column is found, of this generation. Raises GenerationUnknown."""
        return self._generation(generation).index(place)

    def make_data_key(self, subject: str) -> tuple[bytes, SubjectCipher]:
        """A new data key of the current generation: wrapped, and ready for use."""
        generation = self.current
        nonce, key = self.entropy(NONCE_BYTES), self.entropy(KEY_BYTES)
        wrapped = nonce + self._generation(generation).key.encrypt(nonce, key, _bound_to(subject, generation))
        return wrapped, self._keep((subject, wrapped), SubjectCipher(AESGCM(key), generation, self.entropy))

    def open_data_key(self, subject: str, generation: int, wrapped: bytes) -> SubjectCipher:
        """A stored data key, ready for use. Raises GenerationUnknown, DataKeyUnreadable."""
        with self._lock:
            cipher = self._ciphers.get((subject, wrapped))
            if cipher is not None:
                self._ciphers.move_to_end((subject, wrapped))
                return cipher
        try:
            key = self._generation(generation).key.decrypt(
                wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _bound_to(subject, generation)
            )
        except (InvalidTag, ValueError) as error:
            raise DataKeyUnreadable() from error
        return self._keep((subject, wrapped), SubjectCipher(AESGCM(key), generation, self.entropy))

    def forget_data_key(self, subject: str, wrapped: bytes) -> None:
        """Its subject's data is erased."""
        with self._lock:
            self._ciphers.pop((subject, wrapped), None)

    def _keep(self, key: tuple[str, bytes], cipher: SubjectCipher) -> SubjectCipher:
        # By its stored form as well, not by its subject alone: what is found is always what the database says now.
        with self._lock:
            self._ciphers[key] = cipher
            if len(self._ciphers) > self._keys_cached_max:
                self._ciphers.popitem(last=False)
        return cipher

    def _generation(self, generation: int) -> _Generation:
        found = self._generations.get(generation)
        if found is None:
            raise GenerationUnknown(generation=generation)
        return found


def _purpose(which: str, generation: int) -> str:
    return f"{which}/{generation}"


def _bound_to(subject: str, generation: int) -> bytes:
    return f"data-key\x1f{generation}\x1f{subject}".encode()
