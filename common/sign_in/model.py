"""What a password must be, and what is refused to who signs in."""

from __future__ import annotations

import math

from common.errors import Refusal, TemporaryFault
from common.rest.errors import RestRefusal

PASSWORD_CHARACTERS_MAX = 128
PASSPHRASE_CHARACTERS = 20
"""A password of so many characters needs no particular kinds of them."""
KINDS_MIN, DIFFERENT_MIN = 3, 6
SESSIONS_OF_ONE_MAX = 20
"""Sessions that an operator has open at a time; a further one ends the one that was used longest ago."""
CODE_STEP_S, CODE_DIGITS = 30, 6
RECOVERY_CODES = 10

COMMON_PARTS = ("password", "qwerty", "123456", "abc123", "111111", "letmein", "admin", "quanwang", "woaini", "5201314")


class SignInRefused(RestRefusal):
    """The name or the password is wrong, or the account is not there, or locked: which of these, nobody is told."""

    status = 401
    en = "You are not signed in: the name or the password is wrong, or the account is locked."
    zh = "登录失败：登录名或密码错误，或账号已被锁定。"


class TooManyFailures(RestRefusal):
    """Too many tries have failed: the account or the address has to wait."""

    status = 429
    headers = ("retry_after",)
    en = "Too many sign-ins have failed. Try again in {retry_after} seconds."
    zh = "登录失败次数过多，请在 {retry_after} 秒后重试。"


class SecondFactorNeeded(RestRefusal):
    """The password is right; the account has a second factor as well."""

    status = 401
    en = "Give the code of your second factor as well, or one of your recovery codes."
    zh = "请同时提供第二验证因子的验证码，或一个恢复码。"


class SecondFactorRefused(RestRefusal):
    """The code is wrong, too old, or was used before."""

    status = 401
    en = "The code is wrong, or was used before. Wait for the next one and check the clock of your device."
    zh = "验证码错误或已被使用。请等待下一个验证码，并检查设备时间。"


class OneTimePasswordExpired(RestRefusal):
    """The one-time password was right, but it is too late for it."""

    status = 401
    en = "This one-time password has expired. Ask an administrator for another."
    zh = "该一次性密码已过期，请联系管理员重新签发。"


class PasswordChangeNeeded(RestRefusal):
    """Signed in with a one-time password: nothing is possible before another is chosen."""

    status = 403
    en = "Choose a password of your own first: you signed in with a one-time password."
    zh = "您使用的是一次性密码，请先设置自己的密码。"


class NotActingThere(RestRefusal):
    """The operator has no post in the organisation."""

    status = 403
    en = "You have no post in {organisation}."
    zh = "您在组织 {organisation} 没有岗位。"


class CsrfTokenUnfit(RestRefusal):
    """A changing call with a session's cookie, but without the token that only its own page knows."""

    status = 403
    en = "Send the header X-CSRF-Token with what signing in answered as csrfToken."
    zh = "请在请求头 X-CSRF-Token 中携带登录时返回的 csrfToken。"


class PasswordUnfit(Refusal):
    """The password does not keep the rules."""

    en = "This password cannot be used: {detail}."
    zh = "密码不符合要求：{detail_zh}。"


class SecondFactorStateUnfit(Refusal):
    """There is one already, or there is none."""

    en = "This cannot be done now: {detail}."
    zh = "当前无法执行：{detail_zh}。"


class SessionNotFound(Refusal):
    """There is no such session, or it has ended, or it is somebody else's."""

    en = "There is no open session {session}."
    zh = "没有进行中的会话 {session}。"


class SignInBusy(TemporaryFault):
    """More sign-ins wait than are taken."""

    en = "Too many people are signing in at this moment. Try again shortly."
    zh = "当前登录人数过多，请稍后重试。"


def retry_after(wait_until_us: int, now_us: int) -> int:
    """In whole seconds, at least one."""
    return max(1, math.ceil((wait_until_us - now_us) / 1_000_000))


def require_fit_password(password: str, operator: str, characters_min: int) -> None:
    """Raises PasswordUnfit unless the password keeps the rules."""
    if len(password) < characters_min:
        raise _unfit(f"it needs at least {characters_min} characters", f"至少需要 {characters_min} 个字符")
    if len(password) > PASSWORD_CHARACTERS_MAX:
        raise _unfit(f"it has at most {PASSWORD_CHARACTERS_MAX} characters", f"最多 {PASSWORD_CHARACTERS_MAX} 个字符")
    if len(password) < PASSPHRASE_CHARACTERS and _kinds(password) < KINDS_MIN:
        raise _unfit(
            f"below {PASSPHRASE_CHARACTERS} characters it needs {KINDS_MIN} of small letters, capitals, digits, others",
            f"少于 {PASSPHRASE_CHARACTERS} 个字符时，须包含小写字母、大写字母、数字、其他字符中的至少 {KINDS_MIN} 种",
        )
    folded = password.casefold()
    if len(set(folded)) < DIFFERENT_MIN:
        raise _unfit(f"it needs {DIFFERENT_MIN} different characters", f"至少需要 {DIFFERENT_MIN} 个不同的字符")
    if len(operator) > 2 and operator in folded:
        raise _unfit("it holds your sign-in name", "不得包含登录名")
    if any(part in folded for part in COMMON_PARTS):
        raise _unfit("it holds what many people use", "包含常见的弱密码内容")


def _kinds(password: str) -> int:
    tests = (str.islower, str.isupper, str.isdigit)
    known = sum(any(test(character) for character in password) for test in tests)
    return known + any(not any(test(character) for test in tests) for character in password)


def _unfit(en: str, zh: str) -> PasswordUnfit:
    return PasswordUnfit(detail=en, detail_zh=zh)
