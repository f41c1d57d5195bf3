"""Keeps the databases of a federation with much under way, as this protocol version leaves them, for later releases.

python3 scripts/store_federation.py 2     makes tests/vectors/federations/2, for protocol version 2

Done once for each protocol version, before the release that brings it: later releases are tested on what this one has
written, so what is there already is never made again.
"""

import os
import sys
import tempfile

import _environment


def main(arguments):
    from pathlib import Path

    from tests.support.stored import STORED, store

    if len(arguments) != 1 or not arguments[0].isdigit():
        print(__doc__, file=sys.stderr)
        return 2
    if (STORED / arguments[0]).exists():
        print(f"{STORED / arguments[0]} is there already, and stays as it is.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as place:
        print(store(arguments[0], Path(place)))
    return 0


if __name__ == "__main__":
    _environment.ensure()
    sys.path.insert(0, _environment.ROOT)
    os.chdir(_environment.ROOT)
    sys.exit(main(sys.argv[1:]))
