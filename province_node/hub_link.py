"""A province's link to the hub: whom it dials, as whom, and how it takes the hub's directories."""

from __future__ import annotations

import random
from functools import partial

import grpc

from common.directory.own_keys import NodeKeys
from common.directory.repository import latest
from common.gen.quanwang.federation.v1 import directory_pb2
from common.messaging.writer import Writer
from common.program.node import Node
from common.program.serving import link_node
from common.recovery.queries import journal_behind
from common.rpc.link import LinkDialler
from common.security import tls
from province_node.directory.commands import TakeDirectory
from province_node.directory.key_desk import OwnMembership
from province_node.recovery.giving import Giving


def channel_credentials(keys: NodeKeys, membership: OwnMembership) -> grpc.ChannelCredentials:
    """As whom the node shows itself to HQ at this moment."""
    current = membership.current
    key = keys.keyring.tls_key_pem_of(current.tls_certificate_pem)
    return tls.province_channel_credentials(key, current.tls_certificate_pem, current.tls_authority_pem)


def make_dialler(node: Node, writer: Writer, keys: NodeKeys, membership: OwnMembership) -> LinkDialler:
    """What keeps the link to HQ up. On the event loop that is to run it."""

    async def accept_directory(signed: directory_pb2.SignedDirectory) -> None:
        await writer.execute(TakeDirectory(signed.SerializeToString()))

    async def latest_directory() -> directory_pb2.SignedDirectory | None:
        return await node.reads.run(latest)

    credentials = partial(channel_credentials, keys, membership)
    giving = Giving(
        node.core.node,
        lambda: membership.current.link_address,
        credentials,
        node.settings.link,
        lambda wanted, after: node.reads.run(journal_behind, node.archive, node.core.node, wanted, after),
        latest_directory,
    )
    link = link_node(node, writer, accept_directory=accept_directory)
    # Chance spreads the provinces' attempts; nothing depends on its quality.
    return LinkDialler(link, membership.current.link_address, credentials, random.random, giving.run)
