"""`python -m tests.benchmark relay | memory | profile`, for an environment that is there already."""

import sys

from tests.benchmark.cli import main

sys.exit(main(sys.argv[1:]))
