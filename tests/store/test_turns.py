from __future__ import annotations

import pytest

from bot.store import Reply, Variants
from bot.store.sql import SqlStore
from bot.types import PostRef, Turn, TurnState, Usage
from tests.store.samples import ANN, ELSEWHERE, HERE, answer, ask, said, spoken

pytestmark = pytest.mark.slow


async def history_before(store: SqlStore, turn: Turn, limit: int = 50) -> list[str]:
    return [message.text for message in await store.history_before(turn, limit)]


async def test_a_reply_stands_behind_its_question_however_late_it_ends(store: SqlStore) -> None:
    first, second = await ask(store, "first"), await ask(store, "second")
    await answer(store, second, "to the second")
    await answer(store, first, "to the first")
    assert await spoken(store) == ["first", "to the first", "second", "to the second"]


async def test_a_turn_sees_what_was_before_it_and_its_own_question(store: SqlStore) -> None:
    first, second = await ask(store, "first"), await ask(store, "second")
    await ask(store, "third")
    await answer(store, first, "to the first")
    assert await history_before(store, second) == ["first", "to the first", "second"]
    assert await history_before(store, second, 2) == ["to the first", "second"]
    assert await history_before(store, second, 1) == ["second"]


async def test_a_second_answer_does_not_see_the_first(store: SqlStore) -> None:
    turn = await ask(store, "question")
    await answer(store, turn, "one")
    again = await store.reopen(turn)
    assert await history_before(store, again) == ["question"]


async def test_a_checkpoint_survives_and_is_not_history_yet(store: SqlStore) -> None:
    turn = await ask(store, "question")
    so_far = Reply("half an ans", "because", usage=Usage(prompt_tokens=9, text_tokens=3))
    await store.checkpoint(turn, TurnState.ANSWERING, so_far)
    [record] = await store.unfinished("telegram")
    assert record.turn.state is TurnState.ANSWERING
    assert record.reply == so_far
    assert await spoken(store) == ["question"]


async def test_thoughts_never_reach_the_history(store: SqlStore) -> None:
    turn = await ask(store, "question")
    await store.finish(turn, TurnState.DONE, Reply("answer", "secret thoughts", "stop"))
    assert await spoken(store) == ["question", "answer"]
    record = await store.turn(turn.id)
    assert record is not None
    assert record.reply.reasoning == "secret thoughts"


async def test_a_turn_that_said_nothing_leaves_its_question(store: SqlStore) -> None:
    turn = await ask(store, "question")
    await store.finish(turn, TurnState.FAILED, Reply(reasoning="hm"), "the engine died")
    assert await spoken(store) == ["question"]
    assert await store.variants(turn) == Variants()


@pytest.mark.parametrize("state", [TurnState.CANCELLED, TurnState.FAILED, TurnState.INTERRUPTED])
async def test_a_reply_that_broke_off_is_history_as_far_as_it_came(
    store: SqlStore, state: TurnState
) -> None:
    turn = await ask(store, "question")
    await store.finish(turn, state, Reply("half an ans"))
    assert await spoken(store) == ["question", "half an ans"]


async def test_an_ended_turn_stays_ended(store: SqlStore) -> None:
    turn = await ask(store, "question")
    await answer(store, turn, "answer")
    await store.checkpoint(turn, TurnState.ANSWERING, Reply("late"))
    await store.finish(turn, TurnState.FAILED, Reply("later"))
    record = await store.turn(turn.id)
    assert record is not None
    assert (record.turn.state, record.reply.text) == (TurnState.DONE, "answer")


async def test_whoever_really_answers_an_interrupted_turn_has_the_last_word(
    store: SqlStore,
) -> None:
    turn = await ask(store, "question")
    await store.finish(turn, TurnState.INTERRUPTED, Reply("half"))
    await answer(store, turn, "half and half")
    assert await spoken(store) == ["question", "half and half"]


async def test_the_newest_variant_is_chosen_and_all_are_kept(store: SqlStore) -> None:
    turn = await ask(store, "question")
    await answer(store, turn, "one")
    again = await store.reopen(turn)
    await answer(store, again, "two")
    assert await spoken(store) == ["question", "two"]
    variants = await store.variants(turn)
    assert ([reply.text for reply in variants.replies], variants.chosen) == (["one", "two"], 1)
    assert await store.variants(again) == variants


async def test_another_variant_can_be_chosen(store: SqlStore) -> None:
    turn = await ask(store, "question")
    await answer(store, turn, "one")
    await answer(store, await store.reopen(turn), "two")
    await store.choose(turn, 0)
    assert await spoken(store) == ["question", "one"]
    assert (await store.variants(turn)).chosen == 0
    with pytest.raises(IndexError):
        await store.choose(turn, 2)


async def test_the_old_answer_counts_until_the_new_one_said_something(store: SqlStore) -> None:
    turn = await ask(store, "question")
    await answer(store, turn, "one")
    again = await store.reopen(turn)
    await store.checkpoint(again, TurnState.ANSWERING, Reply("tw"))
    assert await spoken(store) == ["question", "one"]
    assert [reply.text for reply in (await store.variants(turn)).replies] == ["one"]
    await store.finish(again, TurnState.FAILED, Reply())
    assert await spoken(store) == ["question", "one"]


async def test_reopening_takes_over_the_posts_and_what_was_to_deliver(store: SqlStore) -> None:
    turn = await ask(store, "question")
    posts = (PostRef(HERE, "p1"), PostRef(HERE, "p2"))
    await store.posted(turn, posts)
    await answer(store, turn, "one")
    again = await store.reopen(turn)
    record = await store.turn(again.id)
    assert record is not None
    assert record.posts == posts
    assert await store.pending("telegram") == []


async def test_resuming_goes_on_with_the_reply_and_the_posts(store: SqlStore) -> None:
    turn = await ask(store, "question")
    await store.posted(turn, [PostRef(HERE, "p1")])
    await store.finish(turn, TurnState.DONE, Reply("half", finish="length"))
    record = await store.resume(turn)
    assert record is not None
    assert (record.turn.id, record.turn.state) == (turn.id, TurnState.QUEUED)
    assert (record.reply.text, len(record.posts)) == ("half", 1)
    assert await store.resume(turn) is None
    await answer(store, turn, "half and half")
    assert await spoken(store) == ["question", "half and half"]
    assert len((await store.variants(turn)).replies) == 1


async def test_the_last_turn_is_the_newest_of_the_last_question(store: SqlStore) -> None:
    assert await store.last_turn(HERE.key) is None
    await ask(store, "first")
    second = await ask(store, "second")
    await ask(store, "third", ELSEWHERE)
    again = await store.reopen(second)
    record = await store.last_turn(HERE.key)
    assert record is not None
    assert record.turn.id == again.id


async def test_unfinished_turns_are_told_by_adapter_oldest_first(store: SqlStore) -> None:
    turns = [await ask(store, text) for text in ("first", "second", "third")]
    await answer(store, turns[1], "done")
    found = [record.turn for record in await store.unfinished("telegram")]
    assert found == [turns[0], turns[2]]
    assert await store.unfinished("discord") == []


async def test_an_ended_turn_is_pending_until_it_is_delivered(store: SqlStore) -> None:
    turn = await ask(store, "question")
    assert await store.pending("telegram") == []
    await answer(store, turn, "answer")
    [record] = await store.pending("telegram")
    assert record.reply.text == "answer"
    await store.delivered(turn)
    assert await store.pending("telegram") == []


async def test_posts_are_kept_in_order_and_replaced(store: SqlStore) -> None:
    turn = await ask(store, "question")
    for ids in (["b", "a"], ["b", "c", "d"], ["e"]):
        posts = tuple(PostRef(HERE, each) for each in ids)
        await store.posted(turn, posts)
        record = await store.turn(turn.id)
        assert record is not None
        assert record.posts == posts


async def test_a_turn_that_is_gone_is_no_error(store: SqlStore) -> None:
    turn = Turn(404, HERE.key, HERE, said("gone"))
    await store.checkpoint(turn, TurnState.ANSWERING, Reply("text"))
    await store.finish(turn, TurnState.DONE, Reply("text"))
    await store.posted(turn, [PostRef(HERE, "p1")])
    await store.delivered(turn)
    assert await store.turn(404) is None
    assert await store.resume(turn) is None
    assert await store.variants(turn) == Variants()
    assert await store.history_before(turn, 50) == []
    with pytest.raises(LookupError):
        await store.reopen(turn)


async def test_usage_is_counted_once_a_turn_and_summed_by_day(store: SqlStore) -> None:
    usage = Usage(10, 4, 3, 2, 0.5, 0.25, 1.5)
    for author in (ANN, ANN):
        turn = await ask(store, "question", author=author)
        for _ in range(2):
            await store.finish(turn, TurnState.DONE, Reply("answer", usage=usage))
    [today] = await store.usage(1)
    assert today.messages == 2
    assert today.usage == Usage(20, 8, 6, 4, 1.0, 0.5, 3.0)
