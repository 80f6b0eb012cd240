from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.access import Access, decided
from bot.store import Grant, Store
from bot.store.open import open_store
from bot.testing import FakeNetwork
from bot.types import Place, Role, UserRef, utcnow
from tests.core.house import ANNA, BEN, CHAT, SQLITE, furnish

IN_GUILD = Place("fake", "general", server="guild")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    furnish(tmp_path)
    async with open_store(SQLITE, tmp_path) as opened:
        yield opened


def access(store: Store, *allowed: str, owners: Collection[str] = ()) -> Access:
    network = FakeNetwork()
    network.admins.add(BEN)
    return Access(owners, allowed, {"fake": network}, store)


async def test_with_no_allow_list_only_the_owner_is_answered(store: Store) -> None:
    closed = access(store, owners=["fake:1"])
    assert await closed.role(ANNA, CHAT) is Role.OWNER
    assert await closed.role(BEN, CHAT) is Role.GUEST


@pytest.mark.parametrize(
    "entry", ["fake:1", "fake:chat:general", "fake:guild:guild", "everyone"], ids=str
)
async def test_each_kind_of_entry_lets_in(store: Store, entry: str) -> None:
    assert await access(store, entry).role(ANNA, IN_GUILD) is Role.USER


@pytest.mark.parametrize(
    "entry",
    ["fake:2", "other:1", "fake:chat:random", "other:chat:general", "fake:guild:", "fake:guild:x"],
)
async def test_an_entry_lets_in_nobody_else(store: Store, entry: str) -> None:
    assert await access(store, entry).role(ANNA, CHAT) is Role.GUEST


async def test_who_administers_the_place_does_so_only_where_let_in(store: Store) -> None:
    assert await access(store, "fake:chat:general").role(BEN, CHAT) is Role.ADMIN
    assert await access(store, "fake:1").role(BEN, CHAT) is Role.GUEST


@pytest.mark.parametrize("granted", [Role.USER, Role.ADMIN])
async def test_a_granted_role_lets_in_without_an_entry(store: Store, granted: Role) -> None:
    await store.grant("", str(ANNA), granted)
    assert await access(store).role(ANNA, CHAT) is granted
    await store.grant("", str(ANNA), None)
    assert await access(store).role(ANNA, CHAT) is Role.GUEST


async def test_who_is_blocked_is_let_in_by_no_entry_and_no_office(store: Store) -> None:
    await store.grant("", str(BEN), Role.BLOCKED)
    assert await access(store, "everyone", "fake:2").role(BEN, CHAT) is Role.BLOCKED


async def test_an_owner_cannot_be_blocked(store: Store) -> None:
    await store.grant("", str(ANNA), Role.BLOCKED)
    assert await access(store, owners=["fake:1"]).role(ANNA, CHAT) is Role.OWNER


async def test_the_same_id_on_another_network_is_somebody_else(store: Store) -> None:
    other = UserRef("other", ANNA.id)
    await store.grant("", str(ANNA), Role.ADMIN)
    assert await access(store, owners=["fake:1"]).role(other, CHAT) is Role.GUEST


async def test_a_role_of_the_network_lets_in(store: Store) -> None:
    staff = UserRef("fake", "3", roles=("staff",))
    assert await access(store, "fake:role:staff").role(staff, IN_GUILD) is Role.USER
    assert await access(store, "fake:role:other").role(staff, IN_GUILD) is Role.GUEST


async def test_a_role_granted_at_a_place_holds_there_alone(store: Store) -> None:
    await store.grant("chat:fake:general", str(ANNA), Role.ADMIN)
    assert await access(store).role(ANNA, CHAT) is Role.ADMIN
    assert await access(store).role(ANNA, Place("fake", "random")) is Role.GUEST


async def test_a_role_granted_on_a_server_holds_in_its_chats_and_their_threads(
    store: Store,
) -> None:
    await store.grant("server:fake:guild", str(ANNA), Role.USER)
    for chat, thread in (("general", ""), ("random", "7")):
        place = Place("fake", chat, thread, server="guild")
        assert await access(store).role(ANNA, place) is Role.USER


async def test_a_place_can_be_opened_to_all_who_are_in_it(store: Store) -> None:
    await store.grant("chat:fake:general", "everyone", Role.USER)
    assert await access(store).role(ANNA, CHAT) is Role.USER
    assert await access(store).role(BEN, CHAT) is Role.ADMIN


async def test_a_place_can_be_closed_to_all_but_who_is_named(store: Store) -> None:
    await store.grant("chat:fake:general", "everyone", Role.GUEST)
    await store.grant("", str(BEN), Role.USER)
    assert await access(store, "everyone").role(ANNA, CHAT) is Role.GUEST
    assert await access(store, "everyone").role(BEN, CHAT) is Role.ADMIN


async def test_what_was_decided_inside_outranks_what_was_decided_outside(store: Store) -> None:
    await store.grant("", str(ANNA), Role.USER)
    await store.grant("chat:fake:general", str(ANNA), Role.GUEST)
    assert await access(store, "fake:1").role(ANNA, CHAT) is Role.GUEST
    assert await access(store, "fake:1").role(ANNA, Place("fake", "random")) is Role.USER


async def test_what_was_granted_outranks_the_config(store: Store) -> None:
    await store.grant("", str(ANNA), Role.GUEST)
    assert await access(store, "fake:1").role(ANNA, CHAT) is Role.GUEST


@pytest.mark.parametrize("scope", ["", "chat:fake:general"])
async def test_a_block_holds_whatever_else_was_granted(store: Store, scope: str) -> None:
    await store.grant(scope, str(ANNA), Role.BLOCKED)
    await store.grant("thread:fake:general:7", str(ANNA), Role.ADMIN)
    place = Place("fake", "general", "7")
    assert await access(store, "fake:1").role(ANNA, place) is Role.BLOCKED


async def test_of_several_roles_of_the_network_the_highest_one_holds(store: Store) -> None:
    staff = UserRef("fake", "3", roles=("staff", "boss"))
    await store.grant("", "fake:role:staff", Role.USER)
    await store.grant("", "fake:role:boss", Role.ADMIN)
    assert await access(store).role(staff, CHAT) is Role.ADMIN


NAMED = [("me",), ("role a", "role b"), ("everyone",)]
SCOPES = ["config", "", "chat"]
GRANTS = st.lists(
    st.builds(
        lambda scope, who, role: Grant(scope, who, role, None, utcnow()),
        st.sampled_from(SCOPES),
        st.sampled_from([name for names in NAMED for name in names]),
        st.sampled_from(list(Role)),
    ),
    unique_by=lambda grant: (grant.scope, grant.who),
)


@given(GRANTS, st.randoms())
def test_in_which_order_things_were_decided_is_of_no_account(
    grants: list[Grant], random: Random
) -> None:
    shuffled = random.sample(grants, len(grants))
    assert decided(grants, NAMED, SCOPES) is decided(shuffled, NAMED, SCOPES)


@given(GRANTS)
def test_a_role_is_one_that_was_granted_and_a_block_is_never_lost(grants: list[Grant]) -> None:
    roles = {grant.role for grant in grants}
    role = decided(grants, NAMED, SCOPES)
    assert role in (roles or {Role.GUEST})
    assert (role is Role.BLOCKED) == (Role.BLOCKED in roles)
