"""Makes common/gen from proto/. The result is committed, so that a node needs no compiler.

python3 scripts/gen_protos.py            write what differs, delete what has no source any more
python3 scripts/gen_protos.py --check    only say what differs; exit code 1 if anything does
"""

import argparse
import os
import re
import sys
import tempfile

import _environment

PROTO = os.path.join(_environment.ROOT, "proto")
GENERATED = os.path.join(_environment.ROOT, "common", "gen")
PACKAGE = "common.gen"
PACKAGE_DOCSTRING = '"""Generated from proto/ by scripts/gen_protos.py; never edited."""\n'
CLASS_OF_A_SERVICE = re.compile(r"^class \w+Stub\b", re.MULTILINE)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing, say what differs")
    options = parser.parse_args(arguments)
    wanted = generate(PROTO)
    present = read_tree(GENERATED)
    differing = sorted(path for path in wanted.keys() | present.keys() if wanted.get(path) != present.get(path))
    for path in differing:
        if path not in wanted:
            word = "without a source"
        else:
            word = "different" if path in present else "missing"
        print("{}: {}".format(os.path.join("common", "gen", path), word))
    if options.check:
        if differing:
            print("Run `python3 scripts/gen_protos.py` and commit the result.")
        return int(bool(differing))
    for path in differing:
        replace(os.path.join(GENERATED, path), wanted.get(path))
    return 0


def generate(proto):
    """Compile every .proto file below the directory; path below common/gen: content."""
    sources = sorted(path for path in read_tree(proto) if path.endswith(".proto"))
    with tempfile.TemporaryDirectory() as directory:
        compile_into(directory, proto, sources)
        compiled = read_tree(directory)
    areas = {source.split("/")[0] for source in sources}
    files = {path: import_from_package(text, areas) for path, text in compiled.items() if is_of_use(path, text)}
    for path in list(files):
        while path:
            path = os.path.dirname(path)
            files[os.path.join(path, "__init__.py")] = "" if path else PACKAGE_DOCSTRING
    return files


def compile_into(directory, proto, sources):
    import grpc_tools
    from grpc_tools import protoc

    well_known_types = os.path.join(os.path.dirname(grpc_tools.__file__), "_proto")
    outputs = ["--python_out=" + directory, "--pyi_out=" + directory, "--grpc_python_out=" + directory]
    if protoc.main(["protoc", "-I" + proto, "-I" + well_known_types, *outputs, *sources]) != 0:
        sys.exit("protoc refused the definitions; see above.")


def is_of_use(path, text):
    """The compiler writes a gRPC module for every file, also where there is no service."""
    return not path.endswith("_pb2_grpc.py") or bool(CLASS_OF_A_SERVICE.search(text))


def import_from_package(text, areas):
    """Modules import one another by their path below proto/; here they live below a package."""
    alternatives = "|".join(sorted(map(re.escape, areas)))
    return re.sub(rf"^(from|import) (?=(?:{alternatives})\b)", rf"\1 {PACKAGE}.", text, flags=re.MULTILINE)


def read_tree(directory):
    """Path below the directory, with slashes: text. Compiled Python is not part of the tree."""
    files = {}
    for parent, directories, names in os.walk(directory):
        directories[:] = [name for name in directories if name != "__pycache__"]
        for name in names:
            path = os.path.join(parent, name)
            with open(path, encoding="utf-8") as file:
                files[os.path.relpath(path, directory)] = file.read()
    return files


def replace(path, text):
    """Write the file, or delete it where there is no text for it."""
    if text is None:
        os.remove(path)
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    _environment.ensure()
    sys.exit(main(sys.argv[1:]))
