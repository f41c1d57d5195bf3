"""What an administrator may change about signing in while the node runs. What `[sign_in]` in the settings says is each
one's default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.parameters.model import Parameter, ParameterBook
from common.parameters.value_types import Whole
from common.sign_in.settings import BOUNDS, HOUR_US, MINUTE_US, SignInSettings

_SETTINGS = SignInSettings()


def _parameter(name: str, unit: str, en: str, zh: str) -> Parameter[int]:
    return Parameter(f"sign_in.{name}", Whole(*BOUNDS[name], unit), getattr(_SETTINGS, name), en, zh)


PASSWORD_CHARACTERS_MIN = _parameter(
    "password_characters_min", "", "How long a password is at least, when it is chosen.", "设置密码时的最少字符数。"
)
ONE_TIME_PASSWORD_HOURS = _parameter(
    "one_time_password_hours", "h", "So long a one-time password can be used.", "一次性密码的有效时间。"
)
SESSION_IDLE_MINUTES = _parameter(
    "session_idle_minutes",
    "min",
    "A session that is not used for so long has ended, also one that is open now.",
    "会话闲置超过该时间即结束，对进行中的会话同样有效。",
)
SESSION_HOURS = _parameter(
    "session_hours", "h", "So does every session after so long.", "会话的最长持续时间，对进行中的会话同样有效。"
)
ACCOUNT_FAILURES_FREE = _parameter(
    "account_failures_free",
    "",
    "So many sign-ins may fail before an account has to wait.",
    "账号登录失败多少次后须等待。",
)
ADDRESS_FAILURES_FREE = _parameter(
    "address_failures_free", "", "The same for all accounts from one address.", "同一地址登录失败多少次后须等待。"
)
WAIT_SECONDS_MAX = _parameter(
    "wait_seconds_max",
    "s",
    "The wait doubles with each further failure, up to this.",
    "每再失败一次等待时间加倍，最长为该值。",
)

PARAMETERS = (
    PASSWORD_CHARACTERS_MIN,
    ONE_TIME_PASSWORD_HOURS,
    SESSION_IDLE_MINUTES,
    SESSION_HOURS,
    ACCOUNT_FAILURES_FREE,
    ADDRESS_FAILURES_FREE,
    WAIT_SECONDS_MAX,
)


def defaults_of(settings: SignInSettings) -> Mapping[str, int]:
    """What the settings say of each parameter, by its name."""
    return {parameter.name: getattr(settings, parameter.name.partition(".")[2]) for parameter in PARAMETERS}


@dataclass(frozen=True, slots=True)
class SignInRules:
    """What counts at a moment."""

    book: ParameterBook
    now_us: int

    def value(self, parameter: Parameter[int]) -> int:
        """One of the parameters."""
        return self.book.value(parameter, self.now_us)

    @property
    def idle_us(self) -> int:
        """How long a session lasts without being used."""
        return self.value(SESSION_IDLE_MINUTES) * MINUTE_US

    @property
    def session_us(self) -> int:
        """How long a session lasts at the most."""
        return self.value(SESSION_HOURS) * HOUR_US

    def wait_us(self, failures: int, free: int) -> int:
        """How long the next try has to wait after so many failures in a row."""
        beyond = failures - free
        if beyond < 0:
            return 0
        return min(1 << min(beyond, 30), self.value(WAIT_SECONDS_MAX)) * 1_000_000
