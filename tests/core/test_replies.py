from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot import texts
from bot.testing import FakeNetwork
from bot.types import TurnState
from tests.core.house import BEN, CHAT, QUICK, eventually, open_house

LONG = {"match": "count", "text": "one two three four five six seven eight nine ten"}
THINKER = {"match": "why", "thinking": "hm " * 400, "text": "Because."}
ENDLESS = {"match": "endless", "text": "on and " * 2000}


async def test_stop_keeps_what_was_said(tmp_path: Path) -> None:
    async with open_house(tmp_path, [ENDLESS], tokens_per_second=200) as people:
        people.say("endless")
        await people.see_some("on and")
        people.press(texts.STOP())
        await people.see_some(texts.STOPPED())
        record = await people.house.chat.store.last_turn(CHAT.key)
        assert record is not None
        assert record.turn.state is TurnState.CANCELLED
        assert record.reply.text.startswith("on and")


async def test_answer_now_ends_the_thinking_and_not_the_reply(tmp_path: Path) -> None:
    async with open_house(tmp_path, [THINKER], tokens_per_second=100) as people:
        people.say("why")
        await eventually(lambda: texts.ANSWER_NOW() in people.labels())
        people.press(texts.ANSWER_NOW())
        await people.see("Because.")


async def test_a_button_is_only_for_who_asked_or_administers_the_place(tmp_path: Path) -> None:
    async with open_house(tmp_path, [ENDLESS], tokens_per_second=200) as people:
        people.say("endless")
        await people.see_some("on and")
        people.press(texts.STOP(), user=BEN)
        people.command("/help", user=BEN)
        await people.see_some("/help")
        assert people.house.lanes.busy(CHAT.key)
        people.network.admins.add(BEN)
        people.press(texts.STOP(), user=BEN)
        await people.see_some(texts.STOPPED())


async def test_where_nothing_can_be_edited_another_answer_is_another_post(tmp_path: Path) -> None:
    network = FakeNetwork(limits=replace(QUICK, edit=False, buttons=False))
    async with open_house(tmp_path, network=network) as people:
        people.say("x")
        await people.see("You said: x")
        people.command("/regenerate")
        await people.see("You said: x", "You said: x")


async def test_regenerate_replaces_the_answer_and_keeps_both_as_variants(tmp_path: Path) -> None:
    async with open_house(tmp_path, [{"match": "x", "text": "first"}]) as people:
        people.say("x")
        await people.see("first")
        await eventually(lambda: not people.house.lanes.busy(CHAT.key))  # that it is there is kept
    async with open_house(tmp_path, [{"match": "x", "text": "second"}]) as people:
        people.network._messages = {}  # a new network: the old post is gone
        people.command("/regenerate")
        await people.see("second")
        assert any("2/2" in label for label in people.labels())
        people.press(texts.PREVIOUS())
        await people.see("first")
        history = await people.house.chat.store.history(CHAT.key, 10)
        assert [m.text for m in history] == ["x", "first"]
        people.press(texts.NEXT())
        await people.see("second")


@pytest.mark.parametrize("go_on", ["Continue", "/continue"])
async def test_what_is_done_to_another_variant_is_done_to_that_one(
    tmp_path: Path, go_on: str
) -> None:
    first = {"match": "count", "thinking": "slowly now", "text": LONG["text"]}
    async with open_house(tmp_path, [first], sampling={"max_new_tokens": 6}) as people:
        people.say("count")
        await people.see_some(texts.CUT_BY_LENGTH())
        await eventually(lambda: not people.house.lanes.busy(CHAT.key))
    second = {"match": "count", "text": "no"}
    async with open_house(tmp_path, [second], engine_options={"concurrency": 1}) as people:
        people.command("/regenerate")
        await people.see("no")
        await eventually(lambda: any("2/2" in label for label in people.labels()))
        people.press(texts.PREVIOUS())
        await people.see_some(texts.CUT_BY_LENGTH())
        await eventually(lambda: texts.CONTINUE() in people.labels())
        people.press(texts.SHOW_THINKING())
        await people.see_some("slowly now")
        ask = people.command if go_on.startswith("/") else people.press
        ask(go_on)
        await people.see_some("one two three four no")
        await eventually(lambda: not people.house.lanes.busy(CHAT.key))


async def test_a_button_that_asks_for_more_works_once(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        people.say("x")
        await people.see("You said: x")
        await eventually(lambda: texts.REGENERATE() in people.labels())
        people.press(texts.REGENERATE())
        people.press(texts.REGENERATE())
        await eventually(lambda: any("2/2" in label for label in people.labels()))
        await eventually(lambda: not people.house.lanes.busy(CHAT.key))
        record = await people.house.chat.store.last_turn(CHAT.key)
        assert record is not None
        assert len((await people.house.chat.store.variants(record.turn)).records) == 2


async def test_the_buttons_of_older_replies_disappear(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        people.say("one")
        await people.see("You said: one")
        await eventually(lambda: len(people.labels()) == 1)
        people.say("two")
        await people.see("You said: one", "You said: two")
        await eventually(lambda: people.labels() == [texts.REGENERATE()])
        assert people.network.messages(CHAT)[-1].buttons


async def test_a_reply_that_the_token_limit_cut_goes_on_where_it_stopped(tmp_path: Path) -> None:
    sampling = {"max_new_tokens": 4}
    async with open_house(tmp_path, [LONG], sampling=sampling) as people:
        people.say("count")
        await people.see_some(texts.CUT_BY_LENGTH())
        people.press(texts.CONTINUE())
        await people.see_some("five")
        await eventually(lambda: not people.house.lanes.busy(CHAT.key))
        assert len(people.network.messages(CHAT)) == 1
        history = await people.house.chat.store.history(CHAT.key, 10)
        assert history[-1].text.startswith("one two three four five")


async def test_a_failure_before_the_first_word_is_told_in_its_sentence(tmp_path: Path) -> None:
    broken = {"match": "x", "error": "The prompt is too strange."}
    async with open_house(tmp_path, [broken]) as people:
        people.say("x")
        await people.see("The prompt is too strange.")
        assert texts.TRY_AGAIN() in people.labels()


async def test_a_started_reply_never_becomes_an_error_reply(tmp_path: Path) -> None:
    broken = {"match": "x", "text": "So far so good", "error": "boom", "error_after": 3}
    async with open_house(tmp_path, [broken]) as people:
        people.say("x")
        await people.see_some("So far so")
        await people.see_some(texts.CUT_BY_ERROR())
        record = await people.house.chat.store.last_turn(CHAT.key)
        assert record is not None
        assert record.turn.state is TurnState.INTERRUPTED


async def test_a_new_conversation_leaves_the_old_one_archived(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        people.say("one")
        await people.see("You said: one")
        people.command("/new")
        await people.see_some(texts.ARCHIVED())
        assert await people.house.chat.store.history(CHAT.key, 10) == []


@pytest.mark.slow
async def test_a_history_that_no_longer_fits_is_shortened_and_people_hear_so_once(
    tmp_path: Path,
) -> None:
    options = {"context_window": 256}
    async with open_house(tmp_path, engine_options=options, turns={"max_waiting": 20}) as people:
        for _ in range(12):
            people.say("word " * 20)
        await eventually(
            lambda: sum(p.text.startswith("You said") for p in people.network.messages(CHAT)) == 12
        )
        await eventually(lambda: not people.house.lanes.busy(CHAT.key))
        told = [text for text in people.network.texts(CHAT) if texts.LEFT_OUT() in text]
        assert len(told) == 1
        assert len(await people.house.chat.store.history(CHAT.key, 100)) == 24


async def test_the_speed_of_the_last_reply_is_told_on_request(tmp_path: Path) -> None:
    async with open_house(tmp_path, tokens_per_second=200) as people:
        people.say("one two three")
        await people.see("You said: one two three")
        people.command("/speed")
        await people.see_some("tokens/s, the first after")
