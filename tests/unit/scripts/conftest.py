"""Makes the scripts importable as they are when one of them is started: from their own directory."""

import sys
from pathlib import Path

# Last, because a script named test.py must not stand in for the standard library's package of that name.
sys.path.append(str(Path(__file__).resolve().parents[3] / "scripts"))
