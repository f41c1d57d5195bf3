"""Message brokers as a carrier might use in place of our links: started for a measurement, spoken to, stopped.

Both brokers store what they are given on disk and confirm it only then: JetStream's file storage, RabbitMQ's durable
queues with persistent messages and publisher confirms. In favour of the brokers: no TLS between nodes and broker, one
broker without replicas, and (NATS before 2.10) no flush to the disk at each message, since it cannot be told to.

Neither the servers nor their clients belong to the project; `missing` says how to get them.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol

HOST = "127.0.0.1"
PAYLOAD_BYTES_MAX = 8 * 1024 * 1024
IN_FLIGHT_MAX = 2_048
"""How many messages a broker gives to a node before the first of them is acknowledged."""

STARTS_WITHIN_S = 60.0
READY = {"nats": b"Server is ready", "rabbitmq": b"completed with"}
"""What a server says when it takes connections."""

Ack = Callable[[], Coroutine[Any, Any, None]]
Take = Callable[[bytes, Ack], None]
"""`take(message, ack)`: called in order, on the event loop; `ack` is awaited when the message is durable here."""

RABBITMQ_PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


class BrokerFailed(Exception):
    """A broker's server ended at its start; the message is what it said."""


class Broker(Protocol):
    """A connection to a broker."""

    async def connect(self, address: str) -> None: ...

    async def open_queue(self, queue: str) -> None:
        """Makes a durable queue, where there is none."""

    async def consume(self, queue: str, take: Take) -> None: ...

    async def publish(self, queue: str, message: bytes) -> None:
        """Returns when the broker has stored the message. Calls that overlap keep their order."""

    async def close(self) -> None: ...


class Nats:
    """NATS JetStream: one stream for a queue, with file storage."""

    def __init__(self) -> None:
        self._nats = importlib.import_module("nats")
        self._api = importlib.import_module("nats.js.api")

    async def connect(self, address: str) -> None:
        self._connection = await self._nats.connect(address, pending_size=64 * 1024 * 1024)
        self._jetstream = self._connection.jetstream(publish_async_max_pending=IN_FLIGHT_MAX)

    async def open_queue(self, queue: str) -> None:
        await self._jetstream.add_stream(name=queue, subjects=[queue], storage=self._api.StorageType.FILE)

    async def consume(self, queue: str, take: Take) -> None:
        async def taken(message: Any) -> None:
            take(message.data, message.ack)

        config = self._api.ConsumerConfig(max_ack_pending=IN_FLIGHT_MAX, ack_wait=60.0)
        await self._jetstream.subscribe(queue, durable=queue, stream=queue, cb=taken, manual_ack=True, config=config)

    async def publish(self, queue: str, message: bytes) -> None:
        await self._jetstream.publish(queue, message, timeout=60.0)

    async def close(self) -> None:
        await self._connection.close()


class RabbitMq:
    """RabbitMQ: durable queues, persistent messages, publisher confirms."""

    def __init__(self) -> None:
        self._pika = importlib.import_module("aio_pika")

    async def connect(self, address: str) -> None:
        self._connection = await self._pika.connect(address)
        self._channel = await self._connection.channel(publisher_confirms=True)
        await self._channel.set_qos(prefetch_count=IN_FLIGHT_MAX)

    async def open_queue(self, queue: str) -> None:
        await self._channel.declare_queue(queue, durable=True)

    async def consume(self, queue: str, take: Take) -> None:
        async def taken(message: Any) -> None:
            take(message.body, message.ack)

        await (await self._channel.get_queue(queue)).consume(taken)

    async def publish(self, queue: str, message: bytes) -> None:
        persistent = self._pika.Message(message, delivery_mode=self._pika.DeliveryMode.PERSISTENT)
        await self._channel.default_exchange.publish(persistent, routing_key=queue)

    async def close(self) -> None:
        await self._connection.close()


CLIENTS: dict[str, Callable[[], Broker]] = {"nats": Nats, "rabbitmq": RabbitMq}

_WAYS = {
    "nats": ("nats", "the server `nats-server` (package nats-server) and the Python package nats-py"),
    "rabbitmq": ("aio_pika", "the server `rabbitmq-server` (package rabbitmq-server) and the Python package aio-pika"),
}


def missing(name: str) -> str:
    """What must be installed before this broker can be measured; empty when all is there."""
    module, way = _WAYS[name]
    program = shutil.which("nats-server") if name == "nats" else RABBITMQ_PROGRAM.exists()
    return "" if program and importlib.util.find_spec(module) else way


class Server:
    """A broker's own process, with its data below `place`."""

    def __init__(self, name: str, place: Path) -> None:
        self._name = name
        self._place = place
        self._port = _free_port()
        self._process: asyncio.subprocess.Process | None = None
        self._environment = {**os.environ, "HOME": str(place), "ERL_EPMD_PORT": str(_free_port())}

    @property
    def address(self) -> str:
        return f"{'nats' if self._name == 'nats' else 'amqp'}://{HOST}:{self._port}"

    async def start(self) -> None:
        """Returns when the broker takes connections. Raises BrokerFailed, TimeoutError."""
        self._place.mkdir(parents=True, exist_ok=True)
        command, settings = self._nats() if self._name == "nats" else self._rabbitmq()
        self._process = await asyncio.create_subprocess_exec(
            *command,
            env=self._environment | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        output = self._process.stdout
        assert output is not None
        async with asyncio.timeout(STARTS_WITHIN_S):
            await self._until_ready(output)
        self._draining = asyncio.ensure_future(_drain(output))

    async def stop(self) -> None:
        """Ends the process and whatever it started."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()
        if self._name == "rabbitmq" and shutil.which("epmd"):
            silent = subprocess.DEVNULL
            subprocess.run(["epmd", "-kill"], env=self._environment, check=False, stdout=silent, stderr=silent)

    def _nats(self) -> tuple[list[str], dict[str, str]]:
        configuration = self._place / "nats.conf"
        configuration.write_text(
            f'host: "{HOST}"\nport: {self._port}\nmax_payload: {PAYLOAD_BYTES_MAX}\n'
            f'jetstream {{ store_dir: "{self._place}" }}\n',
            encoding="utf-8",
        )
        return ["nats-server", "-c", str(configuration)], {}

    def _rabbitmq(self) -> tuple[list[str], dict[str, str]]:
        return [str(RABBITMQ_PROGRAM)], {
            "RABBITMQ_NODENAME": f"benchmark-{self._port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": HOST,
            "RABBITMQ_NODE_PORT": str(self._port),
            "RABBITMQ_DIST_PORT": str(_free_port()),
            "RABBITMQ_MNESIA_BASE": str(self._place / "data"),
            "RABBITMQ_LOG_BASE": str(self._place / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._place / "no-plugins"),
            "RABBITMQ_CONFIG_FILE": str(self._place / "no-configuration"),
        }

    async def _until_ready(self, output: asyncio.StreamReader) -> None:
        said = []
        while line := await output.readline():
            said.append(line)
            if READY[self._name] in line:
                return
        raise BrokerFailed(b"".join(said).decode(errors="replace"))


async def _drain(output: asyncio.StreamReader) -> None:
    """What a server says later is of no interest, but it must not fill the pipe."""
    while await output.read(65_536):
        pass


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
