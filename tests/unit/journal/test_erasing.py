"""Personal data can be erased from everywhere that a node stores it; what was signed still verifies."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.evidence.verifier import PROVED
from common.gen.quanwang.customers.v1 import profile_pb2
from common.ids import HQ
from common.journal.erasing import erase
from common.journal.model import RequestStillOpen
from common.requests.commands import ActingFor, SubmitServiceRequest
from common.requests.model import RequestNotFound
from tests.support.evidence import Forgery, codes, export, verify
from tests.support.federation import GUANGDONG, SHANGHAI, Federation
from tests.support.pruning import let_days_pass, pruning_node


def query_profile(federation: Federation) -> bytes:
    """A request with personal data in it, which ends as it may."""
    private = profile_pb2.QueryCustomerProfilePrivateRequest(service_number="13800138000")
    command = SubmitServiceRequest(
        kind="query-customer-profile",
        destinations=(GUANGDONG,),
        private=private.SerializeToString(),
        acting=ActingFor(customer_authentication="SERVICE_PASSWORD"),
    )
    return bytes(federation.execute(SHANGHAI, command).request_id)


def private_bodies(federation: Federation, node: str, request_id: bytes, archive: object = None) -> int:
    """How many ciphertexts the node still holds of a request."""
    file = export(federation, node, request_id, private_bodies=True, archive=archive)  # type: ignore[arg-type]
    return sum(bool(envelope.private_body) for envelope in Forgery(federation, file).bundle.envelopes)


@pytest.mark.parametrize("node", [HQ, SHANGHAI, GUANGDONG])
@pytest.mark.parametrize("pruned", [False, True], ids=["live", "archived"])
async def test_erased_data_is_gone_and_the_rest_is_proved(
    federation: Federation, node: str, pruned: bool, tmp_path: Path
) -> None:
    request_id = query_profile(federation)
    federation.run()
    federation.suspend()
    federation.run()
    with pruning_node(federation, node, tmp_path) as pruning:
        if pruned:
            let_days_pass(federation, 200)
            assert (await pruning.prune()).batches > 0
        assert private_bodies(federation, node, request_id, pruning.archive) > 0
        first = await erase(pruning, request_id)
        assert first.stored + first.archived > 0
        assert private_bodies(federation, node, request_id, pruning.archive) == 0
        again = await erase(pruning, request_id)
        assert (again.stored, again.archived, again.next) == (0, 0, None)
        verdict = verify(federation, export(federation, node, request_id, archive=pruning.archive))
        links = pruning.archive.links()
        assert all(list(pruning.archive.rows(link)) for link in links)
    assert (verdict.verdict, codes(verdict)) == (PROVED, {"PRIVATE_BODY_ABSENT"})


async def test_erasing_goes_on_archive_by_archive(federation: Federation, tmp_path: Path) -> None:
    request_id = query_profile(federation)
    federation.run()
    federation.suspend()
    federation.run()
    let_days_pass(federation, 200)
    with pruning_node(federation, HQ, tmp_path) as pruning:
        await pruning.prune()
        steps = [await erase(pruning, request_id, files_max=1)]
        while (after := steps[-1].next) is not None:
            steps.append(await erase(pruning, request_id, after, 1))
        assert private_bodies(federation, HQ, request_id, pruning.archive) == 0
    assert [step.files_done for step in steps] == list(range(1, len(steps) + 1))
    assert len(steps) == steps[0].files > 1
    assert sum(step.archived > 0 for step in steps) > 1


async def test_data_of_an_open_request_is_not_erased(federation: Federation, tmp_path: Path) -> None:
    request_id = query_profile(federation)  # On its way: nothing has been delivered yet.
    with pruning_node(federation, SHANGHAI, tmp_path) as pruning, pytest.raises(RequestStillOpen):
        await erase(pruning, request_id)


async def test_an_unknown_request_is_named(federation: Federation, tmp_path: Path) -> None:
    with pruning_node(federation, HQ, tmp_path) as pruning, pytest.raises(RequestNotFound):
        await erase(pruning, bytes(16))
