"""Runs the federation in one process, on simulated time, through faults that are drawn from seeds, and checks each run.

python3 scripts/simulate.py --seeds 200               seeds 0 to 199
python3 scripts/simulate.py --minutes 10 --jobs 2     as many seeds as there is time for
python3 scripts/simulate.py --trace 28                one seed, step by step
"""

import os
import sys

import _environment

if __name__ == "__main__":
    _environment.ensure()
    # The simulator is test equipment: it lies beside the tests and is imported from the checkout.
    sys.path.insert(0, _environment.ROOT)
    os.chdir(_environment.ROOT)
    from tests.simulation.command_line import main

    sys.exit(main(sys.argv[1:]))
