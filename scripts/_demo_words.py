"""What the demonstration says, in English and simplified Chinese."""

import os

# key: (English, Chinese)
WORDS = {
    "title": (
        "Quanwang CRM · headquarters and {count} provinces on this machine",
        "全网 CRM · 本机演示：总部与 {count} 个省节点",
    ),
    "leftovers": (
        "An earlier demonstration was killed; the {count} programs it left behind were ended.",
        "上一次演示被强行终止，已结束其遗留的 {count} 个进程。",
    ),
    "chapter_set_up": ("Setting up", "搭建"),
    "customers_made_up": (
        "{customers} made-up customers, {rows} subscriptions",
        "{customers} 位虚构客户，{rows} 条订购",
    ),
    "customers_file": ("{rows} rows of {path} ({mapping})", "{path}：{rows} 行（{mapping}）"),
    "hq_ready": ("{node} founded and serving", "{node} 已初始化并启动"),
    "province_ready": (
        "{node} enrolled, approved, linked; rows: {imported}",
        "{node} 已入网、获批、连通，导入 {imported} 行",
    ),
    "rows_rejected": (", left out: {rejected}", "，剔除 {rejected} 行"),
    "hq_again": ("{node} serving", "{node} 已启动"),
    "node_ready": ("{node} serving and linked", "{node} 已启动并连通"),
    "working_postgres": ("PostgreSQL is starting", "正在启动 PostgreSQL"),
    "postgres_ready": ("PostgreSQL serving, with a database for each node", "PostgreSQL 已启动，各节点一个数据库"),
    "working_hq": ("HQ is being founded", "正在初始化总部"),
    "working_provinces": ("Provinces are joining: {done} of {count}", "省节点入网：{done} / {count}"),
    "node_starts": ("{node} is starting", "正在启动 {node}"),
    "working_stop": ("Stopping the nodes", "正在停止各节点"),
    "working_audit": ("Comparing the nodes' databases", "正在核对各节点数据库"),
    "seconds": ("{seconds:.1f} s", "{seconds:.1f} 秒"),
    "chapter_business": ("A customer of {home} at a counter in {visited}", "{home}客户在{visited}营业厅办理业务"),
    "chapter_refusals": ("What {home} refuses, and why", "{home}拒绝的请求及原因"),
    "chapter_others": ("The other way round, and HQ asks all provinces", "反方向请求，以及总部查询全部省节点"),
    "chapter_away": ("{away} is switched off", "{away}节点离线期间"),
    "chapter_back": ("{away} is back", "{away}节点恢复在线之后"),
    "chapter_load": ("{count} more requests between all of them", "各省之间再发送 {count} 个随机请求"),
    "column_path": ("path", "路径"),
    "column_what": ("request", "请求"),
    "column_to_hub": ("to HQ", "到总部"),
    "column_at_hub": ("at HQ", "在总部"),
    "column_to_home": ("to home", "到归属省"),
    "column_back": ("back", "返回"),
    "column_total": ("total", "合计"),
    "column_result": ("result", "结果"),
    "profile": ("profile by service number", "按号码查询客户资料"),
    "profile_by_customer": ("profile by customer no.", "按客户编号查询资料"),
    "profile_unknown": ("profile, unknown number", "查询资料（号码不存在）"),
    "suspend": ("suspend", "停机"),
    "suspend_again": ("suspend once more", "再次停机"),
    "suspend_unknown": ("suspend, unknown id", "停机（订购不存在）"),
    "suspend_terminated": ("suspend a terminated one", "停机（已销户）"),
    "suspend_unauthenticated": ("suspend without password", "停机（未验证服务密码）"),
    "suspend_waits": ("suspend, waits for return", "停机（等待节点上线）"),
    "suspend_expires": ("suspend, valid for {seconds} s", "停机（时限 {seconds} 秒）"),
    "suspend_cancelled": ("suspend, then cancelled", "停机（随后取消）"),
    "resume": ("resume", "复机"),
    "resume_again": ("resume once more", "再次复机"),
    "double_click": ("same resume, sent twice", "同一复机请求重复提交"),
    "status_all": ("status of all provinces", "查询全部省节点状态"),
    "all_provinces": ("{count} provinces", "{count} 个省"),
    "waits": ("waits at HQ …", "在总部等待……"),
    "first_answer": ("the first answer again", "返回首次结果，未重复办理"),
    "answered_legs": ("{count} of {legs} answered", "{legs} 个省中 {count} 个已应答"),
    "unexpected": ("expected: {expected}", "预期：{expected}"),
    "left_out": ("left out, no fitting subscription: {what}", "没有合适的订购，略过：{what}"),
    "load_done": (
        "{requests} requests in {seconds:.1f} s ({rate:.0f} a second): {completed} completed, {rejected} rejected",
        "{requests} 个请求，用时 {seconds:.1f} 秒（每秒 {rate:.0f} 个）：完成 {completed}，被拒绝 {rejected}",
    ),
    "chapter_audit": ("What the nodes' databases say", "各节点数据库核对结果"),
    "audit_counts": (
        "{legs} legs of {requests} requests. Of the requests, {completed} completed, {rejected} were rejected, "
        "{expired} expired, {cancelled} cancelled.",
        "共 {requests} 个请求，{legs} 个分支。按请求统计：完成 {completed}，被拒绝 {rejected}，过期 {expired}，"
        "取消 {cancelled}。",
    ),
    "audit_good": (
        "Origin, HQ and home agree on every one. Lost: 0. Carried out twice: 0.",
        "受理省、总部、归属省三方记录逐一相符。丢失：0，重复办理：0。",
    ),
    "audit_bad": (
        "Lost: {lost}. Carried out twice or in contradiction: {duplicated}.",
        "丢失：{lost}，重复或矛盾：{duplicated}。",
    ),
    "all_expected": ("Every request ended as it should.", "所有请求的结果均符合预期。"),
    "not_expected": ("{count} did not end as they should.", "{count} 个请求的结果不符合预期。"),
    "time": (
        "Set-up {set_up:.1f} s, requests {requests:.1f} s, in all {total:.1f} s.",
        "搭建 {set_up:.1f} 秒，请求 {requests:.1f} 秒，合计 {total:.1f} 秒。",
    ),
    "chapter_next": ("Try it yourself, in another terminal", "在另一个终端中亲自试一试"),
    "next_path": ("Once, so that the programs are found:", "先执行一次，以便找到程序："),
    "next_status": ("How HQ is:", "查看总部状态："),
    "next_submit": ("{visited} asks {home} for a customer's profile:", "{visited}向{home}查询客户资料："),
    "next_suspend": ("suspends a subscription there:", "跨省停机："),
    "next_trace": ("The way of a request, step by step:", "逐步查看请求的经过："),
    "next_logs": ("Logs: {path}", "日志目录：{path}"),
    "running": ("The nodes keep running. Ctrl-C stops all of them.", "各节点保持运行，按 Ctrl-C 全部停止。"),
    "stopped_once": (
        "All nodes are stopped. Without --once they keep running.",
        "所有节点已停止。不加 --once 则保持运行。",
    ),
    "look_back": ("The data is still there:", "数据仍在，可离线查看："),
    "go_on": ("Go on with the same data:", "沿用这些数据继续："),
    "stopping": ("Stopping all nodes …", "正在停止所有节点……"),
    "all_stopped": ("All nodes are stopped.", "所有节点已停止。"),
    "node_died": (
        "{node} has ended by itself. The last lines of {log}:\n{tail}",
        "{node} 意外退出。{log} 的最后几行：\n{tail}",
    ),
    "place_foreign": (
        "{path} is not empty and was not made by this demonstration, so it is left alone. Name another: --data DIR",
        "{path} 非空且不是由本演示创建，不会改动。请用 --data 指定其他目录。",
    ),
    "place_in_use": (
        "Another demonstration (process {process}) runs in {path}. Stop it, or name another directory: --data DIR",
        "另一个演示（进程 {process}）正在使用 {path}。请先停止它，或用 --data 指定其他目录。",
    ),
    "nothing_kept": (
        "There are no nodes in {path} that were set up completely. Begin anew, without --keep.",
        "{path} 中没有完整的节点数据。请去掉 --keep 重新开始。",
    ),
    "file_not_understood": (
        "The heading of {path} is unknown. Say what its columns mean: --mapping quanwang or --mapping telco",
        "无法识别 {path} 的表头。请指定列映射：--mapping quanwang 或 --mapping telco",
    ),
    "file_would_be_deleted": (
        "{path} is inside of {place}, which is emptied whenever a demonstration begins anew. Copy the file elsewhere.",
        "{path} 位于 {place} 内，演示重新开始时会清空该目录。请先将文件复制到别处。",
    ),
    "file_unreadable": ("{path} cannot be read: {reason}", "无法读取 {path}：{reason}"),
    "failed": (
        "{node}: {step} did not succeed. What it said last:\n{tail}\nThe whole log: {log}",
        "{node}：{step}未成功。最后的输出：\n{tail}\n完整日志：{log}",
    ),
    "said_nothing": ("(nothing)", "（无输出）"),
    "step_init": ("initialising", "初始化"),
    "step_postgres": ("starting PostgreSQL", "启动 PostgreSQL"),
    "step_enrol": ("enrolling", "入网"),
    "step_serve": ("starting", "启动"),
    "step_link": ("linking with HQ", "与总部建立链路"),
    "step_import": ("importing customers", "导入客户"),
    "step_ask": ("answering", "应答"),
    "step_end": ("ending a request in time", "在时限内完成请求"),
    "completed": ("completed", "已完成"),
    "rejected": ("rejected", "被拒绝"),
    "expired": ("expired", "已过期"),
    "cancelled": ("cancelled", "已取消"),
    "partly completed": ("partly completed", "部分完成"),
    "submitted": ("not ended", "未结束"),
    "overdue": ("overdue", "已超时"),
    "CUSTOMER_NOT_AUTHENTICATED": ("password missing", "未验证服务密码"),
    "CUSTOMER_NOT_FOUND": ("no such customer", "查无此客户"),
    "SUBSCRIPTION_ALREADY_SUSPENDED": ("already suspended", "已处于停机状态"),
    "SUBSCRIPTION_NOT_FOUND": ("no such subscription", "查无此订购"),
    "SUBSCRIPTION_NOT_SUSPENDED": ("not suspended", "未处于停机状态"),
    "SUBSCRIPTION_TERMINATED": ("terminated for good", "已销户"),
    "TIME_LIMIT": ("not taken in time", "时限内未能送达"),
}


class Words:
    """The words in one language."""

    def __init__(self, language):
        self.language = language
        self._place = int(language == "zh")

    def __call__(self, key, **facts):
        """The words under `key`, their places filled."""
        text = WORDS[key][self._place]
        return text.format(**facts) if facts else text

    def named(self, code):
        """A state or reason in words; the code itself where there are none."""
        return self(code) if code in WORDS else code

    def province(self, code):
        """The short name of a node: 上海, Shanghai."""
        # Known only inside the environment, so imported here.
        from common.directory.regions import HQ_NAME_ZH, PROVINCES

        if code == "00":
            return HQ_NAME_ZH if self._place else "HQ"
        return PROVINCES[code].name_zh if self._place else PROVINCES[code].name_en

    def node(self, code):
        """A node as it is called: 31 上海, HQ."""
        return self.province(code) if code == "00" else f"{code} {self.province(code)}"


def short(path):
    """A path as one would type it: from here, where it is near."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
