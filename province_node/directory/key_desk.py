"""How a province replaces its keys: it asks HQ on the federation port, as itself, and keeps what it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import grpc
import grpc.aio

from common.directory.own_keys import NodeKeys
from common.directory.rotation import KeyRotation
from common.errors import Refusal, TemporaryFault
from common.gen.quanwang.federation.v1 import enrolment_pb2 as pb
from common.gen.quanwang.federation.v1 import enrolment_pb2_grpc as pb_grpc
from common.program.key_keeper import RotationAnswer
from common.program.node import Node
from common.rpc.status import reason_code_of
from common.security import tls
from common.security.keyring import KeyNotHeld, KeyringUse
from province_node.directory.commands import TakeDirectory
from province_node.directory.membership import Membership

CALL_TIMEOUT_S = 15.0

_AWAY = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED})


class HqAway(TemporaryFault):
    """HQ does not answer at the moment."""

    en = "HQ does not answer at {address} ({detail}). The next keys are stored; the node asks again by itself."
    zh = "总部 {address} 暂无应答（{detail}）。新密钥已保存，节点将自动重试。"


class RotationRefused(Refusal):
    """HQ said no; `reason_code` is its own."""

    en = "HQ refused to name the next keys ({reason_code}): {detail}"
    zh = "总部拒绝登记新密钥（{reason_code}）：{detail}"


class OwnMembership:
    """The membership while the node runs: replaced with its certificate."""

    def __init__(self, data_dir: Path, membership: Membership) -> None:
        self._data_dir = data_dir
        self.current = membership

    def replace_certificate(self, certificate: bytes) -> None:
        """Stores the next certificate (PEM). Raises OSError."""
        membership = replace(self.current, tls_certificate_pem=certificate)
        membership.save(self._data_dir)
        self.current = membership


class ProvinceKeyDesk:
    """`renewed` is called when there is a new certificate: the link is then dialled with it."""

    def __init__(self, node: Node, keys: NodeKeys, membership: OwnMembership, renewed: Callable[[], None]) -> None:
        self._node = node
        self._keys = keys
        self._membership = membership
        self._renewed = renewed

    def certificate(self) -> bytes:
        return self._membership.current.tls_certificate_pem

    async def look_again(self, keys: NodeKeys) -> None:
        """A province is one process: nobody else changes its keys."""

    async def ask(self, wish: KeyRotation, rotation: bytes, signature: bytes) -> RotationAnswer:
        membership = self._membership.current
        credentials = tls.province_channel_credentials(
            self._keys.keyring.tls_key_pem_of(membership.tls_certificate_pem),
            membership.tls_certificate_pem,
            membership.tls_authority_pem,
        )
        address = membership.link_address
        async with grpc.aio.secure_channel(address, credentials, options=tls.hq_name_options()) as channel:
            try:
                answer: pb.RotateKeysResponse = await pb_grpc.NodeKeysServiceStub(channel).RotateKeys(
                    pb.RotateKeysRequest(rotation=rotation, signature=signature), timeout=CALL_TIMEOUT_S
                )
            except grpc.aio.AioRpcError as error:
                reason_code = reason_code_of(error) or error.code().name
                if error.code() in _AWAY:
                    raise HqAway(address=address, detail=reason_code) from error
                raise RotationRefused(reason_code=reason_code, detail=error.details() or "") from error
        return RotationAnswer(
            tls.der_to_pem(answer.tls_certificate) if answer.tls_certificate else b"",
            answer.directory.SerializeToString() if answer.HasField("directory") else b"",
        )

    async def keep_certificate(self, certificate: bytes) -> None:
        membership, key = self._membership.current, self._keys.keyring.tls_key
        tls.require_issued_for(certificate, membership.tls_authority_pem, membership.node, key.public_key())
        await asyncio.to_thread(self._membership.replace_certificate, certificate)
        self._renewed()

    async def rotate_root(self, keys: NodeKeys) -> None:
        raise KeyNotHeld(use=KeyringUse.ROOT)

    async def forget_root(self, keys: NodeKeys, public_key: bytes, proof: bytes) -> None:
        raise KeyNotHeld(use=KeyringUse.ROOT)

    async def drop_former_roots(self, keys: NodeKeys) -> list[str]:
        return []

    async def take_directory(self, signed: bytes) -> None:
        await self._node.writer.execute(TakeDirectory(signed))
