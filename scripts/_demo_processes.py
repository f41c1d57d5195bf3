"""The processes of the demonstration: started apart from the terminal, and all ended again, whatever happens.

Each has a session of its own, so that Ctrl-C reaches the demonstration alone and it is the one that decides. What it
cannot do any more because it was killed, the guard does (`_demo_guard.py`); and what even that could not do, the next
start does.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

MARK = "DEMO_OF_QUANWANG_CRM"
"""A variable in the environment of every process that the demonstration starts, so that anybody can find them."""

TERMINATE_SECONDS = 12
"""A little more than a node allows itself for stopping in good order."""
KILL_SECONDS = 5
TAIL_LINES = 12
TAIL_BYTES = 16384


class Stopped(Exception):
    """The demonstration is being ended; nothing more is begun."""


class CommandFailed(Exception):
    """A program ended with another exit code than 0, or did not end in time."""

    def __init__(self, command, code, output, errors):
        super().__init__(f"{command}: exit code {code}")
        self.command = command
        self.code = code
        self.output = output.decode("utf-8", "replace")
        self.errors = errors.decode("utf-8", "replace")
        self.tail = tail_of(errors or output)


class Processes:
    """All that was started and has not ended."""

    def __init__(self, directory, language):
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._alive = set()
        self._last = set()
        self._environment = environment_for(directory, language)
        guard = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_demo_guard.py")
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._environment,
            start_new_session=True,
        )

    def start(self, command, output, errors=None, last=False):
        """Begins a process. `last`: others need it until their end. Raises Stopped."""
        with self._lock:
            # Under the lock, so that nothing begins behind the back of `stop_all`.
            if self.stopping.is_set():
                raise Stopped
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors if errors is not None else subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )
            self._alive.add(process)
            if last:
                self._last.add(process)
            self._tell_guard(f"+{process.pid}")
        return process

    def run(self, command, seconds_max):
        """Runs a program to its end and gives back its standard output. Raises CommandFailed, Stopped."""
        process = self.start(command, subprocess.PIPE, subprocess.PIPE)
        name = " ".join([os.path.basename(command[0]), *command[1:3]])
        try:
            output, errors = process.communicate(timeout=seconds_max)
        except subprocess.TimeoutExpired:
            self.end([process])
            output, errors = process.communicate()
            self._check()
            raise CommandFailed(name, None, output, errors) from None
        self._forget(process)
        self._check()
        if process.returncode != 0:
            raise CommandFailed(name, process.returncode, output, errors)
        return output.decode("utf-8", "replace")

    def has_ended(self, process):
        """Whether a process has ended by itself."""
        if process.poll() is None:
            return False
        self._forget(process)
        return True

    def wait(self, seconds):
        """Waits a moment. Raises Stopped as soon as the demonstration is being ended."""
        if self.stopping.wait(seconds):
            raise Stopped

    def end(self, processes):
        """Ends these processes: asks, and after a while insists. Returns when they are gone."""
        for process in processes:
            self._signal(process, signal.SIGTERM)
        deadline = time.monotonic() + TERMINATE_SECONDS
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0, deadline - time.monotonic()))
        for process in processes:
            self._signal(process, signal.SIGKILL)
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=KILL_SECONDS)
            self._forget(process)

    def stop_all(self):
        """Ends everything, for good. Whoever waits for a process or a moment gets Stopped."""
        self.stopping.set()
        with self._lock:
            alive = set(self._alive)
        self.end(alive - self._last)
        self.end(alive & self._last)
        self._guard.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._guard.wait(timeout=TERMINATE_SECONDS + KILL_SECONDS)

    def _signal(self, process, number):
        # Once the process has been waited for, its number may be another's.
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)

    def _forget(self, process):
        with self._lock:
            if process.returncode is not None and process in self._alive:
                self._alive.discard(process)
                self._tell_guard(f"-{process.pid}")

    def _tell_guard(self, line):
        with contextlib.suppress(OSError):
            self._guard.stdin.write(line.encode() + b"\n")
            self._guard.stdin.flush()

    def _check(self):
        if self.stopping.is_set():
            raise Stopped


def environment_for(directory, language):
    """The environment of the nodes: ours, but without settings that would hold for all of them at once."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("QUANWANG_")}
    kept[MARK] = directory
    kept["QUANWANG_LANG"] = language
    return kept


def tail_of(content):
    """The last lines of a program's output."""
    lines = content[-TAIL_BYTES:].decode("utf-8", "replace").splitlines()
    return "\n".join(line for line in lines[-TAIL_LINES:] if line.strip())


def tail_of_file(path):
    """The last lines of a log."""
    try:
        with open(path, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - TAIL_BYTES))
            return tail_of(file.read())
    except OSError:
        return ""


def left_over(directory):
    """Nodes that serve below `directory`, and their database's server, whoever started them, as (process number,
    command)."""
    found = []
    for number, command in _all_processes():
        below = any(part.startswith(directory + os.sep) for part in command)
        serves = "serve" in command or os.path.basename(command[0]) == "postgres"
        if below and serves and number != os.getpid():
            found.append((number, command))
    return found


def _all_processes():
    if os.path.isdir("/proc/self"):
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError), open(f"/proc/{name}/cmdline", "rb") as file:
                    yield int(name), [os.fsdecode(part) for part in file.read().split(b"\0")]
        return
    listing = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,command="], stdout=subprocess.PIPE, check=False).stdout
    for line in os.fsdecode(listing).splitlines():
        number, _, command = line.strip().partition(" ")
        yield int(number), command.split(" ")


def end_left_over(directory):
    """Ends nodes that a killed demonstration left behind. Returns how many there were."""
    numbers = [number for number, _ in left_over(directory)]
    for number in numbers:
        _send(number, signal.SIGTERM)
    deadline = time.monotonic() + TERMINATE_SECONDS
    while left_over(directory) and time.monotonic() < deadline:
        time.sleep(0.1)
    for number, _ in left_over(directory):
        _send(number, signal.SIGKILL)
    return len(numbers)


def _send(process, number):
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)
