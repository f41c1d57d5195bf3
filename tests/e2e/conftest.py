"""The demonstration's own parts, importable as they are when it runs: from their own directory."""

import sys
from pathlib import Path

# Last, because a script named test.py must not stand in for the standard library's package of that name.
sys.path.append(str(Path(__file__).resolve().parents[2] / "scripts"))
