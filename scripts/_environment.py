"""Makes the environment that the scripts of this checkout run in, and enters it.

A script calls `ensure()` before it imports anything that is not in the standard library. The first start builds
an environment under `.venv/` from the lock file; later starts only look whether it is there. Its name is a digest of
all that it depends on, so a new lock, another Python or a moved checkout gets a new one, and never half of an old one.

Standard library only. Any Python 3 that a machine may still have must be able to run this file as far as the
refusal, so the syntax is that of Python 3.6 and modules are imported where they are needed: the usual start pays for
none of them.
"""

import os
import sys

import _environment_words as words

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOCK = os.path.join(ROOT, "requirements-dev.lock")
PROJECT = os.path.join(ROOT, "pyproject.toml")
OLDEST = (3, 11)
NEWEST = (3, 14)

CURRENT = "current"
"""The name of the link to the environment that was entered last."""

# Exit codes, as sysexits.h has them.
UNAVAILABLE = 69  # The package index does not answer, or does not have what the lock names.
SOFTWARE = 70  # Something nobody foresaw; the log says what.
CANNOT_CREATE = 73  # No place to write.
IO_ERROR = 74  # Disk full.
UNSUITABLE = 78  # This Python or system will not do.
INTERRUPTED = 130


class Refusal(Exception):
    """The environment cannot be made; the message says why and what to do."""

    def __init__(self, exit_code, message):
        super().__init__(message)
        self.exit_code = exit_code


def ensure():
    """Return at once inside the environment; outside, make it where missing and start the script again inside."""
    try:
        refuse_unsuitable_python(os.name, sys.version_info[:2])
        home = environment_path()
        if os.path.realpath(sys.prefix) == os.path.realpath(home):
            return
        while True:
            if not is_ready(home):
                build(home)
            # Between the look and the hold, another start may have cleaned this environment away.
            if hold(home) and is_ready(home):
                remember(home)
                enter(home)
    except Refusal as refusal:
        words.say(str(refusal))
        sys.exit(refusal.exit_code)
    except KeyboardInterrupt:
        words.say(words.tell("interrupted"))
        sys.exit(INTERRUPTED)


def refuse_unsuitable_python(system, version):
    if system == "nt":
        raise Refusal(UNSUITABLE, words.tell("windows"))
    if OLDEST <= version <= NEWEST:
        return
    found = other_pythons()
    hint = words.tell("python_found", command=found[0], script=sys.argv[0]) if found else words.tell("python_install")
    key = "python_too_old" if version < OLDEST else "python_too_new"
    numbers = {"version": dotted(version), "oldest": dotted(OLDEST), "newest": dotted(NEWEST)}
    raise Refusal(UNSUITABLE, words.tell(key, hint=hint, **numbers))


def dotted(version):
    return ".".join(str(number) for number in version)


def other_pythons():
    """Commands on this machine that start a suitable Python, the newest first."""
    import shutil
    import subprocess

    names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    silent = subprocess.DEVNULL
    # Version managers put a command on the path for versions that are not switched on, so being there is not enough.
    return [n for n in names if shutil.which(n) and subprocess.call([n, "-c", ""], stdout=silent, stderr=silent) == 0]


def remember(home):
    """Lets `current` lead to this environment, so that people have a path to its programs that stays the same."""
    link = os.path.join(os.path.dirname(home), CURRENT)
    fresh = link + "-" + str(os.getpid())
    try:
        if os.path.realpath(link) != os.path.realpath(home):
            os.symlink(os.path.basename(home), fresh)
            os.replace(fresh, link)
    except OSError as error:
        # A place for environments that is shared may be read-only for us; nothing but a short path is missing then.
        words.say(words.tell("no_current", link=link, reason=error.strerror))


def programs_of(python):
    """Where the programs beside this Python are: by the path that stays the same, where that leads there."""
    programs = os.path.dirname(os.path.abspath(python))
    current = os.path.join(environments_directory(), CURRENT, os.path.basename(programs))
    return current if os.path.realpath(current) == os.path.realpath(programs) else programs


def environment_path():
    """Where the environment of this checkout, lock and Python is or will be."""
    with open(LOCK, "rb") as lock, open(PROJECT, "rb") as project:
        key = environment_key(lock.read(), project.read(), python_identity(), ROOT)
    return os.path.join(environments_directory(), sys.implementation.cache_tag + "-" + key)


def environments_directory():
    elsewhere = os.environ.get("QUANWANG_ENVIRONMENTS")
    if not elsewhere:
        return os.path.join(ROOT, ".venv")
    # Several checkouts may share the place, and must not clean away one another's environments.
    return os.path.join(os.path.abspath(elsewhere), "checkout-" + digest(ROOT.encode()))


def python_identity():
    """All that makes installed packages of one Python unfit for another."""
    multiarch = getattr(sys.implementation, "_multiarch", "")
    return " ".join((sys.version, sys.platform, multiarch, sys.base_prefix))


def environment_key(lock, project, identity, root):
    """A name that changes with whatever an environment depends on; `root` too, for absolute paths stand inside."""
    # What follows the first tool table configures checks and does not change what is installed.
    installed = project.split(b"\n[tool.", 1)[0]
    return digest(b"\0".join((lock, installed, identity.encode(), root.encode())))


def digest(content):
    import hashlib

    return hashlib.sha256(content).hexdigest()[:16]


def is_ready(home):
    """`ready` is written last, so an interrupted build is not taken for an environment."""
    return all(os.path.exists(os.path.join(home, part)) for part in ("ready", "pyvenv.cfg", "bin/python"))


def hold(home):
    """Mark the environment as in use for as long as this process lives, whatever it becomes."""
    import fcntl

    try:
        descriptor = os.open(os.path.join(home, "ready"), os.O_RDONLY)
    except FileNotFoundError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    os.set_inheritable(descriptor, True)
    return True


def enter(home):
    """Become the same script in the environment, as if it had been activated."""
    bin_directory = os.path.join(home, "bin")
    python = os.path.join(bin_directory, "python")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}
    environment["VIRTUAL_ENV"] = home
    environment["PATH"] = bin_directory + os.pathsep + environment.get("PATH", os.defpath)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(python, [python, *sys.orig_argv[1:]], environment)


def build(home):
    """Make the environment, alone: whoever comes second waits and finds it made."""
    import _environment_build

    _environment_build.build(home)
