"""Serving: from the data directory's lock to the last frame sent.

    serve:  lock -> settings -> schema -> open -> writer -> links -> http -> (until told to stop) -> links -> writer

What a node's role adds stands in a `Program`: its ports, its links, its timers. All sockets live on one event loop; the
writer has a thread of its own and says what happened by handing it to the loop.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from starlette.applications import Starlette

from common.alarms.commands import RaiseAlarm
from common.approvals.upkeep import expire_by_schedule
from common.backup.schedule import back_up_by_schedule
from common.db.engine import reading
from common.db.schema import Schema, require_schema
from common.errors import TemporaryFault
from common.event_hub.setting_up import make_deliverer
from common.interfaces.calling import make_caller
from common.journal.pruning import prune_by_schedule
from common.link.activity import LinkActivity
from common.link.ports import LinkNode
from common.log import get_logger
from common.messaging.link_reader import LinkReader
from common.messaging.replica import ClaimLink
from common.messaging.writer import Writer
from common.program import rest_interface
from common.program.data_directory import DataDirectory
from common.program.http_servers import HttpServer, listen_tcp, listen_unix
from common.program.logs import configure_logs
from common.program.node import CommandWriter, Node
from common.rest.upkeep import forget_by_schedule
from common.settings import ApiSettings, NodeSettings, ReplicaRole
from common.sign_in.upkeep import look_after_by_schedule
from common.tracing.starting import start_tracing

log = get_logger()

S = TypeVar("S", bound=NodeSettings)


class Program(Protocol):
    """What a role adds to serving."""

    node: Node
    admin_app: Starlette
    health_app: Starlette

    def api_app(self) -> Starlette:
        """The public REST interface; asked for where it is on."""

    def timed_commands(self) -> list[Any]:
        """What is due now. Asked on the writer's thread, some times a second."""

    async def start(self, writer: Writer) -> None:
        """The writer runs: opens ports, links, subscriptions."""

    async def stop(self) -> None:
        """Ends what `start` began, links in good order."""


OpenProgram = Callable[[DataDirectory, S], Program]


def serve(
    data_dir: Path,
    settings_type: type[S],
    schema: Schema,
    open_program: OpenProgram[S],
    roles: Sequence[ReplicaRole] = (),
) -> None:
    """Serves until SIGTERM or SIGINT. Returns when everything is durable and closed. `roles`: in place of those that
    the settings name.

    Raises DataDirectoryMissing, DataDirectoryInUse, SettingsInvalid, SchemaOutOfDate, SchemaTooNew, PortInUse, and what
    `open_program` raises.
    """
    data = DataDirectory(data_dir)
    with data.locked():
        settings = data.load_settings(settings_type)
        if roles:
            replica = settings.replica.model_copy(update={"roles": tuple(roles)})
            settings = settings.model_copy(update={"replica": replica})
        configure_logs(settings.log_level, settings.code)
        check_schema(data, schema)
        asyncio.run(_serve(data, settings, schema, open_program))


def check_schema(data: DataDirectory, schema: Schema) -> None:
    """Raises SchemaOutOfDate, SchemaTooNew, or a fault of `common.db.faults`, unless the database is as this release
    needs it."""
    with reading(data.url) as connection:
        require_schema(connection, schema)


async def _serve(data: DataDirectory, settings: S, schema: Schema, open_program: OpenProgram[S]) -> None:
    stopping = _stop_on_signals()
    program = open_program(data, settings)
    node = program.node
    stop_tracing = start_tracing(node)
    writer = Writer(node.core.dispatcher, node.clock, program.timed_commands, node.group_ran, settings.writer)
    writer.start(asyncio.get_running_loop())
    node.writer = writer
    try:
        await program.start(writer)
        https = _Http(data, settings, program)
        pruning = asyncio.create_task(prune_by_schedule(node, settings.retention))
        forgetting = asyncio.create_task(forget_by_schedule(node))
        looking_after = asyncio.create_task(look_after_by_schedule(node))
        expiring = asyncio.create_task(expire_by_schedule(node))
        backups = asyncio.create_task(back_up_by_schedule(node, schema, settings.backup))
        calling_out = _call_out(node) if "worker" in settings.replica.roles else []
        try:
            health = f"http://{data.read_address('http')}"
            rest = rest_interface.state(settings, data)
            shown = rest["url"] or f"off ({rest['off']})"
            software = node.context.software_version
            log.info("node serves", role=node.role.name, software=software, health=health, rest=shown)
            await stopping.wait()
            log.info("node stops")
        finally:
            pruning.cancel()
            forgetting.cancel()
            looking_after.cancel()
            expiring.cancel()
            backups.cancel()
            for task in calling_out:
                task.cancel()
            await asyncio.gather(*calling_out, return_exceptions=True)
            await _within(settings.program.stop_timeout_ms, https.stop())
    finally:
        await _within(settings.program.stop_timeout_ms, program.stop())
        await asyncio.to_thread(writer.stop)
        await _within(settings.program.stop_timeout_ms, asyncio.to_thread(stop_tracing))
        node.close()
    log.info("node stopped")


def _call_out(node: Node) -> list[asyncio.Task[None]]:
    """What this process does beside the node towards other systems."""
    return [asyncio.create_task(worker.run()) for worker in (make_deliverer(node), make_caller(node))]


def _stop_on_signals() -> asyncio.Event:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return stopping


async def _within(timeout_ms: int, ending: Awaitable[None]) -> None:
    """What ends in good order, if it does so in time: nothing that is durable depends on it."""
    with suppress(TimeoutError):
        await asyncio.wait_for(ending, timeout_ms / 1000)


class _Http:
    """The HTTP servers, and where they are."""

    def __init__(self, data: DataDirectory, settings: NodeSettings, program: Program) -> None:
        self._data = data
        http = settings.http
        port = sticky_port(data, "http", http.port)
        listening = listen_tcp(http.host, port, "http.port")
        data.write_address("http", f"{http.host}:{listening.getsockname()[1]}")
        self._servers = [HttpServer(program.health_app, listening)]
        self._socket: Path | None = None
        data.remove_address(rest_interface.ADDRESS)
        if "web" in settings.replica.roles:
            self._socket = data.new_admin_socket()
            self._servers.append(HttpServer(program.admin_app, listen_unix(self._socket)))
            data.write_address("admin", str(self._socket))
            if rest_interface.why_off(settings) is None:
                self._servers.append(_api_server(settings.api, program))
                data.write_address(rest_interface.ADDRESS, f"{settings.api.host}:{settings.api.port}")
        for server in self._servers:
            server.start()

    async def stop(self) -> None:
        """Takes the admin socket away, so that commands act on the data directory themselves."""
        if self._socket is not None:
            self._data.remove_address("admin")
            self._data.remove_admin_socket(self._socket)
        self._data.remove_address(rest_interface.ADDRESS)
        await asyncio.gather(*(server.stop() for server in self._servers))


def _api_server(api: ApiSettings, program: Program) -> HttpServer:
    return HttpServer(
        program.api_app(),
        listen_tcp(api.host, api.port, "api.port"),
        head_seconds_max=api.head_seconds_max,
        connections_max=api.connections_max,
        certificate_file=api.tls_certificate_file,
        key_file=api.tls_key_file,
    )


def sticky_port(data: DataDirectory, name: str, configured: int) -> int:
    """The port to listen on. Where the system chooses (0), the one it chose before, if it is still free: whoever was
    told the address finds the node there again after a restart."""
    if configured:
        return configured
    former = data.read_address(name).rpartition(":")[2]
    return int(former) if former.isdigit() and _is_free(int(former)) else 0


def free_port() -> int:
    """A port that is free now."""
    with listen_tcp("0.0.0.0", 0, "") as listening:  # noqa: S104 - only to see which.
        return int(listening.getsockname()[1])


def _is_free(port: int) -> bool:
    try:
        listen_tcp("0.0.0.0", port, "").close()  # noqa: S104 - only to see whether it could be had.
    except Exception:
        return False
    return True


def link_node(node: Node, writer: Writer, **parts: Any) -> LinkNode:
    """The node as its links see it. `parts`: what only one of the two ends has."""

    return LinkNode(
        node=node.context.node,
        dispatcher=writer,
        store=LinkReader(node.reads.engine, node.core.incarnation),
        directory=node.core.directory,
        judge=node.core.judge,
        clock=node.clock,
        settings=node.settings.link,
        alarm=partial(alarm_of, node),
        software_version=node.context.software_version,
        executor=node.reads.executor,
        claim=(lambda peer: writer.execute(ClaimLink(peer))) if node.core.replica is not None else None,
        **parts,
    )


def alarm_of(node: Node, kind: str, subject: str, detail: str) -> None:
    """Raises an alarm at a node; nobody waits for it."""
    execute_and_forget(node.writer, RaiseAlarm(kind, subject, detail))


def execute_and_forget(writer: CommandWriter, command: Any) -> None:
    """Runs a command that nobody waits for; what it fails with is logged."""

    def done(future: asyncio.Future[Any]) -> None:
        if not future.cancelled() and (error := future.exception()) is not None:
            log.error("command failed", command=type(command).__name__, error=str(error))

    with suppress(TemporaryFault):
        asyncio.ensure_future(writer.execute(command)).add_done_callback(done)


def on_loop(loop: asyncio.AbstractEventLoop, function: Callable[..., Any], *args: Any) -> None:
    """Hands a call from the writer's thread to the event loop; a loop that has ended needs no calls."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(function, *args)


def activities_of(activity: LinkActivity) -> dict[str, LinkActivity]:
    """The one link of a province, by its peer."""
    return {activity.peer: activity}
