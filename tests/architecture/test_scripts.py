"""Scripts start on a machine where nothing is installed, perhaps with a Python that is too old for the rest."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The builder runs only after the version was found to do.
SCRIPTS = sorted(path for path in (ROOT / "scripts").glob("*.py") if path.name != "_environment_build.py")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_an_old_python_can_read_the_script(script: Path) -> None:
    source = script.read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))
    assert "from __future__ import annotations" not in source, "Python 3.6 refuses it before the script can explain"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_script_imports_only_the_standard_library_at_first(script: Path) -> None:
    """What is installed is imported inside functions, or below the call that enters the environment."""
    for statement in ast.parse(script.read_text(encoding="utf-8")).body:
        if "'ensure'" in ast.dump(statement) and not isinstance(statement, ast.FunctionDef | ast.ClassDef):
            break
        if isinstance(statement, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in statement.names]
            modules = [statement.module or ""] if isinstance(statement, ast.ImportFrom) else names
            for module in modules:
                top = module.split(".")[0]
                assert top in sys.stdlib_module_names or (ROOT / "scripts" / f"{top}.py").exists()
