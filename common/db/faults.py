"""What can be wrong with a database before a node can work on it, in words that say how to mend it. No secrets."""

from __future__ import annotations

from common.errors import Fault, Refusal


class DatabaseUnreachable(Fault):
    """Nobody answers there."""

    en = "The database {database} cannot be reached ({detail})."
    zh = "无法连接数据库 {database}（{detail}）。"
    mend_en = "Check database.url, and that the server runs."
    mend_zh = "请检查 database.url 以及数据库服务器是否运行。"


class DatabaseLoginRefused(Fault):
    """The server does not let this user in."""

    en = "The server of {database} refuses the login ({detail})."
    zh = "数据库 {database} 的服务器拒绝登录（{detail}）。"
    mend_en = "Correct user and password in database.url, or the server's pg_hba.conf."
    mend_zh = "请更正 database.url 中的用户名和密码，或服务器的 pg_hba.conf。"


class DatabaseMissing(Fault):
    """The server runs, but has no such database."""

    en = "There is no database {database} on the server."
    zh = "服务器上没有数据库 {database}。"
    mend_en = "Create it, or correct database.url."
    mend_zh = "请先创建，或更正 database.url。"


class DatabaseServerTooOld(Fault):
    """The server lacks what this software needs."""

    en = "The server of {database} is PostgreSQL {version}; version {needed} or later is needed."
    zh = "数据库 {database} 的服务器版本为 PostgreSQL {version}，需要 {needed} 或更高版本。"
    mend_en = "Upgrade the server."
    mend_zh = "请升级服务器。"


class DatabaseRightsMissing(Fault):
    """The user may not do what the node has to do."""

    en = "User {user} may not {missing} in the database {database}."
    zh = "用户 {user} 在数据库 {database} 中缺少权限：{missing}。"
    mend_en = "Make the user the owner of the database (ALTER DATABASE ... OWNER TO), or grant it."
    mend_zh = "请将该用户设为数据库所有者（ALTER DATABASE ... OWNER TO）或授予权限。"


class DatabaseOfAnotherNode(Refusal):
    """Somebody else's records are in it."""

    en = "The database {database} belongs to {owner}, not to node {node}."
    zh = "数据库 {database} 属于 {owner}，而非节点 {node}。"
    mend_en = "Correct database.url, or use another database."
    mend_zh = "请更正 database.url 或改用其他数据库。"


class DatabaseDamaged(Fault):
    """The database cannot be read."""

    en = "The database {database} cannot be read ({detail})."
    zh = "无法读取数据库 {database}（{detail}）。"
    mend_en = (
        "Stop the node and keep a copy of its data directory as it is. Do not put an old copy in its place: 'A damaged "
        "database' in docs/operations.md says how the node goes on with a new one."
    )
    mend_zh = (
        "请停止节点，原样保留其数据目录的副本。不要用旧副本替换：如何以新数据库继续运行，"
        "见 docs/operations.zh-CN.md“数据库损坏”一节。"
    )


class NoRoomForSnapshot(Refusal):
    """The disk has too little space for a copy of the database."""

    en = "There is too little space in {path} for a copy of the database: {needed} bytes are needed, {free} are free."
    zh = "{path} 空间不足，无法复制数据库：需要 {needed} 字节，可用 {free} 字节。"
