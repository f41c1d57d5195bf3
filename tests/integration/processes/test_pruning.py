"""HQ is killed at every point of archiving, pruning and erasing: nothing is lost, nothing archived twice, and all that
was signed still verifies."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from typing import Any

from common.evidence.verifier import PROVED, verify_evidence
from common.journal.archive import JournalArchive
from province_node.directory.membership import Membership
from tests.integration.programs.test_programs import ask, customer, the_end
from tests.support.dying import POINTS_OF_ERASING, POINTS_OF_PRUNING, DyingNode
from tests.support.processes import NodeProcess, ProcessFederation

SETTINGS = "\n[retention]\nslice_batches = 1\n\n[link]\nbackoff_first_s = 0.05\nbackoff_most_s = 0.5\n"
REQUESTS = 6
GROUPS = 64
"""Of a comparison, at most."""
LINKS = ("00>31", "00>44", "31>00", "44>00")


class FederationWithDyingHq(ProcessFederation):
    """HQ dies where it is told to."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, ("31", "44"), SETTINGS)
        self.hq: DyingNode = DyingNode("hq_node", self.hq.data_dir)


def test_hq_killed_anywhere_in_pruning_and_erasing_loses_nothing(tmp_path: Path) -> None:
    with FederationWithDyingHq(tmp_path) as federation:
        hq, shanghai = federation.hq, federation["31"]
        federation["44"].post("/customers/import", {"rows": [customer(1, "44-A1", "13800000001")]})
        profile = ask(shanghai, "query-customer-profile", "44", {"service_number": "13800000001"})
        requests = [profile]
        the_end(shanghai, profile)
        for _ in range(REQUESTS):  # One after the other: each has batches of its own.
            requests.append(ask(shanghai, "query-node-status", "44", {}))
            the_end(shanghai, requests[-1])
        hq.stop()
        for point in POINTS_OF_PRUNING:
            hq.dies(point, "/journal/prune?slices=3")  # What the one before has archived is deleted first.
        hq.start()
        assert not hq.post("/journal/prune?slices=1000")["more"]
        assert sound(hq) == {}
        archived = {link: batches_of(hq, link) for link in LINKS}
        assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in archived.values()), archived
        assert all(numbers for numbers in archived.values())
        assert same_at_both_ends(federation)
        assert [verdict(federation, request) for request in requests] == [PROVED] * len(requests)
        hq.stop()
        for point in POINTS_OF_ERASING:
            hq.dies(point, f"/private-bodies/{profile}/erase")
        hq.start()
        hq.post(f"/private-bodies/{profile}/erase")
        erased = hq.post(f"/private-bodies/{profile}/erase")
        assert (erased["stored"], erased["archived"]) == (0, 0)
        assert {link: batches_of(hq, link) for link in LINKS} == archived
        assert sound(hq) == {}
        assert verdict(federation, profile) == PROVED
        for code in federation.provinces:
            hq.wait_for("link open", peer=code)
        assert the_end(shanghai, ask(shanghai, "query-node-status", "44", {}))["state"] == "completed"


def sound(node: NodeProcess) -> dict[str, Any]:
    """What an audit of all journals finds."""
    faults: dict[str, Any] = {}
    for item in node.get("/journal")["items"]:
        place: int | None = 0
        while place is not None:
            found = node.get(f"/journal/{item['link'].replace('>', '-')}/verify", after=place)
            if found["faults"]:
                faults.setdefault(item["link"], []).extend(found["faults"])
            place = found["next"]
    return faults


def batches_of(node: DyingNode, link: str) -> list[int]:
    """The numbers of all that is archived of a link, each record checked."""
    return [row.seal_number for row in JournalArchive(node.data_dir / "archive").rows(link)]


def same_at_both_ends(federation: ProcessFederation) -> bool:
    """Whether the provinces, which have pruned nothing, hold the same as HQ."""
    for code, province in federation.provinces.items():
        for link in (f"00-{code}", f"{code}-00"):
            last = min(
                node.get(f"/journal/{link}/ranges", first=1, last=0, every=1)["last_seal"]
                for node in (federation.hq, province)
            )
            question = {"first": 1, "last": last, "every": -(-last // GROUPS)}
            if (
                federation.hq.get(f"/journal/{link}/ranges", **question)["digests"]
                != province.get(f"/journal/{link}/ranges", **question)["digests"]
            ):
                return False
    return True


def verdict(federation: ProcessFederation, request_id: str) -> str:
    """What HQ's evidence of a request proves, by the root key that a province was given when it joined."""
    root = Membership.load(federation["31"].data_dir).root_public_key
    file = b64decode(federation.hq.get(f"/evidence/{request_id}")["file"])
    return str(verify_evidence(file, [root]).verdict)
