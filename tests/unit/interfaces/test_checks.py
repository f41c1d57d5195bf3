"""What `check` says of interfaces: those behind which there is nobody."""

from __future__ import annotations

from pathlib import Path

from common.access_control.actor import local_actor
from common.communication.model import PORT
from common.communication.parameters import ADAPTER, FILE
from common.interfaces.checks import check_simulated
from common.interfaces.queries import describe_interface
from common.parameters.commands import SetParameter
from common.program.inline_writer import InlineWriter
from tests.support.federation import SHANGHAI, Federation
from tests.support.stores import Databases


def test_a_simulated_interface_is_warned_of_until_it_is_switched(databases: Databases) -> None:
    federation = Federation(databases)
    core, url = federation.cores[SHANGHAI], federation.urls[SHANGHAI]
    now_us = federation.clock.now_us()

    def simulated() -> bool:
        shown = describe_interface(core.connection, PORT, core.context.parameters, now_us)
        core.connection.rollback()
        return bool(shown["simulated"])

    (finding,) = check_simulated(url, (PORT,), now_us)
    assert (finding.severity, finding.subject, simulated()) == ("warning", "interfaces", True)
    assert "simulator" in finding.text("en")
    assert "模拟器" in finding.text("zh-CN")
    assert "interfaces switch communication" in finding.mend("zh-CN")
    InlineWriter(core.dispatcher).run(SetParameter(ADAPTER.name, FILE, "connected"), local_actor("root"))
    assert (check_simulated(url, (PORT,), now_us), simulated()) == ([], False)
    federation.close()


def test_without_a_database_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert check_simulated(f"sqlite:///{tmp_path / 'none.db'}", (PORT,), 1) == []
