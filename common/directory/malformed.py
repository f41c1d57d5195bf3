"""What is no directory."""

from __future__ import annotations

from common.errors import Fault


class MalformedDirectory(Fault):
    """The bytes are no directory, or one that contradicts itself."""

    en = "Malformed directory: {detail}."
    zh = "目录格式错误：{detail}。"
