"""Each rule of the house finds what is planted for it, and leaves alone what looks like it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.architecture import layers, purity, text

Rule = Callable[[Path], Iterator[str]]

BITES: list[tuple[Rule, dict[str, str], str]] = [
    (
        layers.features_import_each_other,
        {
            "province_node/orders/handlers.py": "from province_node.loyalty.model import Points\n",
            "province_node/loyalty/model.py": "",
        },
        "province_node/orders/handlers.py:1",
    ),
    (
        layers.features_import_each_other,
        {"hq_node/hub/relay.py": "def f():\n    from .. import clearing\n", "hq_node/clearing/model.py": ""},
        "hq_node/hub/relay.py:2",
    ),
    (
        layers.node_parts_import_upwards,
        {"province_node/orders/queries.py": "import province_node.bootstrap\n", "province_node/bootstrap.py": ""},
        "orders imports bootstrap",
    ),
    (
        layers.node_parts_import_upwards,
        {"hq_node/settings.py": "from hq_node.hub import relay\n", "hq_node/hub/relay.py": ""},
        "settings imports hub",
    ),
    (
        layers.node_parts_import_upwards,
        {"hq_node/web.py": "from hq_node.unit_of_work import U\n", "hq_node/unit_of_work.py": "import hq_node.web\n"},
        "unit_of_work imports web",
    ),
    (
        layers.node_parts_import_upwards,
        {"province_node/web/__init__.py": "from province_node import hub_link\n", "province_node/hub_link.py": ""},
        "web imports hub_link",
    ),
    (
        layers.roles_import_upwards,
        {"hq_node/hub/model.py": "from hq_node.hub.repository import Rows\n", "hq_node/hub/repository.py": ""},
        "hq_node.hub.model imports or reaches repository",
    ),
    (
        layers.roles_import_upwards,
        {"hq_node/hub/wire.py": "from . import queries\n", "hq_node/hub/queries.py": ""},
        "hq_node.hub.wire imports or reaches queries",
    ),
    (
        layers.roles_import_upwards,
        {
            "province_node/club/handlers.py": "from province_node.club.levels import level\n",
            "province_node/club/levels.py": "from province_node.club import queries\n",
            "province_node/club/queries.py": "",
        },
        "province_node.club.handlers imports or reaches queries",
    ),
    (
        layers.demo_imports_a_node,
        {"scripts/demo.py": "def f():\n    from province_node.bootstrap import start\n"},
        "scripts/demo.py:2",
    ),
    (layers.link_machine_does_io, {"common/link/sender.py": "import asyncio\n"}, "common/link/sender.py:1"),
    (
        purity.core_reads_clock_or_chance,
        {"common/messaging/outbox.py": "import time\n\ndef f():\n    return time.time()\n"},
        "common/messaging/outbox.py:4: reads time.time",
    ),
    (
        purity.core_reads_clock_or_chance,
        {"province_node/orders/model.py": "from datetime import UTC, datetime as moment\nNOW = moment.now(UTC)\n"},
        "province_node/orders/model.py:2: reads datetime.datetime.now",
    ),
    (
        purity.core_reads_clock_or_chance,
        {"hq_node/hub/handlers.py": "from uuid import uuid4\n"},
        "reads uuid.uuid4",
    ),
    (
        purity.core_reads_clock_or_chance,
        {"common/requests/handlers.py": "import random\nx = random.choice([1])\n"},
        "common/requests/handlers.py:2: reads random.choice",
    ),
    (
        purity.core_reads_clock_or_chance,
        {"common/link/receiver.py": "import time as t\nclock = t.monotonic\n"},
        "reads time.monotonic",
    ),
    (
        purity.edges_decide,
        {"common/requests/routes.py": "try:\n    x = 1\nfinally:\n    x = 2\n"},
        "routes.py:1: catches",
    ),
    (purity.edges_decide, {"hq_node/hub/servicer.py": "import sqlalchemy as sa\n"}, "imports sqlalchemy"),
    (
        purity.features_commit,
        {"hq_node/hub/handlers.py": "def f(uow):\n    uow.commit()\n"},
        "handlers.py:2: calls commit",
    ),
    (purity.tests_sleep, {"tests/unit/test_it.py": "from time import sleep\nsleep(1)\n"}, "test_it.py:2: time.sleep"),
    (
        purity.tests_sleep,
        {"tests/support/nodes.py": "import asyncio\nasync def f():\n    await asyncio.sleep(0.1)\n"},
        "nodes.py:3: asyncio.sleep",
    ),
    (text.files_named_utils, {"common/utils.py": ""}, "common/utils.py"),
    (text.files_too_long, {"common/long.py": "x = 1\n" * 501}, "common/long.py: 501 lines"),
    (text.leftovers, {"docs/plan.md": "one\nTO%DO: two\n"}, "docs/plan.md:2"),
    (text.packages_without_init, {"hq_node/hub/relay.py": ""}, "hq_node/hub: Python files"),
    (text.packages_without_init, {"proto/quanwang/__init__.py": ""}, "proto/quanwang/__init__.py"),
    (text.words_of_one_machine, {"docs/run.md": "cd /wo%rk/main\n"}, "docs/run.md:1"),
    (
        text.words_of_one_machine,
        {"console/package-lock.json": '"https://registry.npmjs.%org/x"\n'},
        "package-lock.json:1",
    ),
]

LETS_PASS: list[tuple[Rule, dict[str, str]]] = [
    (
        layers.features_import_each_other,
        {
            "province_node/bootstrap.py": "from province_node import loyalty, orders\n",
            "province_node/loyalty/model.py": "",
            "province_node/orders/wire.py": "from province_node.orders import model\nfrom province_node import x\n",
            "province_node/orders/model.py": "",
        },
    ),
    (
        layers.node_parts_import_upwards,
        {
            "hq_node/__init__.py": "",
            "hq_node/__main__.py": "from hq_node.bootstrap import start\n",
            "hq_node/bootstrap.py": "from hq_node.hub import routes\nfrom hq_node import web\n",
            "hq_node/hub/routes.py": "from hq_node.settings import Settings\n",
            "hq_node/names.py": "",
            "hq_node/settings.py": "from hq_node.names import NAME\n",
            "hq_node/web.py": "from hq_node.unit_of_work import U\n",
            "hq_node/unit_of_work.py": "",
        },
    ),
    (
        layers.roles_import_upwards,
        {
            "province_node/club/model.py": "from province_node.club.commands import Join\n",
            "province_node/club/repository.py": "from . import model, tables\n",
            "province_node/club/tables.py": "from .events import Joined\n",
        },
    ),
    (
        layers.roles_import_upwards,
        {"common/directory/repository.py": "from . import wire\n", "common/directory/wire.py": ""},
    ),
    (layers.demo_imports_a_node, {"scripts/bench.py": "import hq_node\n", "scripts/demo.py": "import common.ids\n"}),
    (layers.link_machine_does_io, {"common/link/stream.py": "import asyncio\n"}),
    (
        purity.core_reads_clock_or_chance,
        {
            "common/link/stream.py": "import random\nx = random.random()\n",
            "common/messaging/inbox.py": "import random\ndef f(chance: random.Random): ...\n",
            "common/messaging/dispatcher.py": "import time\ntime.perf_counter()\n",
            "province_node/bootstrap.py": "import time\ntime.time()\n",
            "province_node/orders/model.py": "def f(time):\n    return time.time\n",
        },
    ),
    (purity.tests_sleep, {"tests/unit/test_it.py": "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n"}),
    (text.files_too_long, {"common/gen/long.py": "x = 1\n" * 900, "common/long.py": "x = 1\n" * 500}),
    (text.leftovers, {"logo.png": "mastodon", "node_modules/x.js": "TO%DO"}),
    (text.words_of_one_machine, {"docs/api.md": "https://crm.example/work/orders, .venv/root/x\n"}),
]


def names(cases: list[Any]) -> list[str]:
    return [f"{number}-{case[0].__name__}" for number, case in enumerate(cases)]


@pytest.mark.parametrize(("rule", "planted", "found"), BITES, ids=names(BITES))
def test_the_rule_finds_what_is_planted(rule: Rule, planted: dict[str, str], found: str, tmp_path: Path) -> None:
    plant(tmp_path, planted)
    offences = list(rule(tmp_path))
    assert len(offences) == 1
    assert found in offences[0]


@pytest.mark.parametrize(("rule", "planted"), LETS_PASS, ids=names(LETS_PASS))
def test_the_rule_lets_pass_what_is_allowed(rule: Rule, planted: dict[str, str], tmp_path: Path) -> None:
    plant(tmp_path, planted)
    assert list(rule(tmp_path)) == []


def plant(root: Path, planted: dict[str, str]) -> None:
    """Write the tree; a % in it is left out, so that this file does not contain what it plants."""
    for name, content in planted.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content.replace("%", ""), encoding="utf-8")
