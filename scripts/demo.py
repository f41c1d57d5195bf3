"""Shows the federation at work on this machine: headquarters, provinces, and requests from one province to another.

python3 scripts/demo.py                        three provinces; they keep running until Ctrl-C
python3 scripts/demo.py --once                 the same, and stops everything at its end
python3 scripts/demo.py --customers FILE       with customers of a CSV file
python3 scripts/demo.py --help                 everything else

Each node is a program of its own, with its own directory, database, keys and certificate. The demonstration does
nothing that an operator could not do too: it starts the programs and speaks to them as their command lines do.
"""

import sys

import _demo_options
import _environment

if __name__ == "__main__":
    # Before the environment is made: a mistyped option should not cost a minute.
    _options = _demo_options.parse(sys.argv[1:])
    _environment.ensure()
    import _demo_run

    sys.exit(_demo_run.run(_options))
