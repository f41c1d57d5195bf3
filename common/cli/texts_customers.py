"""What commands print of customers and their subscriptions: lists, imports, looking, erasing."""

from __future__ import annotations

CUSTOMERS: dict[str, tuple[str, str]] = {
    "import.read": ("Rows read", "读取行数"),
    "import.good": ("Good rows", "可导入"),
    "import.imported": ("Imported", "新导入"),
    "import.updated": ("Updated", "已更新"),
    "import.unchanged": ("Unchanged", "无变化"),
    "import.rejected": ("Left out", "未导入"),
    "import.skipped": ("Other provinces' rows", "其他省份的行"),
    "import.rows": ("{count:,} rows", "{count:,} 行"),
    "import.more": (
        "{count:,} more; --report FILE.csv takes them all.",
        "另有 {count:,} 条；用 --report FILE.csv 可保存全部。",
    ),
    "import.more_in_report": ("{count:,} more in {report}", "另有 {count:,} 条见 {report}"),
    "import.interrupted": (
        "Interrupted. Everything up to line {line} was dealt with. Run the same command again to go on; that is safe.",
        "已中断。第 {line} 行及之前均已处理。重新运行同一命令即可继续，重复导入是安全的。",
    ),
    "columns.needed": ("Needed in every row: ", "每行必填："),
    "columns.accepted": ("Accepted: {values}", "可取值：{values}"),
    "columns.either_heading": (
        "A heading may be either name, in any order; a file needs only those columns that it has something for.",
        "表头可用任一名称，次序不限；没有数据的列可以省略。",
    ),
    "columns.template_written": ("An empty file with the headings is in {file}.", "空白模板已写入 {file}。"),
    "customers.none": ("No customers.", "没有客户。"),
    "customers.no_subscriptions": ("No subscriptions.", "没有订购。"),
    "customers.looked_for": ("Look for: ", "查找内容："),
    "customers.nothing_looked_for": (
        "Standard input gave nothing to look for. Type it, or: echo ... | {program} customers find {by}{data}",
        "标准输入中没有查找内容。请直接输入，或使用：echo ... | {program} customers find {by}{data}",
    ),
    "customers.more_found": ("There are more; narrow the search.", "还有更多，请缩小查找范围。"),
    "customers.exported": (
        "Written to {file}, in the clear. Hand it to the customer, then delete it.",
        "已写入 {file}（明文）。请交付客户后删除该文件。",
    ),
    "customers.erased": (
        "The personal data of customer {number} was erased at {when}; {requests} requests were purged of it.",
        "客户 {number} 的个人信息已于 {when} 删除；已清除 {requests} 个请求中的相关内容。",
    ),
    "customers.erase_left": (
        "Request {request} has not ended, or its answer is on its way. Run the command again later.",
        "请求 {request} 尚未结束，或应答仍在传送中。请稍后再次执行该命令。",
    ),
    "customers.customer_number": ("Customer", "客户"),
    "customers.kind": ("Kind", "类型"),
    "customers.name": ("Name", "名称"),
    "customers.document_kind": ("Kind of document", "证件类型"),
    "customers.document_number": ("Document", "证件号码"),
    "customers.contact_number": ("Contact number", "联系电话"),
    "customers.city_code": ("City", "地市"),
    "customers.address": ("Address", "地址"),
    "personal_data.records": ("Customers", "客户"),
    "personal_data.records_left": ("To be encrypted anew", "待重新加密"),
    "personal_data.left": ("{left:,} of {total:,} left", "剩余 {left:,} / {total:,}"),
    "personal_data.replaced": (
        "The master key is {master_key} now. Copy its file to where its copy is kept; the former key stays behind it.",
        "主密钥已更换为 {master_key}。请重新备份该文件；旧密钥保留在其后。",
    ),
    "personal_data.forgotten": ("{forgotten} former master keys were forgotten.", "已移除 {forgotten} 个旧主密钥。"),
    "customers.more": ("There are more: --after {after}", "还有更多：--after {after}"),
    "import.columns_not_used": ("Columns not used: {columns}", "未使用的列：{columns}"),
    "import.columns_mend": (
        "To use one: --map OURS=THEIRS. `{program} customers columns` explains ours.",
        "如需使用，请加 --map 标准列=文件列；标准列说明见 `{program} customers columns`。",
    ),
    "import.prefixes_added": (
        "The province's code was put before {customers:,} customer numbers and {subscriptions:,} subscription ids: "
        "{written} is {called} here.",
        "已为 {customers:,} 个客户编号、{subscriptions:,} 个订购编号补上省份前缀：{written} 在此为 {called}。",
    ),
    "import.dry_run": ("Only checked; nothing was stored.", "仅检查，未保存任何数据。"),
    "customers.subscriptions_in": ("Subscriptions, {state}", "订购（{state}）"),
}
