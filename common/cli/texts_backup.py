"""What the command line says about backups, by key: English, simplified Chinese."""

from __future__ import annotations

from collections.abc import Mapping

BACKUP: Mapping[str, tuple[str, str]] = {
    "backup.step.snapshot": ("Copying the database", "复制数据库"),
    "backup.step.database": ("Database", "数据库"),
    "backup.step.archives": ("Archives", "归档"),
    "backup.step.backup": ("Backup", "备份"),
    "backup.step.journal": ("Journal", "日志"),
    "backup.made": ("{file} holds {rows:,} rows in {size}.", "备份 {file} 已创建：{rows:,} 行，{size}。"),
    "backup.none": ("There is no backup.", "没有备份。"),
    "backup.state.complete": ("complete", "完整"),
    "backup.state.cut_off": ("cut off, of no use", "不完整，不可用"),
    "backup.left_out": (
        "{count} archives of the journals were left out; keep archive/ as well.",
        "未包含 {count} 个日志归档文件，请另行保存 archive/ 目录。",
    ),
    "backup.bring_archives": (
        "Bring back into archive/, from where it was kept: {names}",
        "请从另行保存之处将以下文件放回 archive/：{names}",
    ),
    "backup.good": (
        "{file} could be restored: {files:,} files, {rows:,} rows, {batches:,} batches of the journals are good.",
        "备份 {file} 可以恢复：{files:,} 个文件、{rows:,} 行、{batches:,} 个日志批次均正常。",
    ),
    "backup.bad": (
        "{file} is not good: see above. {files:,} files, {rows:,} rows, {batches:,} batches were looked at.",
        "备份 {file} 存在上述问题。已检查 {files:,} 个文件、{rows:,} 行、{batches:,} 个日志批次。",
    ),
    "backup.restored": (
        "Node {node} is in {path} as it was at {at}: {rows:,} rows.",
        "节点 {node} 已恢复到 {path}，为 {at} 时的状态，共 {rows:,} 行。",
    ),
    "backup.migrated": ("Brought to this release's schema: {revisions}", "已升级到当前版本的结构：{revisions}"),
}
