"""A province's link to the hub: whom it dials, as whom, and how it takes the hub's directories."""

from __future__ import annotations

import random

import grpc

from common.gen.quanwang.federation.v1 import directory_pb2
from common.messaging.writer import Writer
from common.program.node import Node
from common.program.serving import link_node
from common.rpc.link import LinkDialler
from common.security import tls
from common.security.keyring import Keyring
from province_node.directory.commands import TakeDirectory
from province_node.directory.membership import Membership


def make_dialler(node: Node, writer: Writer, keyring: Keyring, membership: Membership) -> LinkDialler:
    """What keeps the link to HQ up. On the event loop that is to run it."""

    async def accept_directory(signed: directory_pb2.SignedDirectory) -> None:
        await writer.execute(TakeDirectory(signed.SerializeToString()))

    def credentials() -> grpc.ChannelCredentials:
        return tls.province_channel_credentials(
            keyring.tls_key_pem, membership.tls_certificate_pem, membership.tls_authority_pem
        )

    link = link_node(node, writer, accept_directory=accept_directory)
    # Chance spreads the provinces' attempts; nothing depends on its quality.
    return LinkDialler(link, membership.link_address, credentials, random.random)
