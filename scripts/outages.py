"""Lets replicas of HQ, their streams and their PostgreSQL fail under 2,000 requests, and judges the databases then.

python3 scripts/outages.py                             three replicas; 2,000 requests; some minutes
python3 scripts/outages.py --requests 500 --json       the report as JSON; exit code 1 if something went wrong
"""

import os
import sys

import _environment

if __name__ == "__main__":
    _environment.ensure()
    # It uses the tests' federation of programs, which lies beside the tests and is imported from the checkout.
    sys.path.insert(0, _environment.ROOT)
    os.chdir(_environment.ROOT)
    from tests.soak.outages_command_line import main

    sys.exit(main(sys.argv[1:]))
