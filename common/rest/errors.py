"""What the REST kit refuses, in words, each with its HTTP status and the place in the request that it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from common.errors import Refusal


@dataclass(frozen=True, slots=True)
class FieldFinding:
    """One thing wrong with one field: its path from the body's root ("destination[1]"), and what."""

    path: str
    code: str
    en: str
    zh: str

    def text(self, language: str) -> str:
        """The finding in `language` ("zh..." is Chinese, all else English)."""
        return self.zh if language.startswith("zh") else self.en


class RestRefusal(Refusal):
    """A request that the conventions do not allow."""

    status: ClassVar[int] = 400
    headers: ClassVar[tuple[str, ...]] = ()
    """Facts that are told in headers as well."""

    def __init__(self, findings: Sequence[FieldFinding] = (), /, **facts: Any) -> None:
        self.findings = tuple(findings)
        super().__init__(**facts)


class NotSignedIn(RestRefusal):
    """Nobody knows who is calling."""

    status = 401
    en = "Sign in first: this interface answers nobody whom it does not know."
    zh = "请先登录：本接口不接受未经识别的调用。"


class FieldsNotEditable(RestRefusal):
    """What would be changed may be seen, but not edited."""

    status = 403
    en = "You may not edit: {fields}."
    zh = "您无权编辑以下字段：{fields}。"

    def __init__(self, findings: Sequence[FieldFinding], /) -> None:
        super().__init__(findings, fields=", ".join(finding.path for finding in findings))


class OperatorsAlone(RestRefusal):
    """Only people who are signed in have an account of their own."""

    status = 403
    en = "This is for people who are signed in, about their own account."
    zh = "此操作仅供已登录的操作员用于本人账号。"


class ResourceNotFound(RestRefusal):
    """There is none of this id, or not for this caller."""

    status = 404
    en = "There is no {resource} with this id."
    zh = "没有该标识的 {resource}。"


class NotAcceptable(RestRefusal):
    """The answer cannot be written as the caller asks."""

    status = 406
    en = "The answer can be written as {known} only."
    zh = "应答仅支持以下格式：{known}。"


class BodySlow(RestRefusal):
    """The body did not come in time."""

    status = 408
    en = "The body did not arrive within {seconds} seconds."
    zh = "请求内容未在 {seconds} 秒内传完。"


class ETagDiffers(RestRefusal):
    """The resource is no longer what the caller saw."""

    code = "ETAG_DIFFERS"
    status = 412
    en = "The {resource} has changed since you read it. Read it again, and decide anew."
    zh = "{resource} 在您读取之后已被更改，请重新读取后再决定。"


class BodyNotJson(RestRefusal):
    """The body is not of a type that is taken here."""

    status = 415
    en = "Send the body as {known}."
    zh = "请以 {known} 格式发送请求内容。"


class BodyUnfit(RestRefusal):
    """The body was read, but is not what this address takes."""

    status = 422
    en = "The body does not fit: {detail}"
    zh = "请求内容不符合要求：{detail}"

    def __init__(self, findings: Sequence[FieldFinding], /) -> None:
        super().__init__(findings, detail="; ".join(f"{finding.path}: {finding.en}" for finding in findings))

    def text(self, language: str) -> str:
        detail = "; ".join(f"{finding.path}: {finding.text(language)}" for finding in self.findings)
        return (self.zh if language.startswith("zh") else self.en).format(detail=detail)


class ParametersUnfit(BodyUnfit):
    """What the address names behind its question mark is not what a task takes."""

    status = 400
    en = "The parameters do not fit: {detail}"
    zh = "参数不符合要求：{detail}"


class BodyUnreadable(RestRefusal):
    """The body is no JSON, or JSON that is not taken."""

    en = "The body cannot be read: {detail}"
    zh = "请求内容无法解析：{detail_zh}"


class IdempotencyKeyTaken(RestRefusal):
    """The key stands for another request."""

    status = 422
    en = "This Idempotency-Key was used for another request. Give each request a key of its own."
    zh = "该 Idempotency-Key 已用于另一个请求，请为每个请求使用各自的键。"


class IdempotencyKeyUnfit(RestRefusal):
    """The key is none."""

    en = "An Idempotency-Key has 1 to {most} visible ASCII characters."
    zh = "Idempotency-Key 应为 1 至 {most} 个可见 ASCII 字符。"


class ReasonHeaderUnfit(RestRefusal):
    """Why something is done, or read, is kept in the audit log, so it must be text."""

    en = (
        "The header {header} has at most {most} printable characters, without personal data; what is not ASCII is "
        "percent-encoded UTF-8."
    )
    zh = "请求头 {header} 最多 {most} 个可显示字符，不含个人信息；非 ASCII 字符应为百分号编码的 UTF-8。"


class PreconditionMissing(RestRefusal):
    """A change must say what it changes."""

    status = 428
    en = "Say with If-Match which version of the {resource} you change (its ETag)."
    zh = "请用 If-Match 指明所更改的 {resource} 版本（ETag）。"


class TooManyCalls(RestRefusal):
    """More than is taken in a while."""

    status = 429
    headers = ("retry_after",)
    en = "Too many calls. Try again in {retry_after} seconds."
    zh = "调用过于频繁，请在 {retry_after} 秒后重试。"


class UnknownParameter(RestRefusal):
    """The address names something that the resource does not have."""

    en = "{resource} has no {name} to {use} by. Known: {known}."
    zh = "{resource} 没有可用于{use_zh}的 {name}。可用：{known}。"


class ParameterUnfit(RestRefusal):
    """The value of a parameter is not one."""

    en = "{name} must be {form}."
    zh = "{name} 应为{form_zh}。"


class ParametersTooMany(RestRefusal):
    """More than one request may ask for."""

    en = "At most {most} {what} in one request."
    zh = "一次请求最多 {most} 个{what_zh}。"
