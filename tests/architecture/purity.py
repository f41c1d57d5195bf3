"""Rules on what certain files may do: read the clock, wait, commit, catch. Each gives one line for each offence."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.layers import features
from tests.architecture.source import files, imports, is_below, python_files, references, tree, where

# Time and chance come into the core as arguments or through the clock and the source of identities that are handed to
# it, so that a run can be repeated. `perf_counter` is not among these: it measures, and decides nothing.
CLOCK_AND_CHANCE = (
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "os.urandom",
    "random",
    "secrets",
    "sqlalchemy.func.current_timestamp",
    "sqlalchemy.func.now",
    "sqlalchemy.func.random",
    "time.gmtime",
    "time.localtime",
    "time.monotonic",
    "time.monotonic_ns",
    "time.time",
    "time.time_ns",
    "uuid.uuid1",
    "uuid.uuid4",
    "uuid.uuid7",
)
# A source of chance that is handed in has a type, and the module that names it.
HARMLESS = {"random", "random.Random", "secrets"}
DETERMINISTIC = ("common/messaging", "common/link", "common/requests")
ADAPTERS = ("common/link/stream.py",)


def core_reads_clock_or_chance(root: Path) -> Iterator[str]:
    core = [*python_files(root, *DETERMINISTIC)]
    for feature in features(root):
        core += python_files(feature, "")
    for path in core:
        if path.relative_to(root).as_posix() not in ADAPTERS:
            for line, name in sorted({*references(root, path), *imports(root, path)}):
                if is_below(name, *CLOCK_AND_CHANCE) and name not in HARMLESS:
                    yield f"{where(root, path, line)}: reads {name}; take the time or the identity as an argument"


def tests_sleep(root: Path) -> Iterator[str]:
    """A test that sleeps is slow when all is well and fails when the machine is busy. Giving way, sleep(0), is none."""
    for path in python_files(root, "tests"):
        sleeps = {"asyncio.sleep", "time.sleep", "anyio.sleep", "trio.sleep"}
        gives_way = {
            node.lineno
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Call) and [ast.dump(argument) for argument in node.args] == ["Constant(value=0)"]
        }
        for line, name in references(root, path):
            if name in sleeps and line not in gives_way:
                yield f"{where(root, path, line)}: {name}; wait for the event itself, or give the code a clock to move"


def features_commit(root: Path) -> Iterator[str]:
    """The dispatcher opens and commits; a feature that does it too breaks a group in two."""
    for feature in features(root):
        for path in python_files(feature, ""):
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.Attribute) and node.attr in {"commit", "rollback"}:
                    yield f"{where(root, path, node.lineno)}: calls {node.attr}; the dispatcher alone does"


def edges_decide(root: Path) -> Iterator[str]:
    """Routes and servicers decode, execute, encode: errors are mapped and rows are read in one place for all. What
    rest.py declares is expressions over columns."""
    for path in files(root, ".py"):
        if path.stem not in {"routes", "servicer", "rest"}:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Try):
                yield f"{where(root, path, node.lineno)}: catches; the interceptors map every error"
        for line, name in imports(root, path):
            if path.stem != "rest" and is_below(name, "sqlalchemy"):
                yield f"{where(root, path, line)}: imports {name}; reads stand in queries.py"
