"""What kinds of requests and their fields are called, and what each kind does: English, simplified Chinese.

In English a kind and a field are called what is typed for them.
"""

from __future__ import annotations

from common.cli.texts_names import NAMES

KINDS: dict[str, tuple[str, str]] = {
    "kind.authenticate-customer": ("authenticate-customer", "验证客户"),
    "kind.send-one-time-code": ("send-one-time-code", "发送验证码"),
    "kind.compare-journal": ("compare-journal", "比对日志"),
    "kind.publish-parameters": ("publish-parameters", "下发参数"),
    "kind.publish-dictionary": ("publish-dictionary", "下发字典"),
    "kind.query-customer-profile": ("query-customer-profile", "查询客户资料"),
    "kind.query-node-status": ("query-node-status", "查询节点状态"),
    "kind.resume-subscription": ("resume-subscription", "复机"),
    "kind.suspend-subscription": ("suspend-subscription", "停机"),
    "does.authenticate-customer": (
        "Has the home province make sure of a customer, for the interaction that --interaction names.",
        "由归属省验证客户，仅在 --interaction 指明的交互内有效。",
    ),
    "does.send-one-time-code": (
        "Has the home province send a one-time code to the contact number that it holds.",
        "由归属省向其登记的联系电话发送一次性验证码。",
    ),
    "does.compare-journal": (
        "Says what a province holds of its link with HQ; `journal compare` asks it, HQ alone is answered.",
        "查询省节点所持的与总部之间链路的日志；由 `journal compare` 发出，仅应答总部。",
    ),
    "does.query-customer-profile": (
        "Shows a customer of another province: who it is, and which subscriptions.",
        "查询外省客户的资料及其订购。",
    ),
    "does.query-node-status": (
        "Says how a node is: version, counts, what waits.",
        "查询节点状态：版本、数量、待处理项。",
    ),
    "does.resume-subscription": (
        "Lets a suspended subscription of another province be used again.",
        "恢复外省客户已停机的订购。",
    ),
    "does.suspend-subscription": (
        "Suspends a subscription of another province, as when a telephone is lost.",
        "为外省客户的订购办理停机（例如手机丢失）。",
    ),
    "field.address": ("address", "地址"),
    "field.authenticated": ("authenticated", "验证通过"),
    "field.contact_number": ("contact_number", "联系电话"),
    "field.customer_number": ("customer_number", "客户编号"),
    "field.customers": ("customers", "客户数"),
    "field.digests": ("digests", "摘要"),
    "field.directory_version": ("directory_version", "目录版本"),
    "field.document_kind": ("document_kind", "证件类型"),
    "field.document_number": ("document_number", "证件号码"),
    "field.every": ("every", "每组签封数"),
    "field.first": ("first", "起始签封"),
    "field.last": ("last", "结束签封"),
    "field.last_seal": ("last_seal", "最后签封"),
    "field.method": ("method", "验证方式"),
    "field.secret": ("secret", "密码、验证码或证件号码"),
    "field.valid_until_us": ("valid_until_us", "有效期至"),
    "field.link": ("link", "链路"),
    "field.messages_parked": ("messages_parked", "搁置消息"),
    "field.messages_waiting": ("messages_waiting", "待处理消息"),
    "field.name": ("name", "客户名称"),
    "field.node": ("node", "节点"),
    "field.now_us": ("now_us", "节点时间"),
    "field.offering": ("offering", "产品"),
    "field.reason": ("reason", "原因"),
    "field.resumed_at_us": ("resumed_at_us", "复机时间"),
    "field.service_number": ("service_number", "业务号码"),
    "field.software_version": ("software_version", "软件版本"),
    "field.started_at_us": ("started_at_us", "启动时间"),
    "field.status": ("status", "状态"),
    "field.subscription_id": ("subscription_id", "订购编号"),
    "field.subscriptions": ("subscriptions", "订购"),
    "field.suspended_at_us": ("suspended_at_us", "停机时间"),
    "type.boolean": ("boolean", "布尔"),
    "type.integer": ("integer", "整数"),
    "type.number": ("number", "数值"),
    "type.text": ("text", "文本"),
}

NAMES_AND_KINDS = NAMES | KINDS
