"""Works with a federation of real programs for long, over connections that break, and looks whether anything grows.

python3 scripts/soak.py --minutes 30           memory, files, connections, threads and tasks of each node
python3 scripts/soak.py --minutes 2 --json     the report as JSON; exit code 1 if something grew or went wrong
"""

import os
import sys

import _environment

if __name__ == "__main__":
    _environment.ensure()
    # It uses the tests' federation of programs, which lies beside the tests and is imported from the checkout.
    sys.path.insert(0, _environment.ROOT)
    os.chdir(_environment.ROOT)
    from tests.soak.command_line import main

    sys.exit(main(sys.argv[1:]))
