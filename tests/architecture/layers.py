"""Rules on who may import whom that import-linter cannot say, because they must hold for features not yet written.

A feature is a directory with Python files directly below a node; what has a name in `WIRING` is none. Each rule takes
the root of a source tree and gives back one line for each place where the tree breaks it.
"""

from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import NODES, imports, is_below, packages, python_files, where

# Parts of a node that are not features, by the height at which they stand above them.
WIRING = {
    "__main__": 9,
    "command_line": 8,
    "bootstrap": 7,
    "program": 6,
    "opening": 5,
    "web": 4,
    "hub_link": 4,
    "taking_back": 5,
    "core": 3,
    "message_processor": 2,
    "unit_of_work": 1,
    "migrations": 1,
}
FEATURE = 0
BELOW_FEATURES = -1

# Roles inside a feature; each may import only lower ones. Files of other names are helpers and have no height of
# their own: what a role reaches through them counts as its own import.
ROLES = {
    "servicer": 6,
    "routes": 6,
    "rest": 6,
    "wire": 5,
    "queries": 5,
    "repository": 4,
    "handlers": 3,
    "model": 2,
    "commands": 1,
    "events": 1,
}


def features(root: Path) -> Iterator[Path]:
    return (place for place in packages(root, *NODES) if place.name not in WIRING)


def features_import_each_other(root: Path) -> Iterator[str]:
    for feature in features(root):
        node = feature.parent.name
        others = {f"{node}.{other.name}" for other in features(root) if other.parent == feature.parent}
        others.remove(f"{node}.{feature.name}")
        for path in python_files(feature, ""):
            for line, name in imports(root, path):
                if is_below(name, *others):
                    yield f"{where(root, path, line)}: a feature imports another: {name}"


def node_parts_import_upwards(root: Path) -> Iterator[str]:
    """What stands in `WIRING`, by height; below it the features; below them settings and whatever they share."""
    for node in NODES:
        for path in python_files(root, node):
            own = path.relative_to(root / node).parts[0].removesuffix(".py")
            if own == "__init__":
                continue
            for line, name in imports(root, path):
                other = name.split(".")[1] if is_below(name, node) and name != node else own
                if other != own and _height(root, node, other) >= _height(root, node, own):
                    same_height_below = _height(root, node, own) == BELOW_FEATURES == _height(root, node, other)
                    if not same_height_below and not _both_features(root, node, own, other):
                        yield f"{where(root, path, line)}: {own} imports {other}, which stands above or beside it"


def _height(root: Path, node: str, part: str) -> int:
    return WIRING.get(part, FEATURE if (root / node / part).is_dir() else BELOW_FEATURES)


def _both_features(root: Path, node: str, one: str, other: str) -> bool:
    """Features beside each other have their own rule, with its own words."""
    return _height(root, node, one) == _height(root, node, other) == FEATURE


def roles_import_upwards(root: Path) -> Iterator[str]:
    for feature in features(root):
        dotted = f"{feature.parent.name}.{feature.name}"
        uses = {}
        for path in python_files(feature, ""):
            own = path.relative_to(feature).parts[0].removesuffix(".py")
            uses.setdefault(own, []).extend(
                (where(root, path, line), name.split(".")[2])
                for line, name in imports(root, path)
                if is_below(name, dotted) and name.count(".") >= 2
            )
        for role in uses.keys() & ROLES.keys():
            for place, other in sorted(set(_reached(role, uses))):
                if other != role and ROLES[other] >= ROLES[role]:
                    yield f"{place}: {dotted}.{role} imports or reaches {other}, which stands above or beside it"


def _reached(role: str, uses: dict[str, list[tuple[str, str]]]) -> Iterator[tuple[str, str]]:
    """Each role that this one imports, itself or through helpers, with the place of the import."""
    waiting, seen = [role], {role}
    while waiting:
        for place, other in uses.get(waiting.pop(), []):
            if other in ROLES:
                yield place, other
            elif other not in seen:
                seen.add(other)
                waiting.append(other)


def demo_imports_a_node(root: Path) -> Iterator[str]:
    """The demonstration shows what anyone can do from outside; benchmarks and simulations may look inside."""
    free = {"bench.py", "simulate.py"}
    for path in python_files(root, "scripts"):
        if path.name not in free:
            for line, name in imports(root, path):
                if is_below(name, *NODES):
                    yield f"{where(root, path, line)}: a script imports a node: {name}"


def link_machine_does_io(root: Path) -> Iterator[str]:
    """The link is a state machine: frames and time in, frames and effects out. Its adapter, `stream`, does the rest."""
    for path in python_files(root, "common/link"):
        if path.stem != "stream":
            for line, name in imports(root, path):
                if is_below(name, "asyncio", "grpc", "selectors", "socket", "sqlalchemy", "threading", "common.db"):
                    yield f"{where(root, path, line)}: the link machine imports {name}"
