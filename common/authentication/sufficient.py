"""By which methods a customer must be authenticated for which business, and whether another province's word counts."""

from __future__ import annotations

from common.parameters.model import Parameter
from common.parameters.value_types import Choice, Several

SERVICE_PASSWORD = "SERVICE_PASSWORD"  # noqa: S105 - the name of a way to authenticate, not a password.
ONE_TIME_CODE, DOCUMENT_CHECK = "ONE_TIME_CODE", "DOCUMENT_CHECK"
METHODS = (SERVICE_PASSWORD, ONE_TIME_CODE, DOCUMENT_CHECK)

NEVER, WITHOUT_PASSWORD, ALWAYS = "never", "without-password", "always"

DECLARED = Parameter(
    "authentication.declared",
    Choice((NEVER, WITHOUT_PASSWORD, ALWAYS)),
    WITHOUT_PASSWORD,
    "Whether it counts that the accepting province says it has checked the customer, where this node has not verified "
    "it: never; for a service password of a customer who has none here; or always.",
    "本节点未曾核实时，受理省声明已验证客户是否有效：never（无效）、without-password（仅当客户在本省未设服务密码时，对服务密码有效）、"
    "always（有效）。",
)


def _sufficient(name: str, en: str, zh: str) -> Parameter[str]:
    return Parameter(
        f"authentication.{name}",
        Several(METHODS),
        SERVICE_PASSWORD,
        f"By which methods a customer must be authenticated in order to {en}; any one of them is enough.",
        f"{zh}时可用的客户验证方式，满足其一即可。",
    )


PROFILE = _sufficient("query_customer_profile", "have their profile shown", "查询客户资料")
SUSPENSION = _sufficient("suspend_subscription", "have a subscription suspended", "办理停机")
RESUMPTION = _sufficient("resume_subscription", "have a subscription resumed", "办理复机")

PARAMETERS = (DECLARED, PROFILE, SUSPENSION, RESUMPTION)
