"""What is asked of signing in. Passwords were compared and hashed before: no command holds one."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SignIn:
    """Open a session for whoever gave this name. `right`: whether the password was that of `compared`, the hash as it
    was stored then; `renewed`: a hash at today's cost, or empty; `factor`: the secret of their second factor, opened.
    `code`: of the second factor. `organisation_id`: where they want to act; empty: where they belong."""

    operator: str
    right: bool
    secret_hash: bytes = field(repr=False)
    compared: str = field(default="", repr=False)
    renewed: str = field(default="", repr=False)
    factor: bytes = field(default=b"", repr=False)
    code: str = field(default="", repr=False)
    organisation_id: str = ""
    address: str = ""
    address_group: str = ""


@dataclass(frozen=True, slots=True)
class CountWrongPassword:
    """Somebody who is signed in gave a wrong password when they were asked for it again."""

    operator: str
    session: str
    action: str
    address: str
    address_group: str


@dataclass(frozen=True, slots=True)
class ChangeOwnPassword:
    """From now on the password is another one. All sessions end, and a new one begins. `factor`: the second factor's
    secret, sealed under the new password."""

    session_id: bytes
    compared: str = field(repr=False)
    password: str = field(repr=False)
    secret_hash: bytes = field(repr=False)
    factor: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class BeginSecondFactor:
    """A second factor, which counts once it was confirmed."""

    compared: str = field(repr=False)
    factor: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ConfirmSecondFactor:
    """The device has the secret: here is a code. From now on it is needed."""

    compared: str = field(repr=False)
    factor: bytes = field(repr=False)
    code: str = field(repr=False)
    recovery_hashes: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class EndSecondFactor:
    """It is no longer needed. `factor`: its secret, opened."""

    compared: str = field(repr=False)
    factor: bytes = field(repr=False)
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EndOwnSession:
    """One of one's own sessions ends."""

    session_id: bytes


@dataclass(frozen=True, slots=True)
class EndSession:
    """Somebody's session ends."""

    session_id: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class SetOneTimePassword:
    """A password that is good for one sign-in, at which another must be chosen. Sessions end, and the second factor
    with them. `password`: its hash."""

    operator: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoteSessionUses:
    """When sessions were last used, by their ids."""

    used_at_us: tuple[tuple[bytes, int], ...]


@dataclass(frozen=True, slots=True)
class ForgetSignIns:
    """Sessions whose time is over and failures of long ago are forgotten, at most so many of each."""

    most: int
