"""The scripted engine keeps the promises of bot.engine."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot import plugins
from bot.engine.scripted import ScriptedConfig, ScriptedEngine
from bot.engine.scripted.script import words
from bot.errors import EngineBusy, EngineDied, PromptTooLong, RequestFailed
from bot.types import Chunk, Control, Message, SamplingParams, Waiting

LONG = {"match": "long", "thinking": "a b c d e f", "text": "one two three four five six"}


def engine(*script: dict[str, Any], **options: Any) -> ScriptedEngine:
    config = {"tokens_per_second": 0, "script": script, **options}
    return ScriptedEngine(ScriptedConfig.model_validate(config))


def asking(text: str) -> list[Message]:
    return [Message("system", "Be kind."), Message("user", text)]


async def everything(
    engine: ScriptedEngine, messages: list[Message], control: Control | None = None, **params: Any
) -> list[Chunk | Waiting]:
    async with aclosing(engine.stream(messages, SamplingParams(**params), control)) as stream:
        return [item async for item in stream]


async def said(engine: ScriptedEngine, text: str, **params: Any) -> tuple[str, str, Chunk]:
    """Reasoning, text and the last chunk."""
    items = await everything(engine, asking(text), **params)
    chunks = [item for item in items if isinstance(item, Chunk)]
    assert [chunk.finish for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    by_kind = {
        kind: "".join(chunk.text for chunk in chunks if chunk.kind == kind)
        for kind in ("reasoning", "text")
    }
    return by_kind["reasoning"], by_kind["text"], chunks[-1]


def test_it_is_found_by_its_entry_point() -> None:
    assert plugins.load("engines", "scripted") is ScriptedEngine


async def test_without_a_script_it_repeats_the_message() -> None:
    reasoning, text, last = await said(engine(), "good\nmorning")
    assert (reasoning, text, last.finish) == ("", "You said: good\nmorning", "stop")


async def test_the_first_matching_entry_answers_with_its_groups_filled_in() -> None:
    script = (
        {"match": r"my name is (\w+)( please)?", "text": r"Hello \1\2! \d stays."},
        {"match": "name", "text": "never"},
    )
    assert (await said(engine(*script), "my name is Ada"))[1] == r"Hello Ada! \d stays."


async def test_only_the_last_user_message_counts() -> None:
    messages = [*asking("long"), Message("assistant", "long"), Message("user", "short")]
    items = await everything(engine(LONG), messages)
    assert "".join(i.text for i in items if isinstance(i, Chunk)) == "You said: short"


async def test_thinking_comes_first_and_apart() -> None:
    reasoning, text, last = await said(engine(LONG), "long")
    assert (reasoning, text) == (LONG["thinking"], LONG["text"])
    assert last.usage is not None
    assert (last.usage.reasoning_tokens, last.usage.text_tokens) == (6, 6)
    assert last.usage.prompt_tokens == 5


async def test_thinking_can_be_off() -> None:
    assert (await said(engine(LONG), "long", thinking=False))[0] == ""


async def test_a_thinking_budget_cuts_the_thinking_and_not_the_answer() -> None:
    reasoning, text, _ = await said(engine(LONG), "long", thinking_budget=2)
    assert (reasoning, text) == ("a b ", LONG["text"])


async def test_answer_now_ends_the_thinking() -> None:
    control = Control()
    kinds = []
    async with aclosing(engine(LONG).stream(asking("long"), SamplingParams(), control)) as stream:
        async for item in stream:
            assert isinstance(item, Chunk)
            kinds.append(item.kind)
            control.answer_now = len(kinds) == 2 or control.answer_now
    assert kinds == ["reasoning"] * 2 + ["text"] * 7


@pytest.mark.parametrize(
    ("most", "reasoning", "text"),
    [
        (2, "a b ", ""),
        (8, LONG["thinking"], "one two "),
        (11, LONG["thinking"], "one two three four five "),
    ],
)
async def test_reasoning_and_text_share_the_token_limit(
    most: int, reasoning: str, text: str
) -> None:
    *parts, last = await said(engine(LONG), "long", max_new_tokens=most)
    assert (parts, last.finish) == ([reasoning, text], "length")


async def test_ending_exactly_at_the_limit_is_no_cut() -> None:
    assert (await said(engine(LONG), "long", max_new_tokens=12))[2].finish == "stop"


async def test_the_context_window_limits_the_reply() -> None:
    small = engine(LONG, context_window=16)
    assert await small.count_tokens(asking("long " * 8)) == 12
    assert (await said(small, "long " * 8))[2].finish == "length"


async def test_a_prompt_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(PromptTooLong):
        await said(engine(context_window=16), "long " * 12)


async def test_a_stop_string_ends_the_text_before_it() -> None:
    _, text, last = await said(engine(LONG), "long", stop=("five", "ee f"))
    assert (text, last.finish) == ("one two thr", "stop")


async def test_a_time_limit_ends_it() -> None:
    assert (await said(engine(LONG), "long", time_limit=0.0))[2].finish == "time"


async def test_an_answer_that_broke_off_goes_on_from_its_end() -> None:
    messages = [*asking("long"), Message("assistant", "one two th")]
    items = await everything(engine(LONG), messages)
    assert "".join(i.text for i in items if isinstance(i, Chunk)) == "ree four five six"


@pytest.mark.parametrize(("after", "text"), [(0, ""), (2, "one two "), (99, LONG["text"])])
async def test_an_entry_may_fail_on_purpose(after: int, text: str) -> None:
    failing = engine({"match": "", "text": LONG["text"], "error": "Boom.", "error_after": after})
    stream = failing.stream(asking("x"), SamplingParams())
    got = [await anext(stream) for _ in range(min(after, 6))]
    assert "".join(item.text for item in got if isinstance(item, Chunk)) == text
    with pytest.raises(RequestFailed, match=r"Boom\."):
        await anext(stream)


async def test_a_delay_comes_before_the_first_token() -> None:
    _, _, last = await said(engine({"match": "", "text": "hi", "delay": 0.02}), "x")
    assert last.usage is not None
    assert last.usage.first_token_seconds >= 0.02


async def test_a_full_line_waits_in_order_and_then_is_told_that_it_is_busy() -> None:
    busy = engine(concurrency=1, max_queue=2)
    first, second, third = (busy.stream(asking(n), SamplingParams()) for n in "123")
    assert isinstance(await anext(first), Chunk)
    assert await anext(second) == Waiting(1)
    assert await anext(third) == Waiting(2)
    assert (busy.status().running, busy.status().queued) == (1, 2)
    with pytest.raises(EngineBusy) as refused:
        await everything(busy, asking("4"))
    assert refused.value.position == 2
    await first.aclose()
    assert await anext(third) == Waiting(1)
    assert isinstance(await anext(second), Chunk)
    await second.aclose()
    assert isinstance(await anext(third), Chunk)
    await third.aclose()
    assert (busy.status().running, busy.status().queued) == (0, 0)


async def test_leaving_the_line_while_waiting_lets_the_others_move_up() -> None:
    busy = engine(concurrency=1)
    first, second, third = (busy.stream(asking(n), SamplingParams()) for n in "123")
    assert isinstance(await anext(first), Chunk)
    assert await anext(second) == Waiting(1)
    assert await anext(third) == Waiting(2)
    await second.aclose()
    assert await anext(third) == Waiting(1)
    await third.aclose()
    await first.aclose()


async def test_the_expected_wait_is_known_once_something_was_served() -> None:
    busy = engine(concurrency=1)
    await everything(busy, asking("1"))
    first, second = (busy.stream(asking(n), SamplingParams()) for n in "12")
    await anext(first)
    waiting = await anext(second)
    assert isinstance(waiting, Waiting)
    assert waiting.seconds is not None
    await second.aclose()
    await first.aclose()


async def test_cancelling_a_task_gives_its_place_back() -> None:
    slow = engine(LONG, tokens_per_second=0.001)
    task = asyncio.create_task(everything(slow, asking("long")))
    await asyncio.sleep(0)
    assert slow.status().running == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert slow.status().running == 0


async def test_streams_that_still_run_or_wait_when_the_engine_stops_are_told() -> None:
    async with engine(LONG, tokens_per_second=0.001, concurrency=1) as slow:
        tasks = [asyncio.create_task(everything(slow, asking("long"))) for _ in range(2)]
        await asyncio.sleep(0)
        assert slow.status().queued == 1
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [EngineDied, EngineDied]
    assert not slow.status().alive


async def test_it_can_be_started_again() -> None:
    again = engine()
    async with again:
        pass
    async with again:
        assert (await said(again, "x"))[1] == "You said: x"


def test_a_group_that_the_pattern_lacks_is_refused() -> None:
    with pytest.raises(ValidationError, match="match has 1 groups"):
        engine({"match": "(a)", "text": r"\2"})


def test_it_reasons_when_its_script_thinks() -> None:
    assert engine(LONG).info.reasons
    assert not engine().info.reasons


@given(st.text())
def test_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(words(text)) == text
