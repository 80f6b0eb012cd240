"""The fake network is an adapter like any other: it passes the suite that all have to pass."""

from __future__ import annotations

import pytest

from bot.testing import FakeNetwork
from bot.testing.conformance import Conformance, Network
from bot.types import Limits, Message, Received, Unit, UserRef
from tests.delivery.replies import PLACE

LIMITS = {
    "edits": Limits(2000, collapsible=True),
    "UTF-16": Limits(4096, Unit.UTF16, collapsible=True),
    "drafts": Limits(4096, draft=True, collapsible=True),
}


class TestFakeNetwork(Conformance):
    @pytest.fixture(params=LIMITS)
    def network(self, request: pytest.FixtureRequest) -> Network:
        fake = FakeNetwork(limits=LIMITS[request.param])

        async def say(text: str) -> None:
            ann = UserRef("fake", "ann", "Ann")
            fake.tell(Received(PLACE, Message("user", text, ann, id="1")))

        async def remove() -> None:
            fake.remove(fake.refs(PLACE)[-1])

        return Network(fake, PLACE, lambda: fake.texts(PLACE), say, remove)
