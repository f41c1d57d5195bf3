"""The import contracts in pyproject.toml find what is planted for them. That they hold here, scripts/test.py checks."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")
SKELETON = [
    "common/db",
    "common/link",
    "common/messaging",
    "common/requests",
    "common/rpc",
    "hq_node/hub",
    "province_node/loyalty",
]
OFFENCES = {
    "The kit knows no node": {"common/rpc/server.py": "def f():\n    import province_node\n"},
    "The two nodes never import each other": {"province_node/bootstrap.py": "from hq_node import hub\n"},
    "Models, commands and events know no storage and no wire": {
        "province_node/loyalty/model.py": "from common.rpc import status\n",
        "common/rpc/status.py": "from google.protobuf import message\n",
    },
    "Handlers reach storage and wire through their unit of work": {"hq_node/hub/handlers.py": "import sqlalchemy\n"},
    "Messaging knows no transport": {
        "common/messaging/dispatcher.py": "from common.requests import registry\n",
        "common/requests/registry.py": "import grpc\n",
    },
    "The link knows no storage": {"common/link/sender.py": "from common.db import engine\n"},
}


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A tree with this repository's contracts that keeps all of them."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in SKELETON:
        for directory in (tmp_path / package, (tmp_path / package).parent):
            directory.mkdir(parents=True, exist_ok=True)
            (directory / "__init__.py").touch()
    (tmp_path / "common/db/engine.py").touch()
    return tmp_path


@pytest.mark.parametrize("contract", OFFENCES)
def test_the_contract_is_broken_by_what_is_planted(contract: str, planted: Path) -> None:
    for name, content in OFFENCES[contract].items():
        (planted / name).write_text(content)
    code, output = lint(planted)
    assert code == 1
    assert "1 broken" in output
    assert any(line.startswith(contract) and line.endswith("BROKEN") for line in output.splitlines())


def test_the_contracts_are_kept_by_a_clean_tree(planted: Path) -> None:
    code, output = lint(planted)
    assert code == 0
    assert f"{len(OFFENCES)} kept, 0 broken" in output


def lint(root: Path) -> tuple[int, str]:
    command = [str(LINT_IMPORTS), "--no-cache"]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    return result.returncode, result.stdout + result.stderr
