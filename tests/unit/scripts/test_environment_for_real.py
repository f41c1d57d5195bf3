"""The life of an environment in a checkout with one package, made by pip without a network.

The tests tell one story, each going on from where the one before it ended.
"""

import hashlib
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"
SECONDS_MAX = 120

PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "tiny"
"""

# What the real build backend does for this checkout: a .pth file and the console script.
BACKEND = """
import os
import zipfile

def build_editable(directory, config_settings=None, metadata_directory=None):
    name = "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, name), "w") as wheel:
        wheel.writestr("tiny.pth", os.getcwd())
        wheel.writestr("tiny-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1\\n")
        wheel.writestr("tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("tiny-1.dist-info/entry_points.txt", "[console_scripts]\\ntiny-node = tiny_node:main\\n")
        wheel.writestr("tiny-1.dist-info/RECORD", "")
    return name
"""

PROBE = """
import _environment

if __name__ == "__main__":
    _environment.ensure()
    import sys
    import tiny_dependency
    print(sys.prefix, *sys.argv[1:])
"""


class Checkout:
    """A small repository with the real environment scripts."""

    def __init__(self, root: Path) -> None:
        self.root = root / "checkout"
        self.wheels = root / "wheels"
        self.wheels.mkdir(parents=True)
        scripts = self.root / "scripts"
        scripts.mkdir(parents=True)
        for script in SCRIPTS.glob("_environment*.py"):
            (scripts / script.name).write_bytes(script.read_bytes())
        (scripts / "probe.py").write_text(PROBE)
        (self.root / "pyproject.toml").write_text(PROJECT)
        (self.root / "backend.py").write_text(BACKEND)
        (self.root / "tiny_node.py").write_text('def main():\n    print("a node")\n')
        (self.root / "requirements-dev.lock").write_text(f"tiny-dependency==1 --hash=sha256:{self.wheel()}\n")

    def wheel(self) -> str:
        """Put the package into the index; gives the wheel's hash."""
        path = self.wheels / "tiny_dependency-1-py3-none-any.whl"
        members = {
            "tiny_dependency.py": "",
            "tiny_dependency-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny-dependency\nVersion: 1\n",
            "tiny_dependency-1.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            "tiny_dependency-1.dist-info/RECORD": "",
        }
        with zipfile.ZipFile(path, "w") as wheel:
            for name, text in members.items():
                wheel.writestr(name, text)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        environment = {name: value for name, value in os.environ.items() if name != "QUANWANG_ENVIRONMENTS"}
        environment |= {"LC_ALL": "C.UTF-8", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)}
        return subprocess.Popen(
            [sys.executable, str(self.root / "scripts" / "probe.py"), *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # Where the tests run in the background, an interrupt is ignored by all that they start.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        return finish(self.start(*arguments))

    def environments(self) -> list[str]:
        homes = [path.parent for path in (self.root / ".venv").glob("*/ready")]
        # `current` is another name of one of them.
        return [home.name for home in homes if not home.is_symlink()]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("environment"))


def test_an_interrupted_start_says_so_and_leaves_no_environment(checkout: Checkout) -> None:
    start = checkout.start()
    assert start.stderr is not None
    while "[2/4]" not in start.stderr.readline():
        assert start.poll() is None
    os.killpg(start.pid, signal.SIGINT)
    code, _, rest = finish(start)
    assert code == 130
    assert "Interrupted" in rest
    assert "Traceback" not in rest
    assert checkout.environments() == []


def test_concurrent_starts_share_one_build_that_begins_again(checkout: Checkout) -> None:
    replaced = checkout.root / ".venv" / f"{sys.implementation.cache_tag}-{'0' * 16}"
    replaced.mkdir()
    (replaced / "ready").touch()
    results = [finish(start) for start in [checkout.start("one"), checkout.start("two")]]
    [name] = checkout.environments()
    home = checkout.root / ".venv" / name
    assert [code for code, _, _ in results] == [0, 0]
    assert [output.split() for _, output, _ in results] == [[str(home), "one"], [str(home), "two"]]
    words = "".join(said for _, _, said in results)
    assert words.count("making an environment") == 1
    assert words.count("beginning again") == 1
    assert words.count("waiting for it") == 1
    assert words.count("Ready after") == 1
    assert not replaced.exists()


def test_the_console_script_runs_the_code_of_the_checkout(checkout: Checkout) -> None:
    [name] = checkout.environments()
    command = checkout.root / ".venv" / name / "bin" / "tiny-node"
    (checkout.root / "tiny_node.py").write_text('def main():\n    print("a changed node")\n')
    assert subprocess.run([command], capture_output=True, text=True, check=True).stdout == "a changed node\n"


def test_the_next_start_makes_nothing_and_says_nothing(checkout: Checkout) -> None:
    started = time.monotonic()
    code, _, said = checkout.run()
    assert (code, said) == (0, "")
    assert time.monotonic() - started < 2


def finish(start: "subprocess.Popen[str]") -> tuple[int, str, str]:
    output, said = start.communicate(timeout=SECONDS_MAX)
    return start.returncode, output, said
