"""HQ as a real program that dies by SIGKILL at a named point of archiving, pruning or erasing, and never on its own
account anywhere else. All that is stored counts as old."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx

from tests.support.processes import WAIT_S, NodeProcess, Spawned

POINTS_OF_PRUNING = (
    "half a record written",
    "records written, not synced",
    "records synced, no index",
    "index written beside",
    "archived, nothing deleted",
    "deleted, not committed",
    "deleted and committed",
)
POINTS_OF_ERASING = ("file written beside", "file replaced, index not")

# The points are reached by putting something before or behind a step, in the program itself: what dies there has left
# on the disk exactly what a power cut at that moment would leave.
PROGRAM = '''
import os, runpy, signal, sys, threading
threading.Thread(target=lambda: (os.read(0, 1), os._exit(9)), daemon=True).start()
package, data_dir, point = sys.argv[1:]
sys.argv = [package, "serve", "--data", data_dir]

from common.journal import archive, handlers, pruning, queries

pruning.DAY_US = queries.DAY_US = 0


def die(*_args, **_kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()


def behind(place, name):
    step = getattr(place, name)
    def then_die(*args, **kwargs):
        step(*args, **kwargs)
        die()
    setattr(place, name, then_die)


def replacing(number):
    """Dies before the replacing of that number, counted from the first rewriting of an archive."""
    step, left = archive.MonthFile.rewrite, [number]
    def replace(*args, really=os.replace):
        left[0] -= 1
        return really(*args) if left[0] else die()
    def rewrite(*args):
        os.replace = replace
        return step(*args)
    archive.MonthFile.rewrite = rewrite


class HalfAWrite:
    """A file whose first record reaches the disk in part."""

    def __init__(self, file):
        self._file = file

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self._file.close()

    def __getattr__(self, name):
        return getattr(self._file, name)

    def write(self, content):
        if content == archive.MAGIC:
            return self._file.write(content)
        self._file.write(content[: len(content) // 2])
        self._file.flush()
        die()


def half_a_record():
    really = archive.MonthFile._open
    archive.MonthFile._open = lambda self, flags: HalfAWrite(really(self, flags))


def on_archiving(patch):
    step = pruning._archive
    def archiving(*args):
        patch()
        return step(*args)
    pruning._archive = archiving


def committed():
    step = pruning._prune_slice
    async def slice_then_die(*args):
        await step(*args)
        die()
    pruning._prune_slice = slice_then_die


{
    "": lambda: None,
    "half a record written": half_a_record,
    "records written, not synced": lambda: on_archiving(lambda: setattr(archive.os, "fsync", die)),
    "records synced, no index": lambda: setattr(archive.MonthFile, "_write_index", die),
    "index written beside": lambda: on_archiving(lambda: setattr(archive.os, "replace", die)),
    "archived, nothing deleted": lambda: behind(pruning, "_archive"),
    "deleted, not committed": lambda: behind(handlers, "delete_batches"),
    "deleted and committed": committed,
    "file written beside": lambda: replacing(2),
    "file replaced, index not": lambda: replacing(3),
}[point]()
runpy.run_module(package, run_name="__main__", alter_sys=True)
'''


class DyingNode(NodeProcess):
    """`point`: where the next process dies; empty: nowhere."""

    def __init__(self, package: str, data_dir: Path) -> None:
        super().__init__(package, data_dir)
        self.point = ""

    def _spawn(self, program: str, *arguments: str) -> Spawned:
        return super()._spawn(PROGRAM, self.point)

    def dies(self, point: str, path: str) -> None:
        """Starts, is asked at `path` of the admin API, and dies at the point; fails where it does not."""
        self.point = point
        self.start()
        with self.admin() as client:
            try:
                answer = client.post(path)
            except httpx.TransportError:
                pass
            else:
                raise AssertionError(f"it lived through {point!r}: {answer.text}")
        self.point = ""
        assert self._end(lambda process: process.wait(WAIT_S)) == -signal.SIGKILL
