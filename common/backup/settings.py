"""Where backups go, how often they are made, and under which key."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """`directory`: where backups are written (empty: below the data directory). `every_hours`: how often the node makes
    one by itself (0: never); `keep`: how many of those stay. `passphrase_file` or `key_file`: the secret that they are
    encrypted under; a backup holds the node's private keys, so there is none without. `archives`: whether the journals'
    archives are in them."""

    directory: str = ""
    every_hours: int = 0
    keep: int = 14
    passphrase_file: str = ""
    key_file: str = ""
    archives: bool = True
