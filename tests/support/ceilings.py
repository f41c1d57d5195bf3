"""Headquarters sets ceilings, and the provinces of a federation in one thread take the directory."""

from __future__ import annotations

from common.directory.repository import latest
from common.gen.quanwang.federation.v1 import directory_pb2
from common.ids import HQ
from hq_node.directory.commands import RemoveCeiling, SetCeiling
from tests.support.federation import Federation


def published(federation: Federation) -> directory_pb2.SignedDirectory:
    """The directory that HQ published last."""
    connection = federation.cores[HQ].connection
    signed = latest(connection)
    connection.rollback()
    assert signed is not None
    return signed


def limit(federation: Federation, subject: str, most: str, *nodes: str) -> None:
    """HQ's operator sets a ceiling; the provinces take the directory over their links."""
    federation.execute(HQ, SetCeiling(subject, most, "directive 7", nodes))
    federation.publish(published(federation))


def lift(federation: Federation, subject: str, *nodes: str) -> None:
    """HQ's operator takes one away."""
    federation.execute(HQ, RemoveCeiling(subject, "directive 8", nodes))
    federation.publish(published(federation))
