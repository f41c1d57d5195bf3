"""A province's settings: what both nodes have, and which province it is."""

from __future__ import annotations

from pydantic import Field

from common.communication.settings import CommunicationSettings
from common.settings import NodeSettings, PersonalDataSettings


class ProvinceSettings(NodeSettings):
    """The settings of a province's node. Where HQ is, the enrolment says (`federation.json`)."""

    node: str = Field(pattern=r"^[0-9]{2}$")
    """The province's code by GB/T 2260, such as 31 for Shanghai."""
    personal_data: PersonalDataSettings = PersonalDataSettings()
    communication: CommunicationSettings = CommunicationSettings()

    @property
    def code(self) -> str:
        return self.node
