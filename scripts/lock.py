"""Makes the lock files agree with pyproject.toml, for every supported Python and system at once.

    python3 scripts/lock.py                   keep every version that still fits
    python3 scripts/lock.py --upgrade         take the newest of everything
    python3 scripts/lock.py --upgrade-package NAME

It does not enter the environment, for that is built from the lock: a lock that is broken could never be mended. It
needs some `uv`, from an environment made earlier or from the command path.
"""

import argparse
import glob
import os
import shutil
import subprocess
import sys

import _environment

RUNTIME_LOCK = "requirements.lock"
COMPILE = [
    "pip",
    "compile",
    "--quiet",
    "--universal",
    "--python-version={}.{}".format(*_environment.OLDEST),
    "--generate-hashes",
    "--annotation-style=line",
    # The header would repeat this command line; the place to look is this script.
    "--no-header",
    # Settings of this machine, such as another index, must not leave a trace in what everyone uses.
    "--no-config",
    # Networks that look into traffic have their certificates in the system's store.
    "--system-certs",
]


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upgrade", action="store_true", help="take the newest version of everything")
    parser.add_argument("--upgrade-package", action="append", default=[], metavar="NAME", help="of this package only")
    options = parser.parse_args(arguments)
    upgrades = ["--upgrade"] if options.upgrade else []
    upgrades += ["--upgrade-package=" + name for name in options.upgrade_package]
    uv = find_uv()
    if uv is None:
        print(
            "There is no uv here. Run `python3 scripts/test.py --version` once, or `pip install uv`.", file=sys.stderr
        )
        return _environment.UNAVAILABLE
    environment = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
    for lock, choice in (
        (RUNTIME_LOCK, []),
        # The constraint keeps both at the same versions: what is tested is what runs.
        (os.path.basename(_environment.LOCK), ["--group=dev", "--all-extras", "--constraints=" + RUNTIME_LOCK]),
    ):
        # Paths are relative, for the lock repeats them.
        command = [uv, *COMPILE, *choice, *upgrades, "--output-file=" + lock, "pyproject.toml"]
        code = subprocess.call(command, cwd=_environment.ROOT, env=environment, stdout=subprocess.DEVNULL)
        if code != 0:
            return code
    return 0


def find_uv():
    """Any uv will do: it is the index, not its version, that decides what the lock says."""
    inside = glob.glob(os.path.join(_environment.environments_directory(), "*", "bin", "uv"))
    return max(inside, key=os.path.getmtime) if inside else shutil.which("uv")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
