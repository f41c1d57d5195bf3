"""The Chinese of the help texts: of commands by their path, of options by their name (or path and name)."""

from __future__ import annotations

from collections.abc import Mapping

from common.cli.examples import HQ, PROVINCE
from common.cli.help_zh_access import ACCESS_COMMANDS, ACCESS_OPTIONS
from common.cli.help_zh_approvals import APPROVAL_COMMANDS, APPROVAL_OPTIONS
from common.cli.help_zh_dictionaries import DICTIONARY_COMMANDS, DICTIONARY_OPTIONS
from common.cli.help_zh_hubs import HUB_COMMANDS, HUB_OPTIONS
from common.cli.help_zh_interfaces import INTERFACE_COMMANDS, INTERFACE_OPTIONS
from common.cli.help_zh_people import PEOPLE_COMMANDS, PEOPLE_OPTIONS

_WAIT_ENDS = "使用 --wait 时，退出码表示结果：0 已完成，6 以其他方式结束，7 尚未结束。"

COMMANDS: Mapping[str, str] = {
    **ACCESS_COMMANDS,
    **DICTIONARY_COMMANDS,
    **HUB_COMMANDS,
    **INTERFACE_COMMANDS,
    **APPROVAL_COMMANDS,
    **PEOPLE_COMMANDS,
    "init": "在数据目录中创建节点：设置、密钥和数据库。",
    "serve": "运行节点，直到被停止（Ctrl-C 或 SIGTERM）。日志写入标准错误。",
    "add-replica": "为总部再创建一个副本的数据目录，使用同一 PostgreSQL 数据库。"
    "副本共用总部的密钥和归档，其所在机器上也须能访问这两个目录。",
    "migrate": "将节点数据库升级到当前版本的结构。不使用 --pre 时，节点不能处于运行状态。",
    "check": "检查节点：设置、端口、密钥、数据库、目录、证书。不做任何更改。\n\n"
    "发现错误时以 1 结束；仅有警告不算失败。",
    "status": "显示节点状态：链路、等待发送的消息、请求、告警。",
    "top": "实时查看链路、队列、速率、时延、错误和告警。按键：q 退出，s 排序，c 类别，p 仅异常。\n\n"
    "速率和时延取最近一分钟。标准输出不是终端时，只输出一页。",
    "requests": "发往其他节点的业务请求：提交、跟踪、取消。",
    "requests submit": f"向其他节点提交请求。\n\n{_WAIT_ENDS}",
    "requests list": "列出本节点的请求，最新的在前。",
    "requests relayed": "列出总部转发的各节点请求分支，最新的在前。\n\n"
    "状态：admitted（在总部等待该节点）、forwarded（已转发）、completed、rejected、expired、cancelled。",
    "requests served": "列出本省为其他节点受理的分支，最新的在前。\n\n"
    "状态：working（处理中）、committing（已开始外部操作）、completed、rejected、expired、cancelled。",
    "requests show": f"显示请求及其各分支和应答。\n\n{_WAIT_ENDS}",
    "requests reveal": "显示外省对其客户信息应答中被脱敏的完整内容。每次查看均记入审计日志，且有每小时上限。",
    "requests trace": "显示请求的时间花在何处：每个步骤、所在节点，以及距上一步的时间。\n\n"
    "在请求节点、总部和被请求节点上均可使用。",
    "requests cancel": "请求总部取消尚未结束的分支，以先到达总部者为准。",
    "requests kinds": "列出可向其他节点请求的业务类型：用途、必填项和字段。\n\n并说明哪些类型须先验证客户身份。",
    "parked": "无法处理的消息：查看、重试、放弃。",
    "parked list": "列出已接收但无法处理的消息。",
    "parked show": "显示一条搁置的消息：来自何处，为何无法处理。",
    "parked retry": "排除原因后，重新处理搁置的消息。",
    "parked end": "永久放弃搁置的消息。如发送方在等待应答，将会得到通知。",
    "audit": "审计日志：何人何时因何做了什么。",
    "audit list": "列出审计日志的记录，最新的在前。",
    "audit verify": "检查审计日志的记录有无改动、缺失或截断，并与本节点的签封核对。\n\n"
    "全部正常时以 0 结束，有问题时以 1 结束。",
    "audit export": "将审计日志的记录写入文件，每行一个 JSON 对象，最新的在前。",
    "journal": "日志：归档清理、核验、比对。",
    "journal prune": "立即将超过保留期限的数据归档并删除，逐段进行。\n\n"
    "节点也会定期自动执行。可随时中断；未归档的不会删除。",
    "journal verify": "核验每条链路的每个批次（含归档）：链、根、签名、水位、缺口。\n\n"
    "全部正常时以 0 结束，有错误时以 1 结束。被中断时会说明如何继续。",
    "journal digest": "将全部签封的散列写入文件，供链路对端比对。",
    "journal compare": "与链路对端节点比对日志，指出首个不一致的签封。\n\n"
    "使用 --node 时直接询问运行中的对端；无法询问时可用其摘要文件。"
    "一致时以 0 结束，不一致以 1 结束，对端不在线以 4 结束。",
    "private-bodies": "请求中的个人信息：删除。",
    "private-bodies erase": "从本节点的数据库和归档中永久删除一个已结束请求的个人信息。\n\n"
    "仅删除密文，已签名的内容仍可验证。参与的各节点分别删除自己的副本。可随时中断，再次执行即可继续。",
    "evidence": "证据：导出请求的证明材料，验证此类文件。",
    "evidence export": "将本节点所持有的、可证明一个请求的全部材料写入一个文件：签名陈述、签封、印记、密钥。\n\n"
    "在请求节点、总部和被请求节点上均可使用；总部所持最全。",
    "evidence verify": "仅用根密钥验证证据文件：无需节点、数据库或网络。\n\n"
    "说明谁提出请求、总部加盖了什么印记、谁作了应答、结果如何，以及各自的签名。"
    "全部证实时以 0 结束，有缺失或错误时以 1 结束。"
    "未安装本软件其余部分时，可用 `python -m common.evidence.verifier` 完成同样的验证。",
    "keys": "本节点的密钥：列表、更换、加密。",
    "keys list": "列出本节点的密钥及其有效期，以当前目录为准。",
    "keys show": "显示一把密钥：有效期、所接替的密钥，以及由哪把密钥签名。",
    "keys rotate": "更换本节点的密钥。新密钥由现行密钥签名，两者在一段时间内同时有效。\n\n"
    "期间业务不中断。失败后可以重复执行，会完成已开始的更换。",
    "keys protect": "用口令加密本节点的密钥文件，或更换口令。节点不能处于运行状态。\n\n"
    "此后启动节点需要该口令：请在 node.toml 中用 keys.passphrase_file 指定口令文件，或设置 QUANWANG_KEY_PASSPHRASE。",
    "alarms": "需要操作员关注的告警。",
    "alarms list": "列出未解除的告警，最近的在前。",
    "alarms show": "显示一个告警：含义、处理办法和历史。",
    "alarms acknowledge": "确认由何人处理告警。\n\n状态类告警随状态结束自行解除；事件类告警确认后不再发生即解除。",
    "backup": "备份：创建、列表、验证、恢复。",
    "backup create": "创建本节点的加密备份：数据库、密钥、设置和归档。节点可以处于运行状态。\n\n"
    "无论耗时多久，备份只反映数据库的同一时刻。被中断时不会留下任何内容。",
    "backup list": "列出目录中的备份，最新的在前，并显示各备份覆盖到何处。不需要密码。",
    "backup verify": "将备份恢复到临时位置并检查：数据库、结构、行数、日志的每个批次。\n\n"
    "全部正常时以 0 结束，有问题时以 1 结束。临时位置在备份所在目录下，用后即删；"
    "PostgreSQL 备份需要一个空数据库，由您自行删除。",
    "backup restore": "将备份恢复到数据目录，该目录必须不存在或为空。不会覆盖任何内容。\n\n"
    "PostgreSQL 备份恢复到空数据库。被中断后可以重复执行。创建备份的原节点不得再运行。",
    "nodes": "联邦节点：邀请、列表、批准、暂停、恢复、吊销。",
    "directory": "目录：查看，以及由其他机器保管的根密钥签名。",
    "directory show": "显示目录的版本和有效期，以及等待根密钥签名的变更。",
    "directory export": "将未签名的下一版目录写入文件，供保管根密钥的机器使用。\n\n"
    "在该机器上执行 hq-node root sign。没有新的变更时，再次导出得到相同的文件。",
    "directory import-signed": "发布根密钥已签名的目录。导出之后的变更仍等待签名。",
    "directory import-root": "将在保管处生成的新根密钥列入下一版目录。",
    "root": "联邦的根密钥：移出总部保管，并在保管处签名。",
    "root export": "将总部的根密钥加密写入单独的文件。在执行 root forget 之前，总部仍持有该密钥。",
    "root forget": "导出的文件被证明持有该密钥后，从总部移除根密钥。\n\n"
    "此后每次目录变更都等待 root sign。密钥为拷贝的副本须分别执行。",
    "root import": "将根密钥带回总部，此后总部重新自行签署目录。总部可以正在运行。\n\n"
    "拒绝：并非现行根密钥；该密钥签署过总部尚无的目录。等待签名的内容会在一分钟内签署。请重新收存或销毁该文件。",
    "root sign": "在保管根密钥的机器上签署下一版目录。显示变更内容并询问。\n\n"
    "拒绝：其他联邦的草稿、被篡改的草稿、分叉、回退、缺失版本。不需要数据目录。"
    "无法询问时（非终端或 --json）必须使用 --yes。",
    "root rotate": "在保管处生成新的根密钥，由现行根密钥签名。将文件带到总部：directory import-root。\n\n"
    "列出新密钥的目录由新密钥签名。在该目录发布之前，请保留现行密钥。",
    "nodes suspend": "暂停一个省，直到恢复为止。其连接立即切断，密钥仍然有效。",
    "nodes resume": "恢复已暂停的省，沿用其原有密钥。",
    "nodes revoke": "永久停用一个省：其密钥立即失效，只能凭新的邀请码、以新密钥重新入网。\n\n"
    "用于密钥丢失或被盗。此前已受理的业务仍然有效，此后的一律无效。无法询问时（非终端或 --json）必须使用 --yes。",
    "nodes end-legs": "终止已转发给被吊销省、不会再有应答的业务，原因为 HOME_LOST。\n\n"
    "仅可在吊销之后执行：仍可能应答的节点由其自身终结业务。",
    "nodes invite": "邀请一个省。邀请码只显示一次；同一节点先前的邀请码随即失效。\n\n"
    "邀请码须保密，请通过他人无法看到的途径转交。仅在证书已过期时才再次邀请已在联邦中的节点；"
    "无法询问时（非终端或 --json）必须使用 --yes。",
    "nodes list": "列出节点：已入网的，以及正在入网的。",
    "nodes approve": "批准等待入网的省节点。\n\n"
    "请将等待批准的密钥与该省 `enrol` 显示的密钥核对（例如通过电话），以防他人冒名申请。"
    "无法询问时（非终端环境，或使用 --json），须给出 --key 或 --yes。",
    "recover": "从总部找回本节点自所恢复的备份以来忘记的内容。节点不能处于运行状态。\n\n"
    "请在其他任何操作之前执行。已记录的结果原样采用，不会重新决定；每个签封都会核验。可随时中断并重复执行。",
    "enrol": "使用总部的邀请码入网。失败后可以重复执行。",
    "customers": "客户：导入旧系统数据、列表、查找、提供、删除。",
    "customers import": "导入客户及其订购的数据文件。\n\n"
    "有问题的行不导入，并按行号、列、原因列出；其余各行全部导入，每个事务最多 500 行。"
    "可随时中断，重新运行是安全的：已有数据不会重复。\n\n全部导入时以 0 结束，有未导入的行时以 1 结束。",
    "customers columns": "说明数据文件的各列：表头、含义、可取值。\n\n"
    "给出 FILE 时，改为说明该文件的哪些列用于何处，哪些未使用。无需节点。\n\n"
    "使用 --lang zh 时，--template 生成的文件为中文表头，可用电子表格打开。",
    "customers find": "按证件、联系电话或地址片段查找客户；个人信息以掩码显示。\n\n"
    "号码（完整号码，或后 6 位、后 4 位）或地址片段从标准输入读取：命令参数会被本机其他用户看到。",
    "customers show": "显示客户；个人信息以掩码显示。",
    "customers reveal": "显示客户被脱敏的完整信息。每次查看均记入审计日志，且有每小时上限。",
    "customers export": "将所存储的客户全部信息写入文件，提供给客户本人：JSON 明文。\n\n"
    "本机其他用户无法读取该文件。交付后请删除。",
    "customers erase": "永久删除客户的个人信息：销毁其密钥，并清除各请求中的相关内容。\n\n"
    "尚有未销户的订购，或仍在法定保存期内时拒绝执行。客户编号和已销户的订购保留，账单和证据仍可验证。"
    "可以中断，再次执行即可继续。若仍有未结束的请求含有数据，以 1 结束，请稍后再次执行。",
    "personal-data": "个人信息加密：状态、轮换、主密钥。",
    "personal-data status": "显示在用的密钥，以及尚未用最新密钥加密的记录数。",
    "personal-data rotate": "生成新密钥，在后台用新密钥重新加密全部记录，然后销毁旧密钥。\n\n"
    "任何时刻崩溃都不受影响，节点运行时自动继续；可用 status 查看进度。轮换进行中使用 --wait 可协助完成。",
    "personal-data replace-master-key": "在主密钥文件中旧密钥之前写入新主密钥，并用它重新包装全部密钥，瞬间完成。\n\n"
    "请重新备份该文件。旧密钥保留在文件中，因为此前的备份仍需要它。",
    "personal-data forget-former-master-keys": "从主密钥文件中移除旧密钥。此后使用旧密钥的备份将无法读取。",
    "customers list": "按编号列出客户，不显示客户身份信息。",
    "customers subscriptions": "按编号列出订购。",
    "customers summary": "统计客户和订购数量。",
}

COMMANDS_OF: Mapping[tuple[str, str], str] = {
    (HQ, "recover"): "从各省找回总部自所恢复的备份以来忘记的内容。总部不能处于运行状态。\n\n"
    "等待每个有效省份；各省无需执行命令。已记录的结果原样采用，不会重新决定；每个签封都会核验。可随时中断并重复执行。"
    "使用 PostgreSQL 时，总部的所有进程都必须停止。",
}
"""Where a command of that name says something else in one of the programs."""

OPTIONS: Mapping[str, str] = {
    **ACCESS_OPTIONS,
    **DICTIONARY_OPTIONS,
    **HUB_OPTIONS,
    **INTERFACE_OPTIONS,
    **APPROVAL_OPTIONS,
    **PEOPLE_OPTIONS,
    "--data": "节点的数据目录。",
    "--database-url": "使用 PostgreSQL 数据库代替本地文件：postgresql://user@host/database。",
    "--json": "在标准输出上输出一个 JSON 文档；错误以 JSON 形式写入标准错误。",
    "--lang": "输出语言；未指定时由 QUANWANG_LANG、LC_ALL、LC_MESSAGES 或 LANG 决定。",
    "--help": "显示本帮助并退出。",
    "recover --without": "已确定无法恢复（连同其数据库）的省份，可多次给出。",
    "recover --reason": "不等待该省的原因。",
    "--roles": "此进程承担的角色，代替 [replica] 中的 roles：link、worker、web。需要 PostgreSQL。",
    "--name": "其他副本未使用的名称。",
    "DIRECTORY": "新的数据目录。",
    "add-replica --federation-port": "省节点连接此副本的端口。",
    "add-replica --enrolment-port": "新节点向此副本申请入网的端口。",
    "add-replica --copy-keys": "复制总部密钥，用于不共享密钥目录的机器；每次更换密钥后须自行复制。",
    "add-replica --http-port": "此副本的健康检查和指标端口。",
    "--directory": "备份所在目录，代替 backup.directory。",
    "--key-file": "密钥文件，代替口令。",
    "backup create --passphrase-file": "备份口令所在文件。",
    "backup verify --passphrase-file": "备份口令所在文件。",
    "backup restore --passphrase-file": "备份口令所在文件。",
    "backup verify --database-url": "空的 PostgreSQL 数据库，用于此类数据库的备份。",
    "backup restore --database-url": "空的 PostgreSQL 数据库，用于此类数据库的备份。",
    "backup verify FILE": "备份文件。",
    "backup restore FILE": "备份文件。",
    "--pre": "仅执行旧版本也能兼容的步骤；旧版本程序可以正在运行。",
    "--install-completion": "为当前 shell 安装命令补全。",
    "--show-completion": "显示当前 shell 的命令补全脚本，以便复制或修改。",
    "--listen-host": "联邦端口和入网端口监听的地址。",
    "--federation-port": "省节点连接的端口；0：由系统选择。",
    "--enrolment-port": "新节点申请入网的端口；0：由系统选择。",
    "--http-port": "健康检查和指标的端口；0：由系统选择。",
    "--public-host": "省节点访问总部所用的主机名或地址。",
    "--node": "节点代码（GB/T 2260），如 31。",
    "KIND": "业务类型；用 `requests kinds` 查看全部。",
    "ID": "请求编号。",
    "NODE": "节点代码（GB/T 2260），如 44。",
    "FILE": "数据文件：UTF-8 或 GB18030 编码的 CSV。",
    "--to": "要请求的节点代码，可重复。",
    "requests cancel --to": "仅取消此节点的分支。",
    "--region": "请求一个区域的所有节点，如 north-china；不能与 --to 同时使用。",
    "--set": "内容的一个字段，可重复。",
    "--json-content": "以 JSON 对象提供内容；- 表示标准输入。",
    "--interaction": "与客户的交互编号（UUID）；归属省的验证结果仅在该交互内有效。",
    "--authentication": "客户的验证方式：NONE、SERVICE_PASSWORD、ONE_TIME_CODE 或 DOCUMENT_CHECK。",
    "--operator": "操作员。",
    "--organisation": "所属组织。",
    "--channel": "受理渠道。",
    "--ttl": "请求的有效时长（30m、2h）；未指定时采用节点默认值。",
    "--key": "幂等键：同一个键再次提交，得到首次的应答。",
    "--wait": "等待所有分支结束，最长为此时间（10s、2m）。",
    "enrol --wait": "等待总部操作员批准的最长时间（10m）。",
    "--state": "仅列出此状态的请求。",
    "parked list --state": "等待操作员处理的、等待下次尝试的，或全部。",
    "--origin": "仅列出此节点提出的。",
    "--home": "仅列出发往此节点的。",
    "requests reveal --reason": "原因，不得含个人信息；保存在审计日志中。",
    "requests reveal --to": "有多个省应答时，指明查看哪个省的应答。",
    "requests relayed --state": "仅列出此状态的；open：全部尚未结束的。",
    "requests served --state": "仅列出此状态的；open：全部尚未结束的。",
    "--limit": "最多列出的数量。",
    "--before": "仅列出早于此请求的请求。",
    "parked show ID": "消息编号，见 `parked list`。",
    "parked retry ID": "消息编号，见 `parked list`。",
    "parked end ID": "消息编号，见 `parked list`。",
    "ALARM": "告警名称，见 `alarms list`。",
    "--all": "包括已解除的告警。",
    "--by": "处理人；保存在历史中。",
    "--note": "处理情况；保存在历史中。",
    "--once": "输出一页后结束。",
    "--every": "刷新间隔（秒）。",
    "--sort": "排列次序：按名称，或某项最多者在前。",
    "--reason": "放弃的原因，与消息一起保存。",
    "nodes suspend --reason": "原因；与操作员姓名一同记录，所有节点可见。",
    "nodes resume --reason": "原因；与操作员姓名一同记录，所有节点可见。",
    "nodes revoke --reason": "原因；与操作员姓名一同记录，所有节点可见。",
    "nodes end-legs --reason": "原因；与操作员姓名一同记录，所有节点可见。",
    "nodes revoke --yes": "不询问是否确定。",
    "directory export --out": "写入的文件。",
    "directory export --hash": "此前导出过的草稿，以哈希开头部分指定。",
    "root export --out": "写入的文件。",
    "root sign --out": "写入的文件。",
    "root rotate --out": "写入的文件。",
    "root export --passphrase-file": "根密钥口令所在的文件；否则询问。",
    "root import --passphrase-file": "根密钥口令所在的文件；否则询问。",
    "root import FILE": "根密钥文件。",
    "root forget --passphrase-file": "根密钥口令所在的文件；否则询问。",
    "root sign --passphrase-file": "根密钥口令所在的文件；否则询问。",
    "root rotate --passphrase-file": "根密钥口令所在的文件；否则询问。",
    "root rotate --next-passphrase-file": "新密钥口令所在的文件。",
    "root rotate --next-key": "将要生成的新根密钥文件。",
    "root sign --key": "根密钥文件。",
    "root rotate --key": "根密钥文件。",
    "root forget --exported": "root export 写入的文件。",
    "root forget --yes": "不询问是否确定。",
    "root sign --yes": "不询问是否确定。",
    "directory import-signed FILE": "hq-node root sign 写入的文件。",
    "directory import-root FILE": "hq-node root rotate 写入的文件。",
    "root sign FILE": "hq-node directory export 写入的文件。",
    "nodes invite --yes": "节点已在联邦中时，不询问是否再次邀请。",
    "--link": "仅此单向链路，如 31-00。",
    "--after": "从该链路的此签封之后继续。",
    "--actor": "只列出该人的操作。",
    "--resource": "只列出此类资源，如 node。",
    "--action": "只列出此操作，如 revoke。",
    "--record": "只列出与该记录有关的操作。",
    "audit list --customer": "只列出与该客户有关的操作。",
    "audit export --customer": "只列出与该客户有关的操作。",
    "--outcome": "只列出此结果：DONE，或拒绝的代码。",
    "--since": "只列出最近这段时间，如 30m、12h 或 7d。",
    "audit list --before": "只列出此编号之前的记录。",
    "audit export --out": "写入的文件。",
    "journal digest --out": "写入的文件。",
    "journal compare FILE": "另一节点的摘要。",
    "journal compare --node": "询问链路对端的节点（代码；总部为 00）。",
    "evidence export --out": "写入的文件；默认为当前目录下的 ID.evidence。",
    "--private-bodies": "一并包含个人信息的密文。",
    "evidence verify FILE": "证据文件。",
    "--root": "联邦的根密钥（十六进制或 base64），可重复。",
    "--new-keys": "为本次邀请生成新密钥：现有密钥已被吊销，或可能已泄露。",
    "KEY": "密钥标识，见 `keys list`；可只写开头部分。",
    "--use": "要更换的密钥，可重复；未指定时更换除根密钥外的全部密钥。",
    "--passphrase-file": "存放新口令的文件；未指定时询问。",
    "--former-file": "存放原口令的文件（如有）。",
    "--remove": "改为不加密保存密钥。",
    "--valid-hours": "邀请码的有效小时数。",
    "--out": "写入仅本人可读的文件。",
    "nodes approve --key": "该省报出的密钥；只批准此密钥。",
    "--yes": "不询问密钥是否一致。",
    "--invitation": "总部的邀请码；或 @ 加文件名。",
    "--mapping": "各列的含义：quanwang、telco，或 .toml、.json 文件。",
    "--map": "更正映射中的一列，可重复。",
    "--dry-run": "仅检查，不保存。",
    "--template": "写入一个带表头的空白 CSV 文件，供填写。",
    "customers find BY": "查找依据：document（证件）、contact（联系电话）或 address（地址）。",
    "customers find --city": "地址所在地市（GB/T 2260），例如 440100。",
    "customers show NUMBER": "客户编号，例如 44-0000000001。",
    "customers reveal NUMBER": "客户编号，例如 44-0000000001。",
    "customers reveal --reason": "原因，不得含个人信息；保存在审计日志中。",
    "customers reveal --field": "仅显示该字段，可重复使用；省略为全部脱敏字段。",
    "customers export NUMBER": "客户编号，例如 44-0000000001。",
    "customers export --out": "新文件，提供给客户。",
    "customers erase NUMBER": "客户编号，例如 44-0000000001。",
    "customers erase --reason": "原因，不得含个人信息；与编号一并保留。",
    "personal-data rotate --wait": "协助执行，完成后结束。",
    "customers list --after": "仅列出此编号之后的客户。",
    "customers subscriptions --after": "仅列出此编号之后的订购。",
    "--customer": "仅列出此客户的订购。",
    "--status": "仅列出此状态的订购。",
    "--report": "将全部问题写入此 CSV 文件。",
    "--show": "在此显示的问题条数。",
}

PANELS: Mapping[str | None, str] = {
    "Common options": "公共选项",
    "Node": "节点",
    "Business": "业务",
    "Operation": "运维",
}

PROGRAMS: Mapping[str, str] = {HQ: "全网 CRM 总部节点。", PROVINCE: "全网 CRM 省节点。"}

PARSER_MESSAGES: tuple[tuple[str, str], ...] = (
    (r"^Missing argument '?([^'.]+)'?\.?", r"缺少参数 \1。"),
    (r"^Missing option '?([^'.]+)'?\.?", r"缺少选项 \1。"),
    (r"^Missing command\.?", "缺少命令。"),
    (r"^No such option: (\S+)", r"没有选项 \1。"),
    (r"^No such command '([^']+)'\.?", r"没有命令 \1。"),
    (r"\(Possible options: ([^)]*)\)", r"（是否要用：\1）"),
    (r"Did you mean (.+?)\?", r"是否要用 \1？"),
    (r"^Invalid value for (.+?): ", r"\1 的值无效："),
    (r"^Got unexpected extra argument\(?s?\)? \((.*)\)", r"多余的参数：\1。"),
    (r"Option '([^']+)' requires an argument\.?", r"选项 \1 需要一个值。"),
    (r"[Ff]ile '([^']+)' does not exist\.?", r"文件 \1 不存在。"),
    (r"[Ff]ile '([^']+)' is a directory\.?", r"\1 是目录。"),
    (r"[Ff]ile '([^']+)' is not readable\.?", r"文件 \1 无法读取。"),
    (r"Input should be a valid integer.*", "应为整数。"),
    (r"Input should be greater than or equal to (\S+)", r"不得小于 \1。"),
    (r"Input should be less than or equal to (\S+)", r"不得大于 \1。"),
    (r"'([^']+)' is not one of (.+?)\.?$", r"\1 不在允许的范围内：\2。"),
)
"""The parser's sentences as patterns, with what is said instead."""
