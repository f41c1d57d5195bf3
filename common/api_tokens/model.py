"""Rules for tokens."""

from __future__ import annotations

from common.errors import Refusal

DAYS_MAX = 730
CLIENT_CHARACTERS_MAX = 64


class TokenNotFound(Refusal):
    """There is no such token."""

    en = "There is no token {token}. `tokens list` shows those there are."
    zh = "没有令牌 {token}。可用 `tokens list` 查看。"


class TokenRevokedAlready(Refusal):
    """It was revoked before."""

    en = "The token {token} was revoked already."
    zh = "令牌 {token} 已被吊销。"


class TokenUnfit(Refusal):
    """What was given makes no token."""

    en = "The token cannot be issued: {detail}."
    zh = "无法签发令牌：{detail_zh}。"
