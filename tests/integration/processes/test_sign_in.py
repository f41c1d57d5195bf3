"""The first administrator of a real node: let in by what `init` printed, and still known after a power cut."""

from __future__ import annotations

from pathlib import Path

import httpx

from common.program.http_servers import listen_tcp
from hq_node import bootstrap as hq
from tests.support.access import PASSWORD, SIGN_IN_ADDRESS, sign_in
from tests.support.processes import NodeProcess
from tests.support.stores import Databases


async def test_who_signed_in_with_the_printed_password_is_known_after_a_power_cut(
    databases: Databases, tmp_path: Path
) -> None:
    directory = tmp_path / "hq"
    url = databases.empty() if databases.store == "postgres" else ""
    one_time = hq.init(directory, link_port=0, enrolment_port=0, http_port=0, database_url=url)
    with listen_tcp("127.0.0.1", 0, "") as free:
        port = free.getsockname()[1]
    with (directory / "node.toml").open("a") as settings:
        settings.write(f"\n[api]\nport = {port}\n")
    node = NodeProcess("hq_node", directory).start()
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            answer = await sign_in(client, "admin", one_time)
            assert (answer.status_code, answer.json()["mustChangePassword"]) == (200, True)
            cookie = {"Cookie": answer.headers["set-cookie"].partition(";")[0]}
            wish = {"old": one_time, "new": PASSWORD}
            changed = await client.post(f"{SIGN_IN_ADDRESS}/ownPassword", json=wish, headers=cookie)
            assert changed.status_code == 200, changed.text
            cookie = {"Cookie": changed.headers["set-cookie"].partition(";")[0]}
            node.kill()
            node.start()
            account = (await client.get(f"{SIGN_IN_ADDRESS}/ownAccount", headers=cookie)).json()
            assert (account["operator"], account["organisationId"]) == ("admin", "00")
            assert {"permission": "operator:create", "scope": "NETWORK"} in account["permission"]
            refused = await sign_in(client, "admin", one_time)
            assert refused.json()["code"] == "SIGN_IN_REFUSED"
    finally:
        node.stop()
    said = node.said()
    assert one_time not in said
    assert PASSWORD not in said
