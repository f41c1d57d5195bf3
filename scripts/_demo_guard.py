"""Outlives the demonstration by a moment: ends its processes when it was killed and could not do so itself.

The demonstration writes the numbers of its processes to this program's input, `+123` when one begins and `-123` when
one has ended. However the demonstration ends, its end of the pipe is closed, and what is left then is ended here. That
works on every system and, unlike a death signal of the kernel, does not depend on which thread began a process.
"""

import contextlib
import os
import signal
import sys
import time

TERMINATE_SECONDS = 10


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    alive = set()
    for line in sys.stdin:
        process = int(line[1:])
        if line.startswith("+"):
            alive.add(process)
        else:
            alive.discard(process)
    end(alive)


def end(groups):
    """Ends process groups: first asks, then insists."""
    send(groups, signal.SIGTERM)
    deadline = time.monotonic() + TERMINATE_SECONDS
    while groups and time.monotonic() < deadline:
        groups = {group for group in groups if is_alive(group)}
        time.sleep(0.05)
    send(groups, signal.SIGKILL)


def send(groups, number):
    for group in groups:
        # It may have ended meanwhile, or (on macOS) be about to.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)


def is_alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    main()
