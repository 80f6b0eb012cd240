"""A Telegram group that becomes a supergroup gets a new id, and numbers its messages anew."""

from __future__ import annotations

from dataclasses import replace

from bot.store.sql import SqlStore
from tests.store.samples import ANN, ELSEWHERE, HERE, answer, ask, said, spoken

THERE = replace(HERE, chat="-100200")


async def move(store: SqlStore) -> None:
    await store.move("telegram", HERE.chat, THERE.chat)


async def test_history_and_turns_go_with_the_chat(store: SqlStore) -> None:
    turn = await ask(store, "before")
    await answer(store, turn, "yes")
    await ask(store, "elsewhere", ELSEWHERE)
    await move(store)
    await move(store)
    assert await spoken(store, THERE) == ["before", "yes"]
    assert await spoken(store, HERE) == []
    assert await spoken(store, ELSEWHERE) == ["elsewhere"]
    record = await store.turn(turn.id)
    assert record is not None
    assert record.turn.place.chat == THERE.chat


async def test_each_thread_goes_with_the_chat(store: SqlStore) -> None:
    await ask(store, "in a topic", replace(HERE, thread="5"))
    await move(store)
    assert await spoken(store, replace(THERE, thread="5")) == ["in a topic"]


async def test_what_the_new_chat_said_already_joins_the_history(store: SqlStore) -> None:
    await ask(store, "before")
    turn = await ask(store, "after", THERE)
    await move(store)
    assert await spoken(store, THERE) == ["before", "after"]
    await answer(store, turn, "yes")
    record = await store.last_turn(THERE.key)
    assert record is not None
    assert record.turn.id == turn.id
    assert await spoken(store, THERE) == ["before", "after", "yes"]


async def test_an_old_number_may_come_again_in_the_new_chat(store: SqlStore) -> None:
    await store.receive(HERE, said("before", id="1"))
    await move(store)
    assert await store.receive(THERE, said("after", id="1")) is not None
    assert await store.receive(HERE, said("before", id="1")) is None


async def test_archived_conversations_move_and_stay_archived(store: SqlStore) -> None:
    turn = await ask(store, "old")
    await store.archive(HERE.key)
    await move(store)
    assert await spoken(store, THERE) == []
    record = await store.turn(turn.id)
    assert record is not None
    assert record.turn.place.chat == THERE.chat


async def test_settings_go_with_the_chat_where_it_has_none_of_its_own(store: SqlStore) -> None:
    await store.change("chat:telegram:-100", "seed", "1", ANN)
    await store.change("chat:telegram:-100", "top_k", "2", ANN)
    await store.change("thread:telegram:-100:5", "seed", "3", ANN)
    await store.change("chat:telegram:-100200", "top_k", "4", ANN)
    await store.change("chat:telegram:-1001", "seed", "5", ANN)
    await move(store)
    scopes = ["chat:telegram:-100", "chat:telegram:-100200", "thread:telegram:-100200:5"]
    assert await store.settings([*scopes, "chat:telegram:-1001"]) == {
        scopes[0]: {},
        scopes[1]: {"seed": "1", "top_k": "4"},
        scopes[2]: {"seed": "3"},
        "chat:telegram:-1001": {"seed": "5"},
    }


async def test_who_set_what_goes_with_the_chat(store: SqlStore) -> None:
    await store.change("chat:telegram:-100", "seed", "1", ANN)
    await move(store)
    [change] = await store.changes("chat:telegram:-100200", 9)
    assert (change.name, change.new, change.by) == ("seed", "1", ANN)
    assert await store.changes("chat:telegram:-100", 9) == []
