"""Runs the demonstration in a thread of its own, while the main thread waits for its end or for somebody to end it.

No exception ever breaks into the middle of a step: a signal only writes into a pipe. The main thread then ends all
processes, and whatever the show was waiting for ends with them.
"""

import contextlib
import os
import signal
import threading
import traceback

from _demo_place import Place, PlaceRefused
from _demo_processes import Processes
from _demo_screen import Screen
from _demo_show import Show
from _demo_words import Words

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SHOW_ENDED = 0
END_SECONDS = 10

FAILED = 70
CANNOT_USE = 73
BY_SIGNAL = 128


def run(options):
    """The demonstration from begin to end. Returns the exit code."""
    words = Words(options.lang)
    screen = Screen(words, options.json)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    # Written by the interpreter at once, not by a handler: one that comes just before this thread waits in `read` would
    # run only after that had returned, and the signal would be lost.
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in SIGNALS:
        signal.signal(number, lambda _number, _frame: None)
    place = Place(options.data)
    try:
        left_over = place.take()
    except PlaceRefused as refusal:
        screen.complain(words(refusal.key, **refusal.facts))
        return CANNOT_USE
    except OSError as error:
        screen.complain(words("file_unreadable", path=error.filename or options.data, reason=error.strerror))
        return CANNOT_USE
    processes = Processes(place.path, options.lang)
    show = Show(options, place, processes, screen)
    codes = []

    def play():
        try:
            codes.append(show.play(left_over))
        except BaseException:
            codes.append(FAILED)
            if not processes.stopping.is_set():
                screen.complain(traceback.format_exc())
        finally:
            _write(writing, SHOW_ENDED)

    thread = threading.Thread(target=play, name="show", daemon=True)
    thread.start()
    number = os.read(reading, 1)[0]
    if number != SHOW_ENDED:
        screen.note("stopping")
    processes.stop_all()
    thread.join(END_SECONDS)
    if number != SHOW_ENDED:
        screen.note("all_stopped")
        return BY_SIGNAL + number
    return codes[0]


def _write(pipe, number):
    # Somebody who presses Ctrl-C a thousand times has been understood.
    with contextlib.suppress(BlockingIOError):
        os.write(pipe, bytes([number]))
