from __future__ import annotations

from bot.store.sql import SqlStore
from bot.types import Role, UserRef
from tests.store.samples import ANN, BOB, HERE, ask

CHAT, THREAD = "chat:telegram:-100", "thread:telegram:-100:5"


async def test_each_scope_has_its_own_values(store: SqlStore) -> None:
    await store.change(CHAT, "temperature", "0.4", ANN)
    await store.change(THREAD, "temperature", "0", ANN)
    assert await store.settings(["", CHAT, THREAD]) == {
        "": {},
        CHAT: {"temperature": "0.4"},
        THREAD: {"temperature": "0"},
    }


async def test_a_change_tells_what_was_before(store: SqlStore) -> None:
    first = await store.change(CHAT, "top_p", "0.9", ANN)
    second = await store.change(CHAT, "top_p", "0.5", BOB)
    third = await store.change(CHAT, "top_p", None, None)
    assert [(c.old, c.new, c.by) for c in (first, second, third)] == [
        (None, "0.9", ANN),
        ("0.9", "0.5", BOB),
        ("0.5", None, None),
    ]
    assert await store.settings([CHAT]) == {CHAT: {}}
    assert await store.changes(CHAT, 2) == [third, second]


async def test_unsetting_what_is_not_set_is_no_error(store: SqlStore) -> None:
    change = await store.change("", "seed", None, ANN)
    assert (change.old, change.new) == (None, None)


async def test_a_role_is_what_was_granted_last(store: SqlStore) -> None:
    assert await store.role(ANN) is None
    for role in (Role.ADMIN, Role.BLOCKED, None):
        await store.grant(ANN, role)
        assert await store.role(ANN) is role
    assert await store.role(UserRef("discord", ANN.id)) is None


async def test_speaking_does_not_change_a_role(store: SqlStore) -> None:
    await ask(store, "may I?")
    assert await store.role(ANN) is None
    await store.grant(ANN, Role.USER)
    await ask(store, "may I now?", HERE)
    assert await store.role(ANN) is Role.USER


async def test_notes_of_an_adapter_last_and_leave_no_history(store: SqlStore) -> None:
    await store.remember("adapter:discord", {"seen 1": "5", "digest": "a"})
    await store.remember("adapter:discord", {"seen 1": "6", "digest": None})
    assert await store.settings(["adapter:discord"]) == {"adapter:discord": {"seen 1": "6"}}
    assert await store.changes("adapter:discord", 9) == []
