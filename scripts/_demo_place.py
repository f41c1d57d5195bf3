"""The directory of the demonstration: one demonstration at a time, and nothing of anybody else's is ever deleted."""

import fcntl
import json
import os
import shutil

import _demo_processes

MARKER = "made-by-scripts-demo.txt"
"""Only a directory with this file in it is ever emptied."""
LOCK = "demo.lock"
FEDERATION = "federation.json"
"""Says which nodes there are; written when all of them were set up."""

KEPT = {MARKER, LOCK}


class PlaceRefused(Exception):
    """The directory cannot be used; `key` and `facts` say why."""

    def __init__(self, key, **facts):
        super().__init__(key)
        self.key = key
        self.facts = facts


class Place:
    """The directory and what stands where in it."""

    def __init__(self, path):
        self.path = path
        self._lock = None

    def node(self, code):
        """The data directory of a node."""
        return os.path.join(self.path, "hq" if code == "00" else code)

    def log(self, code):
        """Where a node's log goes."""
        return os.path.join(self.path, "logs", os.path.basename(self.node(code)) + ".log")

    def file(self, name):
        """A file of the demonstration's own."""
        return os.path.join(self.path, "files", name)

    def take(self):
        """Makes the directory ours for as long as this program lives. Returns how many leftovers were ended.

        Raises PlaceRefused, OSError.
        """
        if os.path.isdir(self.path):
            if os.listdir(self.path) and not os.path.exists(os.path.join(self.path, MARKER)):
                raise PlaceRefused("place_foreign", path=self.path)
        else:
            os.makedirs(self.path, 0o700)
        self._lock = self._locked()
        with open(os.path.join(self.path, MARKER), "w", encoding="utf-8") as file:
            file.write("scripts/demo.py made this directory and empties it whenever it begins anew.\n")
        return _demo_processes.end_left_over(self.path)

    def _locked(self):
        lock = open(os.path.join(self.path, LOCK), "a+", encoding="utf-8")  # noqa: SIM115 - held until the program ends.
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            number = lock.read().strip() or "?"
            lock.close()
            raise PlaceRefused("place_in_use", path=self.path, process=number) from None
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        return lock

    def holds(self, path):
        """Whether a file is inside, so that `empty` would delete it."""
        inside = os.path.realpath(self.path)
        return os.path.commonpath([inside, os.path.realpath(path)]) == inside

    def empty(self):
        """Deletes everything that earlier demonstrations left here."""
        for name in os.listdir(self.path):
            if name not in KEPT:
                path = os.path.join(self.path, name)
                if os.path.isdir(path) and not os.path.islink(path):
                    shutil.rmtree(path)
                else:
                    os.remove(path)
        self.prepare()

    def prepare(self):
        """Makes the directories that are needed beside those of the nodes."""
        for name in ("logs", "files"):
            os.makedirs(os.path.join(self.path, name), 0o700, exist_ok=True)

    def known_provinces(self):
        """The provinces of the last run, if it got as far as having them all; otherwise None."""
        return self._known("provinces")

    def known_store(self):
        """What the nodes of the last run keep their records in."""
        return self._known("store") or "sqlite"

    def remember(self, provinces, store):
        """All nodes are set up: a later run may go on with them."""
        with open(os.path.join(self.path, FEDERATION), "w", encoding="utf-8") as file:
            json.dump({"provinces": provinces, "store": store}, file)

    def _known(self, name):
        try:
            with open(os.path.join(self.path, FEDERATION), encoding="utf-8") as file:
                return json.load(file)[name]
        except (OSError, ValueError, KeyError):
            return None
