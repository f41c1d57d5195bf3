"""A node's data directory: where everything of the node stands, and that only one program works in it at a time."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from common.db.engine import sqlite_url, store_at
from common.errors import Fault
from common.security.private_files import make_private_directory, require_private_directory
from common.settings import NodeSettings
from common.settings_file import load_settings

SETTINGS_FILE = "node.toml"
DATABASE_FILE = "node.db"
LOCK_FILE = "node.lock"
ARCHIVE_DIRECTORY = "archive"
SHARED_KEYS = ("keys", "tls", "root.pub")
"""What stands where the keys are, and is the same for all replicas."""
RESTORED_FILE = "restored"
ADMIN_SOCKET = "admin.sock"

S = TypeVar("S", bound=NodeSettings)

SOCKET_PATH_BYTES_MAX = 100
"""A Unix socket's path may have 107 bytes on Linux and 103 elsewhere."""


class DataDirectoryInUse(Fault):
    """Another program holds the data directory: the node runs, or an operator's command is under way."""

    en = "Another program works in {path}: the node is running, or another command is."
    zh = "另一程序正在使用 {path}：节点正在运行，或有其他命令正在执行。"
    mend_en = "Stop it or wait for it."
    mend_zh = "请停止该程序或稍候。"


class DataDirectoryMissing(Fault):
    """There is no such directory."""

    en = "There is no data directory {path}."
    zh = "数据目录 {path} 不存在。"
    mend_en = "Initialise the node first."
    mend_zh = "请先初始化节点。"


class RestoredNotRecovered(Fault):
    """A node that does not know what it has said must not say anything."""

    en = "The node in {path} was restored from a backup and has not taken back yet what it said and received since."
    zh = "{path} 中的节点由备份恢复而来，尚未找回备份之后所发送和接收的内容。"
    mend_en = "Run the program's command recover on this data directory; docs/backup.md says what comes before."
    mend_zh = "请对此数据目录执行本程序的 recover 命令；之前的步骤见 docs/backup.md。"


class DataDirectory:
    """The files of one node, below one directory of mode 0700."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._url = ""
        self._archive = ARCHIVE_DIRECTORY
        self._keys = ""

    @property
    def settings_file(self) -> Path:
        return self.path / SETTINGS_FILE

    @property
    def database(self) -> Path:
        """The node's own file, where the settings name no other database."""
        return self.path / DATABASE_FILE

    @property
    def restored_file(self) -> Path:
        """It is there while a node that was restored from a backup has not taken back yet what it forgot."""
        return self.path / RESTORED_FILE

    def require_recovered(self) -> None:
        """Raises RestoredNotRecovered."""
        if self.restored_file.exists():
            raise RestoredNotRecovered(path=self.path)

    @property
    def url(self) -> str:
        """The database's URL; it may hold a password."""
        return self._url or sqlite_url(str(self.database))

    @property
    def archive(self) -> Path:
        """Where the journals' archives are: here, or in the directory that the settings name."""
        return self.path / self._archive

    @property
    def keys_place(self) -> Path:
        """The directory in which `keys/` is and what goes with it: this one, or the one that the settings name."""
        return self.path / self._keys

    @property
    def database_name(self) -> str:
        """Where the database is, without any secret."""
        return store_at(self.url).display(self.url)

    def load_settings(self, settings: type[S]) -> S:
        """The node's settings. From here on the database is the one that they name. Raises SettingsInvalid."""
        loaded = load_settings(settings, self.settings_file)
        self._url = loaded.database.url.get_secret_value()
        self._archive = loaded.retention.archive_directory or ARCHIVE_DIRECTORY
        self._keys = loaded.keys_directory
        return loaded

    def create(self) -> None:
        """Makes the directory where there is none. Raises PermissionsTooWide, OSError."""
        make_private_directory(self.path)

    def require(self) -> None:
        """Raises DataDirectoryMissing; PermissionsTooWide where others could enter it."""
        if not self.path.is_dir():
            raise DataDirectoryMissing(path=self.path)
        require_private_directory(self.path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the directory for this program alone. The system gives it back when the program ends, however it ends.

        Raises DataDirectoryInUse, and what `require` raises.
        """
        self.require()
        descriptor = os.open(self.path / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise DataDirectoryInUse(path=self.path) from error
            yield
        finally:
            os.close(descriptor)

    def in_use(self) -> bool:
        """Whether a program works in the directory at this moment. Holds nothing longer than it takes to look."""
        try:
            descriptor = os.open(self.path / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    # Where the node can be reached, for whoever starts it with ports that the system chooses.

    def address_file(self, name: str) -> Path:
        return self.path / f"{name}.address"

    def write_address(self, name: str, address: str) -> None:
        """Says where a port is: `<name>.address` holds `address`. Whoever sees the file sees all of it."""
        temporary = self.path / f".{name}.address"
        temporary.write_text(address + "\n", encoding="utf-8")
        os.replace(temporary, self.address_file(name))

    def read_address(self, name: str) -> str:
        """The address that was written last; empty where there is none."""
        try:
            return self.address_file(name).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""

    def remove_address(self, name: str) -> None:
        self.address_file(name).unlink(missing_ok=True)

    def new_admin_socket(self) -> Path:
        """A free path for the admin socket: in this directory, or in a new private one of a shorter name."""
        path = self.path / ADMIN_SOCKET
        if len(os.fsencode(path)) > SOCKET_PATH_BYTES_MAX:
            path = Path(tempfile.mkdtemp(prefix="quanwang-")) / ADMIN_SOCKET
        path.unlink(missing_ok=True)
        return path

    def remove_admin_socket(self, path: Path) -> None:
        """Takes away what `new_admin_socket` gave."""
        path.unlink(missing_ok=True)
        if path.parent != self.path:
            path.parent.rmdir()
