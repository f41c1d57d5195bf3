"""Builds the environment that `_environment.py` names: a virtual environment, the locked packages, this checkout.

One builder at a time, told by a lock file that the installer inherits: even where a start is killed and pip lives on,
the next start waits for pip to end. A build that was cut short leaves no `ready` file; the next one begins again, and
finds in pip's cache what was fetched.
"""

import contextlib
import errno
import fcntl
import importlib.util
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
from collections.abc import Iterator

import _environment
import _environment_words as words

# What pip's output tells of the cause, the surest sign first: a retry that succeeded may precede another failure.
SIGNS: list[tuple[str, int, str]] = [
    ("disk_full", _environment.IO_ERROR, r"No space left on device|Disk quota exceeded"),
    ("wrong_hash", _environment.UNAVAILABLE, r"DO NOT MATCH THE HASHES"),
    (
        "no_network",
        _environment.UNAVAILABLE,
        r"NewConnectionError|ConnectTimeoutError|NameResolutionError|ReadTimeoutError|ConnectionResetError"
        r"|Connection aborted|IncompleteRead|Max retries exceeded|ProxyError|SSLError|CERTIFICATE_VERIFY_FAILED",
    ),
    ("not_in_index", _environment.UNAVAILABLE, r"No matching distribution found"),
]

# Settings of the user's pip that would lead its work out of the environment. Indexes, proxies and caches stay.
PIP_SETTINGS = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_USER": "0",
    "PYTHONUNBUFFERED": "1",
}
PIP_LEFT_OUT = {"PIP_PREFIX", "PIP_ROOT", "PIP_TARGET", "PYTHONHOME", "PYTHONPATH"}

# Done here on all processors, for pip does it on one. A package may carry a file for another Python, so what does not
# compile is passed over, as pip does. Left to the first import, warnings about packages would surface in our tests.
COMPILE = "import compileall, sysconfig; compileall.compile_dir(sysconfig.get_path('purelib'), quiet=2, workers=0)"


def build(home: str) -> None:
    """Make the environment, alone: whoever comes second waits and finds it made."""
    directory = os.path.dirname(home)
    try:
        os.makedirs(directory, exist_ok=True)
        with alone(directory) as lock:
            if not _environment.is_ready(home):
                build_alone(home, lock)
                remove_outdated(directory, os.path.basename(home))
    except OSError as error:
        raise refusal_for(error, directory) from error


@contextlib.contextmanager
def alone(directory: str) -> Iterator[int]:
    with open(os.path.join(directory, "lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            words.say(words.tell("waiting"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def build_alone(home: str, lock: int) -> None:
    refuse_without_venv()
    started = time.monotonic()
    words.say(words.tell("first_start", path=home))
    if os.path.exists(home):
        words.say(words.tell("begin_again"))
        shutil.rmtree(home)
    steps = Steps(home + ".log", lock, count=4)
    python = os.path.join(home, "bin", "python")
    pip = [python, "-I", "-m", "pip", "install", "--no-deps", "--no-compile", "--progress-bar=off"]
    steps.run("step_venv", [sys.executable, "-I", "-m", "venv", home])
    steps.run("step_packages", [*pip, "--require-hashes", "--requirement", _environment.LOCK], PipProgress())
    steps.run("step_compile", [python, "-I", "-c", COMPILE])
    # Editable: a .pth file that names this checkout, and the console scripts. All it needs is in the lock.
    steps.run("step_project", [*pip, "--no-index", "--no-build-isolation", "--editable", _environment.ROOT])
    with open(os.path.join(home, "ready"), "w"):
        pass
    words.say(words.tell("ready", seconds=time.monotonic() - started))


def refuse_without_venv() -> None:
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            version = _environment.dotted(sys.version_info[:2])
            raise _environment.Refusal(_environment.UNSUITABLE, words.tell("no_venv", module=module, version=version))


class PipProgress:
    """Turns pip's lines into a few words: how far it is, and with what."""

    def __init__(self) -> None:
        with open(_environment.LOCK) as lock:
            self.total = sum(1 for line in lock if re.match(r"[A-Za-z0-9]", line))
        self.seen = 0

    def __call__(self, line: str) -> str:
        """The words for this line, or none if it says nothing about progress."""
        if re.match(r"Installing collected packages", line):
            return words.tell("unpacking")
        if "Retrying (Retry(" in line:
            return words.tell("index_silent")
        started = re.match(r"(?:Collecting|Ignoring) ([A-Za-z0-9._-]+)", line)
        if not started:
            return ""
        self.seen += 1
        return f"{self.seen}/{self.total} {started[1]}"


def cut(line: str, cells: int) -> str:
    """The beginning of the line that fits into so many cells of a terminal; a Chinese character takes two."""
    for index, character in enumerate(line):
        cells -= 2 if unicodedata.east_asian_width(character) in "FW" else 1
        if cells < 0:
            return line[:index]
    return line


class Meter:
    """One line of progress: rewritten in place on a terminal, repeated now and then in a log."""

    QUIET_SECONDS = 15

    def __init__(self, title: str) -> None:
        self.title = title
        self.detail = ""
        self.started = time.monotonic()
        self.terminal = sys.stderr.isatty()
        self.last_shown = self.started
        words.say(title, end="" if self.terminal else "\n")

    def show(self, detail: str = "") -> None:
        self.detail = detail or self.detail
        now = time.monotonic()
        if now - self.last_shown < (0.1 if self.terminal else self.QUIET_SECONDS):
            return
        self.last_shown = now
        line = " · ".join(part for part in (self.title, self.elapsed(), self.detail) if part)
        if self.terminal:
            # A line that wraps cannot be rewritten.
            words.say("\r\x1b[K" + cut(line, shutil.get_terminal_size().columns - 1), end="")
        else:
            words.say(line)

    def elapsed(self) -> str:
        return words.tell("seconds", seconds=time.monotonic() - self.started)

    def end(self) -> None:
        line = f"{self.title} · {self.elapsed()}"
        words.say("\r\x1b[K" + line if self.terminal else line)


class Steps:
    """Runs the steps one after the other, logs their output, and says what goes on and for how long."""

    def __init__(self, log_path: str, lock: int, count: int) -> None:
        self.log_path = log_path
        self.lock = lock
        self.count = count
        self.number = 0

    def run(self, key: str, command: list[str], progress: PipProgress | None = None) -> None:
        self.number += 1
        title = words.tell(key)
        meter = Meter(f"[{self.number}/{self.count}] {title}")
        environment = {name: value for name, value in os.environ.items() if name not in PIP_LEFT_OUT} | PIP_SETTINGS
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=environment,
            pass_fds=[self.lock],
        )
        try:
            output = self.follow(process, meter, progress)
        except BaseException:
            process.terminate()
            process.wait()
            raise
        finally:
            meter.end()
        if process.wait() != 0:
            raise refusal_after(output, title, self.log_path)

    def follow(self, process: subprocess.Popen[str], meter: Meter, progress: PipProgress | None) -> str:
        """Read the output to its end; a thread reads, so that the seconds go on while pip is silent."""
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()

        def read() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                lines.put(line)
            lines.put("")

        threading.Thread(target=read, daemon=True).start()
        output = []
        with open(self.log_path, "a" if self.number > 1 else "w") as log:
            while True:
                try:
                    line = lines.get(timeout=1)
                except queue.Empty:
                    meter.show()
                    continue
                if not line:
                    return "".join(output)
                output.append(line)
                log.write(line)
                log.flush()
                meter.show((progress and progress(line)) or "")


def refusal_after(output: str, title: str, log: str) -> _environment.Refusal:
    """What a failed step's output says of the cause, in words for whoever has to mend it."""
    path = os.path.dirname(log)
    for key, code, pattern in SIGNS:
        found = re.findall(f".*(?:{pattern}).*", output)
        if found:
            message = words.tell(key, path=path, temporary=tempfile.gettempdir(), log=log, line=found[-1].strip())
            return _environment.Refusal(code, message)
    tail = "\n".join("    " + line for line in output.splitlines()[-15:])
    return _environment.Refusal(_environment.SOFTWARE, words.tell("failed", title=title, log=log, tail=tail))


def refusal_for(error: OSError, path: str) -> Exception:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        message = words.tell("disk_full", path=path, temporary=path)
        return _environment.Refusal(_environment.IO_ERROR, message)
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        message = words.tell("cannot_write", path=path, reason=os.strerror(error.errno))
        return _environment.Refusal(_environment.CANNOT_CREATE, message)
    return error


def remove_outdated(directory: str, current: str) -> None:
    """Delete the environments that this one replaces, but none that a running process still uses."""
    for name in outdated(os.listdir(directory), current):
        home = os.path.join(directory, name)
        ready = os.path.join(home, "ready")
        with contextlib.suppress(FileNotFoundError), open(ready) as mark:
            try:
                fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            os.remove(ready)
        shutil.rmtree(home, ignore_errors=True)
        with contextlib.suppress(FileNotFoundError):
            os.remove(home + ".log")


def outdated(names: list[str], current: str) -> list[str]:
    """Of these names, the environments of the same Python that `current` replaces."""
    tag, dash, _ = current.rpartition("-")
    pattern = re.compile(re.escape(tag + dash) + "[0-9a-f]{16}$")
    return sorted(name for name in names if name != current and pattern.match(name))
