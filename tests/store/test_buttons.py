from __future__ import annotations

from datetime import timedelta

from bot.store import ButtonRecord
from bot.store.sql import SqlStore
from tests.store.samples import ANN, ELSEWHERE, answer, ask

DAY = timedelta(days=1)


async def test_a_button_is_found_by_an_id_that_says_nothing(store: SqlStore) -> None:
    turn = await ask(store, "question")
    records = [ButtonRecord(turn.id, "again", ANN, "2"), ButtonRecord(turn.id, "stop", None)]
    ids = await store.add_buttons(records)
    assert [await store.button(each) for each in ids] == records
    assert all(each.isascii() and len(each) <= 64 for each in ids)
    assert len(set(ids)) == 2


async def test_dropped_buttons_are_gone_and_others_stay(store: SqlStore) -> None:
    turn, other = await ask(store, "question"), await ask(store, "another")
    [dropped] = await store.add_buttons([ButtonRecord(turn.id, "again", None)])
    [kept] = await store.add_buttons([ButtonRecord(other.id, "again", None)])
    await store.drop_buttons(turn)
    assert await store.button(dropped) is None
    assert await store.button(kept) is not None


async def test_a_button_is_used_up_once_and_those_beside_it_with_it(store: SqlStore) -> None:
    turn = await ask(store, "question")
    first, second = await store.add_buttons([ButtonRecord(turn.id, "again", None)] * 2)
    assert await store.use_up(first)
    assert await store.button(second) is None
    await store.add_buttons([ButtonRecord(turn.id, "again", None)])
    assert not await store.use_up(first)


async def test_earlier_replies_with_buttons_are_found(store: SqlStore) -> None:
    first, elsewhere = await ask(store, "first"), await ask(store, "first", ELSEWHERE)
    without, last = await ask(store, "second"), await ask(store, "third")
    for turn in (first, elsewhere, without, last):
        await answer(store, turn, "answer")
    await store.add_buttons([ButtonRecord(t.id, "again", None) for t in (first, elsewhere, last)])
    assert [found.turn.id for found in await store.buttoned_before(last)] == [first.id]
    assert await store.buttoned_before(first) == []


async def test_once_is_true_once_for_each_thing(store: SqlStore) -> None:
    assert [await store.once(what, DAY) for what in ("press:1", "press:1", "press:2")] == [
        True,
        False,
        True,
    ]


async def test_once_is_true_again_when_its_time_has_passed(store: SqlStore) -> None:
    assert await store.once("notice", timedelta(0))
    assert await store.once("notice", DAY)
    assert not await store.once("notice", DAY)
