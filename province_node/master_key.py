"""Where a province's master key for personal data is; made once, looked at by `check`."""

from __future__ import annotations

import os

import sqlalchemy as sa

from common.checks import Finding, good, tried
from common.db.engine import reading
from common.errors import Fault
from common.personal_data.master_key import MasterKeys, MasterKeySource
from common.personal_data.queries import CountBelow
from common.personal_data.repository import GENERATIONS, GenerationRow, stored_generations
from common.personal_data.vault import Vault
from common.program.data_directory import DataDirectory
from province_node.settings import ProvinceSettings


def master_key_source(data: DataDirectory, settings: ProvinceSettings) -> MasterKeySource:
    """The environment's variable, else the file that the settings name."""
    return MasterKeySource(data.path / settings.personal_data.master_key_file)


def make_master_key(data: DataDirectory, settings: ProvinceSettings) -> bool:
    """Makes the key where nothing has been encrypted yet and there is none. Whether it was made. A key that is lost is
    never made anew: it would open nothing. Raises OSError."""
    return not _generations(data) and master_key_source(data, settings).make(os.urandom)


def check_master_key(data: DataDirectory, settings: ProvinceSettings, left: CountBelow) -> list[Finding]:
    """It is there, nobody else can read it, and it opens what is in the database. `left`: how many records are of
    a lower generation."""
    keys, findings = tried("master_key", lambda: master_key_source(data, settings).load())
    if keys is None:
        return findings
    try:
        generations = _generations(data)
    except (Fault, sa.exc.SQLAlchemyError):
        return []  # The database has findings of its own.
    _, findings = tried("master_key", lambda: Vault(keys, os.urandom).use(row.stored for row in generations))
    return findings or [_keys_found(keys), *_records_found(data, generations, left)]


def _keys_found(keys: MasterKeys) -> Finding:
    former = len(keys.keys) - 1
    if not former:
        return good("master_key", "It opens the personal data.", "可解开个人信息。")
    en, zh = (
        f"It opens the personal data; {former} former keys stand behind it.",
        f"可解开个人信息；另有 {former} 个旧密钥。",
    )
    mend = "When no backup needs them: province-node personal-data forget-former-master-keys"
    return Finding(
        "ok", "master_key", en, zh, mend, "备份不再需要时：province-node personal-data forget-former-master-keys"
    )


def _records_found(data: DataDirectory, generations: list[GenerationRow], count: CountBelow) -> list[Finding]:
    with reading(data.url) as connection:
        left = count(connection, max((row.generation for row in generations), default=1))
    if not left:
        return []
    en = f"{left} customers are still to be encrypted under the newest keys; the serving node does that by itself."
    zh = f"还有 {left} 个客户尚未用最新密钥加密，节点运行时会自动完成。"
    return [Finding("warning", "master_key", en, zh, "Let the node serve.", "请让节点保持运行。")]


def _generations(data: DataDirectory) -> list[GenerationRow]:
    """Those in the database; none before the table was made."""
    with reading(data.url) as connection:
        if not sa.inspect(connection).has_table(GENERATIONS.name):
            return []
        return stored_generations(connection.execute)
