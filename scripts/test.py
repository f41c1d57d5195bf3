"""Runs every check of this repository, in the environment that it makes for itself.

python3 scripts/test.py                   everything: style, types, contracts, generated code, tests
python3 scripts/test.py PATH... [-k ...]  only pytest, with these arguments
"""

import os
import subprocess
import sys
import time

import _environment

PYTEST = [sys.executable, "-m", "pytest"]


def main(arguments):
    if arguments:
        return run([*PYTEST, *arguments])
    failed = [title for title, command in static_checks() if not passes(title, command)]
    # The tests of a file stay together and in order, so that they may share what is costly to set up. (Groups by mark
    # would be finer, but pytest-xdist 3.8 does not keep them together under pytest 9.2.)
    # Left alone, it would put files with many tests first, and so those whose few tests take minutes last.
    code = run([*PYTEST, "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"])
    if failed:
        print("Failed before the tests: " + ", ".join(failed), flush=True)
    return code or int(bool(failed))


def static_checks():
    """Title and command of each check that runs no code of ours, the quickest first."""
    tools = os.path.dirname(sys.executable)
    return [
        ("style", [os.path.join(tools, "ruff"), "check", "--output-format=concise"]),
        ("format", [os.path.join(tools, "ruff"), "format", "--check", "--output-format=concise"]),
        ("protocol style", [os.path.join(tools, "buf"), "lint", "proto"]),
        ("generated code", [sys.executable, os.path.join("scripts", "gen_protos.py"), "--check"]),
        ("import contracts", [os.path.join(tools, "lint-imports"), "--no-cache"]),
        ("types", [sys.executable, "-m", "mypy"]),
    ]


def passes(title, command):
    """Run one check; its output is shown only if it fails."""
    print(f"{title:<18}", end="", flush=True)
    started = time.monotonic()
    result = subprocess.run(
        command,
        cwd=_environment.ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    good = result.returncode == 0
    print("{} {:.1f} s".format("ok    " if good else "FAILED", time.monotonic() - started), flush=True)
    if not good:
        print(result.stdout, flush=True)
    return good


def run(command):
    """Run a command in sight, from the root of the checkout, and hand back its exit code."""
    try:
        return subprocess.call(command, cwd=_environment.ROOT, env=with_compiled_kept(os.environ))
    except KeyboardInterrupt:
        return _environment.INTERRUPTED


def with_compiled_kept(environment):
    """The same, with compiled modules kept beside the environment, whatever is usual here: tests start hundreds of
    programs, and each would compile all of its modules anew."""
    kept = {name: value for name, value in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {"PYTHONPYCACHEPREFIX": os.path.join(sys.prefix, "compiled"), **kept}


if __name__ == "__main__":
    _environment.ensure()
    sys.exit(main(sys.argv[1:]))
