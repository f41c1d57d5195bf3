"""What the command line says, by key: English, simplified Chinese. Facts stand in braces."""

from __future__ import annotations

from collections.abc import Mapping

from common.cli.texts_access import ACCESS
from common.cli.texts_approvals import APPROVALS
from common.cli.texts_backup import BACKUP
from common.cli.texts_customers import CUSTOMERS
from common.cli.texts_directory import DIRECTORY
from common.cli.texts_hubs import HUBS
from common.cli.texts_interfaces import INTERFACES
from common.cli.texts_kinds import NAMES_AND_KINDS
from common.cli.texts_parameters import PARAMETERS
from common.cli.texts_records import RECORDS

_FIELDS_OF_KINDS = (
    "`{program} requests kinds` lists the fields of each kind.",
    "可用 `{program} requests kinds` 查看各类型的字段。",
)

TEXTS: Mapping[str, tuple[str, str]] = NAMES_AND_KINDS | {
    **BACKUP,
    **DIRECTORY,
    **CUSTOMERS,
    **RECORDS,
    **ACCESS,
    **APPROVALS,
    **PARAMETERS,
    **HUBS,
    **INTERFACES,
    # Errors
    "title.refused": ("Refused", "已拒绝"),
    "title.try_again": ("Not possible at the moment", "暂时无法执行"),
    "title.fault": ("Failed", "执行失败"),
    "title.usage": ("Not understood", "命令有误"),
    "title.interrupted": ("Interrupted", "已中断"),
    "error.where": ("Where: ", "位置："),
    "error.mend": ("What to do: ", "处理办法："),
    "error.system": ("The operating system says: {detail}.", "操作系统报告：{detail}。"),
    "error.unforeseen": (
        "Something happened that nobody foresaw: {detail}",
        "发生了未预料到的错误：{detail}",
    ),
    # What to do, by the error's code
    "mend.USAGE": ("`{command} --help` shows how it is used.", "运行 `{command} --help` 查看用法。"),
    "mend.INTERNAL_FAULT_AT_NODE": (
        "Report it with what the node's log says of it; nothing is left half done, every step is one transaction.",
        "请附上节点日志中的相应内容进行报告。每一步都是一个事务，不会留下未完成的更改。",
    ),
    "mend.INTERNAL_FAULT": (
        "Report it with the lines below and the node's log; nothing is left half done, every step is one transaction.",
        "请附上以下信息和节点日志进行报告。每一步都是一个事务，不会留下未完成的更改。",
    ),
    "mend.DATA_DIRECTORY_MISSING": (
        "Name the right directory with --data or QUANWANG_DATA, or make a node there: {program} init --data DIR",
        "请用 --data 或 QUANWANG_DATA 指定正确的目录，或在该处创建节点：{program} init --data DIR",
    ),
    "mend.DATA_DIRECTORY_FOREIGN": (
        "Run the command as the user that the node runs as.",
        "请以运行该节点的用户身份执行命令。",
    ),
    "mend.DATA_DIRECTORY_IN_USE": (
        "If the node is just starting or stopping, try again in a moment.",
        "如果节点正在启动或停止，请稍后重试。",
    ),
    "mend.NODE_NOT_INITIALISED": ("{program} init --data DIR", "{program} init --data DIR"),
    "mend.NODE_UNREACHABLE": (
        "Look at the node's log; start it again with `{program} serve`. What was stored is still there.",
        "请查看节点日志，并用 `{program} serve` 重新启动。已保存的数据不会丢失。",
    ),
    "mend.NODE_SLOW": (
        "Look with `{program} status` how the node is, and look whether it was done before you ask again.",
        "请用 `{program} status` 查看节点状态，重试前先确认操作是否已经执行。",
    ),
    "mend.NOT_ENROLLED": (
        "Ask HQ for an invitation (`hq-node nodes invite NODE`), then: {program} enrol --invitation @FILE",
        "请向总部申请邀请码（`hq-node nodes invite NODE`），然后运行：{program} enrol --invitation @FILE",
    ),
    "mend.REQUEST_NOT_FOUND": (
        "`requests list` shows the ids of this node's own requests; those of others are in `hq-node requests "
        "relayed` and `province-node requests served`, and `requests trace ID` shows any of them.",
        "本节点的请求见 `requests list`；其他节点的请求见 `hq-node requests relayed` 或 "
        "`province-node requests served`，均可用 `requests trace 编号` 查看。",
    ),
    "mend.UNKNOWN_REQUEST_KIND": (
        "`{program} requests kinds` lists what can be asked.",
        "可用 `{program} requests kinds` 查看全部类型。",
    ),
    "mend.REQUEST_FIELD_UNKNOWN": _FIELDS_OF_KINDS,
    "mend.REQUEST_FIELD_UNFIT": _FIELDS_OF_KINDS,
    "mend.REQUEST_FIELD_MISSING": (
        "Give it with --set FIELD=VALUE; `{program} requests kinds` lists the fields of each kind.",
        "请用 --set 字段=值 提供；可用 `{program} requests kinds` 查看各类型的字段。",
    ),
    "mend.MALFORMED_REQUEST": _FIELDS_OF_KINDS,
    "mend.EXTRACT_COLUMNS_MISSING": (
        "Say where the column is with --map OURS=THEIRS, or give a whole --mapping. "
        "`{program} customers columns` explains every column, and writes an empty file to fill in.",
        "请用 --map 标准列=文件列 指明所在列，或用 --mapping 提供完整映射。"
        "`{program} customers columns` 说明每一列，并可生成空白模板。",
    ),
    "mend.EXTRACT_LACKS_NAMED_COLUMNS": (
        "Correct the name there, or leave that column out of it; --map OURS=THEIRS puts a single one right.",
        "请更正列名，或从映射中删去该列；也可用 --map 标准列=文件列 更正单个列。",
    ),
    "mend.CUSTOMER_NOT_FOUND": (
        "A customer's number begins with the code of the province, such as 31-T001. `{program} customers list` shows "
        "the numbers, and `{program} customers find` looks for a document, a contact number or an address.",
        "客户编号以省份代码开头，例如 31-T001。可用 `{program} customers list` 查看编号，"
        "或用 `{program} customers find` 按证件号码、联系电话或地址查找。",
    ),
    "mend.ENROLMENT_NOT_FOUND": (
        "`{program} nodes list` shows who waits. The province joins with `province-node enrol`.",
        "可用 `{program} nodes list` 查看等待批准的节点。省节点需先运行 `province-node enrol`。",
    ),
    # Usage
    "usage.data_missing": (
        "no data directory is named; give --data DIR or set {variable}",
        "未指定数据目录，请使用 --data DIR 或设置环境变量 {variable}",
    ),
    "usage.not_a_duration": (
        "{given!r} is no length of time such as 10s, 30m or 1h30m",
        "{given!r} 不是有效的时长，正确写法如 10s、30m、1h30m",
    ),
    "usage.not_an_assignment": ("{given!r} is not FIELD=VALUE", "{given!r} 不符合 字段=值 的写法"),
    "usage.content_unreadable": (
        "{file} cannot be read as JSON ({detail})",
        "无法将 {file} 读取为 JSON（{detail}）",
    ),
    "usage.content_no_object": ("the content is not a JSON object", "内容不是 JSON 对象"),
    "usage.file_unreadable": ("{file} cannot be read ({detail})", "无法读取 {file}（{detail}）"),
    "usage.invitation_is_a_file": (
        "{given} is a file, not an invitation; put @ before its name: --invitation @{given}",
        "{given} 是文件而非邀请码，请在文件名前加 @：--invitation @{given}",
    ),
    "usage.file_exists": ("{file} is there already; name a new file", "{file} 已存在，请指定新文件"),
    "usage.file_unwritable": ("{file} cannot be written ({detail})", "无法写入 {file}（{detail}）"),
    "usage.key_not_compared": (
        "the key {key} waits, and nobody can be asked here whether it is the province's; give --key ID (the key that "
        "the province reads out), or --yes where you have compared them",
        "等待批准的密钥为 {key}，此处无法询问其是否属于该省；请用 --key 给出该省报出的密钥，或在核对后使用 --yes",
    ),
    "usage.revocation_not_confirmed": (
        "revoking {node} ends its keys for good, and nobody can be asked here whether it shall be; give --yes",
        "吊销{node}会永久终止其密钥，此处无法询问是否确定；如确定，请使用 --yes",
    ),
    "usage.invitation_not_confirmed": (
        "{node} takes part already, and nobody can be asked here whether it shall be invited again; give --yes",
        "{node}已在联邦中，此处无法询问是否再次邀请；如确定，请使用 --yes",
    ),
    "usage.root_not_confirmed": (
        "nobody can be asked here whether it shall be; give --yes",
        "此处无法询问是否确定；如确定，请使用 --yes",
    ),
    # Help
    "help.examples": ("Examples:", "示例："),
    "help.exit_codes": ("Exit codes:", "退出码："),
    "help.exit_code_list": (
        "0  done\n1  refused by a rule; with check or import: something was found wrong\n2  the arguments are wrong\n"
        "3  no node there, not ready, or not reachable\n4  not possible at the moment, try again\n5  something broke\n"
        "6  waited for a request, and it ended otherwise than completed\n"
        "7  waited for a request, and it has not ended\n"
        "130  interrupted",
        "0  成功\n1  被业务规则拒绝；check 或 import 时：发现问题\n2  命令参数有误\n3  节点不存在、未就绪或无法连接\n"
        "4  暂时无法执行，请重试\n5  内部错误\n6  等待的请求已结束，但未完成\n7  等待的请求尚未结束\n130  已中断",
    ),
    # Nodes
    "node.made_before": (
        "Node {node} was in {path} already; its settings stay as they are. Change them in node.toml.",
        "{path} 中已有节点 {node}，其设置保持不变。如需更改请编辑 node.toml。",
    ),
    "node.made": ("Node {node} is ready in {path}.", "节点 {node} 已在 {path} 中创建。"),
    "node.administrator": (
        "First administrator: {operator}, one-time password {password} (to be changed at the first sign-in).",
        "首个管理员：{operator}，一次性密码 {password}（首次登录时须修改）。",
    ),
    "node.next_hq": (
        "Next: `{program} serve{data}`, then invite provinces with `{program} nodes invite NODE{data}`.",
        "下一步：运行 `{program} serve{data}`，然后用 `{program} nodes invite NODE{data}` 邀请各省。",
    ),
    "node.replica_made": ("Replica {name} is ready in {path}.", "副本 {name} 已在 {path} 中创建。"),
    "node.replica_next": (
        "It shares HQ's keys and archive: both directories must be there on its machine too. "
        "Next: `{program} check --data {path}`, then serve.",
        "它与总部共用密钥和归档，其所在机器上也须有这两个目录。"
        "下一步：运行 `{program} check --data {path}`，然后启动。",
    ),
    "node.replica_next_copied": (
        "It holds HQ's keys: take it to its machine by a safe way. Next: `{program} check --data {path}`, then serve.",
        "其中含有总部密钥，请通过安全途径移至目标机器。下一步：运行 `{program} check --data {path}`，然后启动。",
    ),
    "node.next_province": (
        "Next: `{program} enrol --invitation @FILE{data}` with an invitation from HQ, then `{program} serve{data}`.",
        "下一步：使用总部的邀请码运行 `{program} enrol --invitation @FILE{data}`，然后运行 `{program} serve{data}`。",
    ),
    "node.latest_only": ("(ended: of the latest {count:,})", "（已结束的仅统计最近 {count:,} 条）"),
    "node.migrated": (
        "The database in {path} was brought to this release's schema: {revisions}.",
        "已将 {path} 中的数据库升级到当前版本的结构：{revisions}。",
    ),
    "node.migrated_before": (
        "The database in {path} had this release's schema already.",
        "{path} 中的数据库已是当前版本的结构，无需升级。",
    ),
    "node.check_nothing": ("Nothing was looked at.", "没有检查任何内容。"),
    "node.running_since": ("running since {at}", "运行中，启动于 {at}"),
    "node.not_running": (
        "not running (start it with `{program} serve{data}`)",
        "未运行（用 `{program} serve{data}` 启动）",
    ),
    "node.storage_failing": ("cannot be written; new work is refused", "无法写入，拒绝受理新业务"),
    "nodes.none": ("No nodes yet. Invite the first one.", "尚无节点，请先邀请。"),
    "nodes.confirm_invite": (
        "{node} takes part already. Whoever has the invitation and its keys gets another certificate. Invite it again?",
        "{node}已在联邦中。持有邀请码及其密钥者将获得新的证书。是否再次邀请？",
    ),
    "nodes.invited": (
        "Invitation for node {node}, valid for {hours} hours. It is a secret, and it is not shown again.",
        "节点 {node} 的邀请码，有效期 {hours} 小时。请注意保密，仅显示这一次。",
    ),
    "nodes.invitation_written": ("The invitation is in {file}.", "邀请码已写入 {file}。"),
    "nodes.confirm_key": (
        "Node {node} waits with the signing key {key}. Does the province read out the same key?",
        "节点 {node} 等待批准，签名密钥为 {key}。是否与该省报出的密钥一致？",
    ),
    "nodes.approved": ("Node {node} is approved with the key {key}.", "已批准节点 {node}，密钥 {key}。"),
    "nodes.confirm_revoke": (
        "Revoke node {node} for good? Its keys end now and never become valid again.",
        "确定永久吊销节点 {node}？其密钥将立即失效，且不可恢复。",
    ),
    "nodes.stated": (
        "Node {node}, from directory version {version} on.",
        "节点 {node}，自目录版本 {version} 起生效。",
    ),
    "nodes.legs_ended": (
        "{count} legs towards node {node} were ended with HOME_LOST.",
        "已以 HOME_LOST 终止发往节点 {node} 的 {count} 个分支。",
    ),
    "keys.none": ("No keys.", "没有密钥。"),
    "keys.none_such": (
        "this node has no key {key}; `keys list` shows them",
        "本节点没有密钥 {key}，可用 `keys list` 查看",
    ),
    "keys.at_rest_protected": ("The key files are encrypted.", "密钥文件已加密。"),
    "keys.at_rest_plain": (
        "The key files are not encrypted; `keys protect` encrypts them.",
        "密钥文件未加密，可用 `keys protect` 加密。",
    ),
    "keys.rotated": (
        "Replaced: {uses} (directory version {version}). The former keys end by themselves.",
        "已更换：{uses}（目录版本 {version}）。原有密钥将自动失效。",
    ),
    "keys.rotated_before": ("There was nothing to replace.", "没有需要更换的密钥。"),
    "keys.passphrase": ("New passphrase of the keys", "密钥的新口令"),
    "keys.passphrase_missing": (
        "there is no terminal to ask for the passphrase; give --passphrase-file FILE",
        "没有可输入口令的终端，请使用 --passphrase-file FILE",
    ),
    "keys.protected": (
        "The key files are encrypted. Keep the passphrase: without it the keys are lost.",
        "密钥文件已加密。请妥善保管口令，遗失口令即丢失密钥。",
    ),
    "keys.unprotected": ("The key files are stored without a passphrase.", "密钥文件以未加密方式保存。"),
    "enrol.waiting": (
        "Waiting for HQ to approve. HQ's operator should see this key: {key}",
        "正在等待总部批准。总部操作员应看到此密钥：{key}",
    ),
    "enrol.done": (
        "Node {node} belongs to the federation (directory version {version}).",
        "节点 {node} 已入网（目录版本 {version}）。",
    ),
    "enrol.next": ("Next: `{program} serve{data}`.", "下一步：运行 `{program} serve{data}`。"),
    # Requests
    "requests.submitted": ("Submitted to {nodes}:", "已提交至 {nodes}："),
    "requests.submitted_before": (
        "Submitted before under this key, to {nodes}:",
        "此前已用该幂等键提交至 {nodes}：",
    ),
    "requests.not_sent_yet": (
        "The node is not running: the request is stored and goes out with `{program} serve{data}`.",
        "节点未运行：请求已保存，将在 `{program} serve{data}` 启动后发出。",
    ),
    "requests.waiting": ("Waiting for the answer", "正在等待应答"),
    "requests.wait_interrupted": (
        "The request goes on: {request_id}",
        "请求仍在处理中：{request_id}",
    ),
    "requests.none": ("No requests.", "没有请求。"),
    "requests.more": ("There are more: --before {before}", "还有更多：--before {before}"),
    "requests.answer_of": ("Answer of {node}", "{node} 的应答"),
    "requests.answer_masked": (
        "What is personal is masked. {program} requests reveal {request}{data} --reason TEXT shows it, for a reason.",
        "个人信息已脱敏。如确需查看完整内容，请执行 {program} requests reveal {request}{data} --reason 原因。",
    ),
    "requests.cancel_asked": (
        "HQ is asked to cancel {request_id}. What arrives there first counts.",
        "已请求总部取消 {request_id}，以先到达总部者为准。",
    ),
    "requests.cancel_waits": (
        "The cancellation of {request_id} waits here until there is a link to HQ ({nodes}); until then the request "
        "goes on. `requests show` tells when it has left.",
        "{request_id} 的取消请求正在本节点等待与总部的链路（{nodes}），在此之前请求仍会继续。"
        "可用 `requests show` 查看是否已发出。",
    ),
    "requests.not_ended": (
        "It has not ended within that time, and goes on by itself: "
        "{program} requests show {request_id} --wait 1m{data}",
        "在等待时间内尚未结束，请求会继续处理：{program} requests show {request_id} --wait 1m{data}",
    ),
    "requests.reason": ("{nodes}: {text} ({code})", "{nodes}：{text}（{code}）"),
    "requests.whereabouts": ("{nodes}: {text}", "{nodes}：{text}"),
    "whereabouts.outbox": ("It waits here to be sent to HQ, since {since}.", "自 {since} 起在本节点等待发往总部。"),
    "whereabouts.sent": (
        "It was sent to HQ at {since}, and HQ has not confirmed it yet.",
        "已于 {since} 发往总部，总部尚未确认。",
    ),
    "whereabouts.hub": (
        "HQ admitted it at {since}; it waits there for the province, or is on its way.",
        "总部已于 {since} 受理，正在总部等待该省，或正在途中。",
    ),
    "whereabouts.home": (
        "HQ passed it on at {since}; the province has not answered yet.",
        "总部已于 {since} 转发，该省尚未应答。",
    ),
    "whereabouts.working": (
        "The province is at work on it, as it said at {since}.",
        "该省正在处理（{since} 告知）。",
    ),
    "whereabouts.overdue": (
        "The time limit passed; HQ said so at {since}. Only the province can say how it ended.",
        "已超过时限（总部于 {since} 告知），结果须由该省应答。",
    ),
    "whereabouts.no_link": (
        "There has been no link to HQ since {since}; it goes out by itself when the link is back.",
        "与总部的链路自 {since} 起中断，恢复后会自动发出。",
    ),
    "whereabouts.never_linked": (
        "There has been no link to HQ since this node started; it goes out by itself when there is one.",
        "本节点启动以来尚未连通总部，连通后会自动发出。",
    ),
    "whereabouts.time_left": ("Its time is over at {at}.", "时限至 {at}。"),
    "whereabouts.time_over": (
        "Its time was over at {at}; HQ ends it, or asks the province to, once it has looked.",
        "时限已于 {at} 届满，总部检查后将终止该请求或要求该省撤回。",
    ),
    "whereabouts.cancel_waits": (
        "Its cancellation, asked for at {at}, still waits here for HQ.",
        "取消请求（{at} 提出）仍在本节点等待发往总部。",
    ),
    "whereabouts.cancel_asked": (
        "Its cancellation was asked for at {at}; HQ has the word.",
        "已于 {at} 请求取消，以总部处理为准。",
    ),
    "requests.no_kinds": ("Nothing can be asked.", "没有可用的请求类型。"),
    "requests.private_fields": (
        "* personal data: encrypted for the node that is asked, or for the one that asked",
        "* 个人信息：仅对被请求节点或请求节点加密可见",
    ),
    "trace.title": ("{kind} {request_id}", "{kind} {request_id}"),
    "trace.seen_from": ("as {role} knows it", "来自{role}的记录"),
    "legs.none": ("No legs.", "没有分支。"),
    "list.and": (", ", "，"),
    "trace.open_leg": ("Leg {node}: open for {total}", "分支 {node}：已持续 {total}，尚未结束"),
    "trace.order": ("position {position}, business date {date}", "序号 {position}，营业日 {date}"),
    "trace.from": ("from {node}", "来自 {node}"),
    "trace.not_known": (
        "– not known: nothing came back that the two clocks could be compared by",
        "– 未知：没有可用于比对双方时钟的返回消息",
    ),
    "trace.leg": ("Leg {node}: {total}", "分支 {node}：共 {total}"),
    "trace.none": ("No steps are known.", "没有已知的步骤。"),
    "trace.estimated": (
        "~ estimated between two nodes' clocks: the ways there and back are taken for equally long; where something "
        "waited on the way, the clocks for equal",
        "~ 跨两个节点时钟的估算：按去程与回程耗时相等；途中有等待时，按双方时钟一致",
    ),
    # Parked messages, alarms
    "parked.none": ("Nothing is parked.", "没有搁置的消息。"),
    "parked.retried": ("{id} is processed again.", "{id} 已重新处理。"),
    "parked.ended": ("{id} is given up.", "{id} 已放弃处理。"),
    "top.not_running": (
        "The node is not running; this is how it stopped. Start it with `{program} serve{data}`.",
        "节点未运行，以上为停止时的状态。可用 `{program} serve{data}` 启动。",
    ),
    "top.up": ("up {span}", "已运行 {span}"),
    "top.links": ("links {open}/{all} open", "链路 {open}/{all} 连通"),
    "top.parked": ("parked {count}", "搁置 {count}"),
    "top.retrying": ("retrying {count}", "重试中 {count}"),
    "top.alarms": ("alarms {count} ({raised} not acknowledged)", "告警 {count}（未确认 {raised}）"),
    "top.more": ("and {count} more; make the window higher, or press p", "另有 {count} 个节点；可加高窗口或按 p"),
    "top.more_alarms": ("and {count} more; see `alarms list`", "另有 {count} 个告警，见 `alarms list`"),
    "top.no_nodes": ("No nodes to show.", "没有可显示的节点。"),
    "top.keys": (
        "q quit   s sort: {sort}   c class: {chosen}   p show: {shown}",
        "q 退出   s 排序：{sort}   c 类别：{chosen}   p 显示：{shown}",
    ),
    "top.all_classes": ("all", "全部"),
    "top.problems": ("problems only", "仅异常"),
    "top.everything": ("everything", "全部"),
    "top.sort.node": ("node", "节点"),
    "top.sort.queue": ("queue", "队列"),
    "top.sort.oldest": ("oldest", "最久等待"),
    "top.sort.rate": ("rate", "速率"),
    "top.sort.delay": ("delay", "时延"),
    "top.sort.rejected": ("rejected", "被拒绝"),
    "top.sort.expired": ("expired", "过期"),
    "top.column.node": ("Node", "节点"),
    "top.column.link": ("Link", "链路"),
    "top.column.queue": ("Queue", "队列"),
    "top.column.oldest": ("Oldest", "最久等待"),
    "top.column.in_flight": ("In flight", "在途"),
    "top.column.sent_rate": ("Sent/s", "发送/秒"),
    "top.column.received_rate": ("Received/s", "接收/秒"),
    "top.column.legs_rate": ("Legs/s", "分支/秒"),
    "top.column.open": ("Open", "未结"),
    "top.column.p50": ("p50", "p50"),
    "top.column.p95": ("p95", "p95"),
    "top.column.p99": ("p99", "p99"),
    "top.column.queue_p95": ("Queue p95", "排队 p95"),
    "top.column.answer_p95": ("Answer p95", "应答 p95"),
    "top.column.rejected": ("Rej.", "被拒绝"),
    "top.column.expired": ("Exp.", "过期"),
    "top.column.trend": ("10 min", "近10分钟"),
    "top.column.role": ("As", "角色"),
    "top.column.class": ("Class", "类别"),
    "alarms.none": ("No alarms.", "没有告警。"),
    "alarms.no_history": ("Nothing is known of its past.", "没有历史记录。"),
    "alarms.acknowledged": ("{by} takes care of {name}.", "{name} 已由 {by} 确认处理。"),
}
