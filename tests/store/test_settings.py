from __future__ import annotations

from bot.store.sql import SqlStore
from tests.store.samples import ANN, BOB

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


async def test_changes_made_at_once_share_a_step_that_an_undo_names(store: SqlStore) -> None:
    alone = await store.change(CHAT, "seed", "1", ANN)
    both = await store.change_all(CHAT, {"top_k": "2", "top_p": "0.5"}, ANN)
    undo = await store.change_all(CHAT, {"top_k": None, "top_p": None}, BOB, undoes=both[0].step)
    assert len({alone.step, *(change.step for change in both), undo[0].step}) == 3
    assert [change.undoes for change in await store.changes(CHAT, 9)] == [
        *[both[0].step] * 2,
        *[None] * 3,
    ]
    assert await store.settings([CHAT]) == {CHAT: {"seed": "1"}}


async def test_what_people_keep_under_names_of_their_own_is_no_setting(store: SqlStore) -> None:
    await store.change(CHAT, "persona/pirate", '"Arr."', ANN)
    await store.change(CHAT, "person_/pirate", '"no"', ANN)
    await store.change(CHAT, "seed", "1", ANN)
    assert await store.settings([CHAT]) == {CHAT: {"seed": "1"}}
    assert await store.kept([CHAT, THREAD], "persona") == {CHAT: {"pirate": '"Arr."'}, THREAD: {}}


async def test_unsetting_what_is_not_set_is_no_error(store: SqlStore) -> None:
    change = await store.change("", "seed", None, ANN)
    assert (change.old, change.new) == (None, None)


async def test_notes_of_an_adapter_last_and_leave_no_history(store: SqlStore) -> None:
    await store.remember("adapter:discord", {"seen 1": "5", "digest": "a"})
    await store.remember("adapter:discord", {"seen 1": "6", "digest": None})
    assert await store.settings(["adapter:discord"]) == {"adapter:discord": {"seen 1": "6"}}
    assert await store.changes("adapter:discord", 9) == []
