"""A node with operators, roles and a public REST interface at which they sign in, in one thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from starlette.applications import Starlette

from common.access_control.actor import SYSTEM, Actor, local_actor
from common.access_control.events import AccessChanged
from common.api_tokens.repository import api_tokens
from common.approvals.repository import approvals, substitutions
from common.audit.queries import Sought, search
from common.communication.setting_up import add_communication
from common.communication.settings import CommunicationSettings
from common.db.engine import open_reader
from common.ids import HQ
from common.metrics import NodeMetrics
from common.operators.commands import CreateOperator, Post
from common.operators.keeper import AccessKeeper
from common.operators.repository import operators, posts, team_members, teams
from common.organisations.commands import CreateOrganisation, FoundOrganisations
from common.organisations.queries import has_root
from common.program.data_directory import DataDirectory
from common.program.inline_writer import InlineWriter
from common.program.node import Node, add_sign_in
from common.program.reads import Reads
from common.rest.access import ByRights
from common.rest.app import build_api
from common.rest.resource import Api
from common.settings import ApiSettings, NodeSettings
from common.sign_in.callers import CSRF_HEADER
from common.sign_in.repository import credentials, sessions, sign_in_failures
from hq_node.settings import HqSettings
from hq_node.web import ROLE as HQ_ROLE
from hq_node.web import api_app as hq_app
from hq_node.web import rest_apis as hq_apis
from province_node.settings import ProvinceSettings
from province_node.web import ROLE as PROVINCE_ROLE
from province_node.web import api_app as province_app
from province_node.web import rest_apis as province_apis
from tests.support.federation import SHANGHAI, Federation
from tests.support.rest import CHEAP
from tests.support.stores import Databases

OWNER = local_actor("root")
CITY, OTHER, HALL = "310100", "310200", "hall-1"
SIGN_IN_ADDRESS = "/api/accessManagement/v1"
PASSWORD = "Zq7!correct-horse"


class AccessNode:
    """Shanghai (or headquarters) in a federation in one thread, with an organisation tree and people."""

    def __init__(
        self,
        databases: Databases,
        room: Path,
        node: str = SHANGHAI,
        apis: Callable[[Node], Sequence[Api]] | None = None,
        access: Any = None,
        federation: Federation | None = None,
        **limits: Any,
    ) -> None:
        self.federation = federation or Federation(databases)
        self.clock = self.federation.clock
        core = self.core = self.federation.cores[node]
        api = ApiSettings(**{"caller_calls_at_once": 10**9, "address_calls_at_once": 10**9, **limits})
        self.settings: NodeSettings
        if node == HQ:
            self.settings = HqSettings(api=api, sign_in=CHEAP)
        else:
            self.settings = ProvinceSettings(node=node, api=api, sign_in=CHEAP)
        self.node = Node(
            role=HQ_ROLE if node == HQ else PROVINCE_ROLE,
            data=DataDirectory(room),
            settings=self.settings,
            clock=self.clock,
            core=core,
            reads=Reads(open_reader(self.federation.urls[node], 4), 4),
            writer=InlineWriter(core.dispatcher),
            metrics=NodeMetrics(node, "any", "0"),
        )
        self.node.access = _keeper(self.node)
        core.dispatcher.subscribe(AccessChanged, self.node.access.changed)
        self.entropy = self.federation._entropy
        add_sign_in(self.node, self.entropy)
        if node != HQ:
            add_communication(self.node, CommunicationSettings())
        self._logged = 0
        self._apis = apis or (hq_apis if node == HQ else province_apis)
        self.apis = self._apis(self.node)
        self.app: Starlette = self.build(access)
        self.run(FoundOrganisations(), SYSTEM)

    def build(self, access: Any = None) -> Starlette:
        """The application: as the program has it, or with other rows and fields for callers."""
        if access is None and self._apis in (hq_apis, province_apis):
            return hq_app(self.node) if self.core.node == HQ else province_app(self.node)
        return build_api(self.node, self.apis, access or ByRights(self.core.node), self.node.sign_in.callers.actor_of)

    def plant_organisations(self) -> None:
        """Two cities, and a hall in the first."""
        if self.node.reads.now(has_root, CITY):
            return
        self.run(CreateOrganisation(CITY, "city", "First", SHANGHAI))
        self.run(CreateOrganisation(OTHER, "city", "Second", SHANGHAI))
        self.run(CreateOrganisation(HALL, "branch", "Hall", CITY))

    def run(self, command: Any, actor: Actor = OWNER) -> Any:
        return InlineWriter(self.core.dispatcher).run(command, actor)

    def acting(self, operator: str, organisation: str = "") -> Actor:
        """The operator as one who calls."""
        return self.node.access.now().actor(operator, organisation)

    def run_alone(self, command: Any) -> Any:
        """What the node does by itself."""
        return self.run(command, SYSTEM)

    def failures(self) -> int:
        """Of how many names and addresses failed sign-ins are remembered."""
        count = sa.select(sa.func.count()).select_from(sign_in_failures)
        return int(self.node.reads.now(lambda connection: connection.execute(count).scalar_one()))

    async def add(self, operator: str, role: str, organisation: str = SHANGHAI) -> str:
        """An operator with one post; their one-time password."""
        self.run(CreateOperator(operator, operator.title(), organisation, (Post(organisation, role),)))
        password, _ = await self.node.sign_in.set_one_time_password(OWNER, operator)
        return password

    async def signed_in(self, operator: str, role: str, organisation: str = SHANGHAI) -> httpx.AsyncClient:
        """Somebody new, who has chosen a password and is signed in."""
        one_time = await self.add(operator, role, organisation)
        client = self.client()
        await sign_in(client, operator, one_time)
        answer = await client.post(f"{SIGN_IN_ADDRESS}/ownPassword", json={"old": one_time, "new": PASSWORD})
        assert answer.status_code == 200, answer.text
        client.headers[CSRF_HEADER] = answer.json()["csrfToken"]
        return client

    def client(self, address: str = "10.0.0.7", **headers: str) -> httpx.AsyncClient:
        """A browser, with cookies of its own."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 1))
        return httpx.AsyncClient(transport=transport, base_url="https://node", headers=headers)

    def log(self, **sought: str) -> list[dict[str, Any]]:
        """The audit log, the oldest first."""
        found = self.node.reads.now(search, Sought(**sought), 0, 500)["items"]  # type: ignore[arg-type]
        return [entry for entry in reversed(found) if entry["number"] > self._logged]

    def empty(self) -> None:
        """Nobody is there any more; organisations stay, and so does the audit log, of which `log` shows what is new."""
        connection = self.core.connection
        people = (credentials, sessions, sign_in_failures, api_tokens, team_members, teams, posts, operators)
        for table in (*people, approvals, substitutions):
            connection.execute(sa.delete(table))
        connection.commit()
        self.node.access = _keeper(self.node)
        self.core.dispatcher.subscribe(AccessChanged, self.node.access.changed)
        add_sign_in(self.node, self.entropy)
        self.apis = self._apis(self.node)
        self.app = self.build()
        self._logged = max((entry["number"] for entry in self.log()), default=self._logged)

    def close(self) -> None:
        self.node.sign_in.passwords.close()
        self.node.reads.close()
        self.federation.close()


def _keeper(node: Node) -> AccessKeeper:
    return AccessKeeper(node.reads, node.clock, shared=False, limits=lambda: node.context.access_limits)


async def sign_in(client: httpx.AsyncClient, operator: str, password: str, **more: str) -> httpx.Response:
    """Signs in; what was answered. From then on the client sends the token that goes with its cookie."""
    given = {"operator": operator, "password": password, **more}
    answer = await client.post(f"{SIGN_IN_ADDRESS}/signIn", json=given)
    if answer.status_code == 200:
        client.headers[CSRF_HEADER] = answer.json()["csrfToken"]
    return answer
