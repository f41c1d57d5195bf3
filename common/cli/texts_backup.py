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
    "recover.done": (
        "Taken back: {own_batches:,} own batches with {requests:,} requests and {answers:,} answers, "
        "{received_batches:,} batches of HQ. The node may serve.",
        "已找回：本节点 {own_batches:,} 个批次（{requests:,} 个请求、{answers:,} 个应答），"
        "总部 {received_batches:,} 个批次。节点可以启动服务。",
    ),
    "recover.undecided": (
        "{count} requests have no recorded outcome; they are processed when the node serves.",
        "{count} 个请求没有已记录的结果，将在节点启动后处理。",
    ),
    "recover.hq_done": (
        "Taken back from {provinces}: {own_batches:,} own batches, {received_batches:,} batches of the provinces; "
        "directory version {directory_version}. HQ may serve; the provinces' links open by themselves.",
        "已从 {provinces} 找回：本节点 {own_batches:,} 个批次，各省 {received_batches:,} 个批次；目录版本 "
        "{directory_version}。总部可以启动服务，各省链路自动恢复。",
    ),
    "recover.hq_undecided": (
        "{count} messages have no recorded outcome; they are processed when HQ serves.",
        "{count} 条报文没有已记录的结果，将在总部启动后处理。",
    ),
    "recover.hq_without": (
        "Not waited for: {nodes}. What was admitted for it counts as sent to it, and is ended by `nodes end-legs` once "
        "it is revoked. It may come back only enrolled anew, with an empty database.",
        "未等待：{nodes}。已受理的相关业务视为已发送，吊销后用 `nodes end-legs` 结束。该省只能以空数据库重新入网。",
    ),
    "recover.hq_lost": (
        "Witnessed by nobody, and lost: {positions} places of the hub's order, {entries} entries of the audit log, and "
        "what was done at HQ alone since the backup: operators, roles, parameters, invitations, publications.",
        "无人见证而无法找回：中心次序中的 {positions} 个位置、审计日志 {entries} 条，"
        "以及备份之后仅在总部办理的内容：操作员、角色、参数、邀请码、发布内容。",
    ),
    "recover.lost": (
        "Lost is what nobody else has: what was done at this node alone since the backup, such as imports, and "
        "requests that HQ never received. Look at the open alarms for effects that could not be repeated.",
        "无法找回的是他处没有的内容：备份之后仅在本节点办理的业务（如导入），以及总部未收到的请求。"
        "未能重现的影响见未解除的告警。",
    ),
}
