from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine import Engine
from bot.errors import PromptTooLong
from bot.prompt import Prompt, PromptBuilder
from bot.types import ConversationKey, Message, ModelInfo

WINDOW = 100
KEY = ConversationKey("console", "c")


class WordCounter:
    """An engine in which a word is a token and a message costs two more."""

    def __init__(self, context_window: int):
        self.info = ModelInfo("words", context_window)
        self.asked = 0

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        self.asked += 1
        return sum(len(m.text.split()) + 2 for m in messages)


def builder(context_window: int) -> tuple[PromptBuilder, WordCounter]:
    engine = WordCounter(context_window)
    return PromptBuilder(cast("Engine", engine), WINDOW), engine


def talk(turns: int, words: int = 8) -> list[Message]:
    return [
        Message("user" if i % 2 == 0 else "assistant", " ".join(["word"] * words), id=str(i))
        for i in range(2 * turns - 1)
    ]


async def test_a_short_history_is_taken_whole_without_asking_the_tokenizer() -> None:
    prompts, engine = builder(8192)
    prompt = await prompts.build(KEY, "Be kind.", talk(3), 1024)
    assert prompt.messages == (Message("system", "Be kind."), *talk(3))
    assert prompt.left_out == 0
    assert engine.asked == 0


async def test_without_a_system_prompt_there_is_no_system_message() -> None:
    prompts, _ = builder(8192)
    assert (await prompts.build(KEY, " ", talk(1), 64)).messages == tuple(talk(1))


async def test_the_oldest_turns_leave_and_the_system_prompt_stays() -> None:
    prompts, _ = builder(200)
    history = talk(30)
    prompt = await prompts.build(KEY, "Be kind.", history, 100)
    assert prompt.messages[0] == Message("system", "Be kind.")
    assert prompt.messages[1:] == tuple(history[prompt.left_out :])
    assert prompt.messages[1].role == "user"
    assert prompt.left_out > 0


async def test_a_shortened_prompt_begins_the_same_for_several_turns() -> None:
    prompts, _ = builder(400)
    history = talk(60)
    starts = []
    for turns in range(50, 61):
        prompt = await prompts.build(KEY, "", history[: 2 * turns - 1], 100)
        starts.append(prompt.messages[0].id)
    assert len(set(starts)) < len(starts) / 2


async def test_a_window_that_slides_past_the_start_moves_it_by_a_good_part_at_once() -> None:
    prompts, _ = builder(100_000)
    history = talk(400)
    starts = []
    for end in range(WINDOW + 1, 401, 2):
        prompt = await prompts.build(KEY, "", history[end - WINDOW : end], 64)
        starts.append(prompt.messages[0].id)
    assert len(set(starts)) < len(starts) / 8


async def test_a_start_that_was_edited_or_deleted_leaves_the_rest_where_it_is() -> None:
    prompts, _ = builder(8192)
    history = talk(5)
    await prompts.build(KEY, "", history, 64)
    assert (await prompts.build(KEY, "", history[1:], 64)).left_out == 0


async def test_a_message_that_alone_is_too_long_is_refused_with_both_lengths() -> None:
    prompts, _ = builder(100)
    with pytest.raises(PromptTooLong) as caught:
        await prompts.build(KEY, "", [Message("user", "word " * 500)], 50)
    assert (caught.value.tokens, caught.value.limit) == (502, 50)


@given(
    st.integers(80, 600),  # so that the longest message fits
    st.integers(1, 300),
    st.lists(st.integers(1, 30), min_size=1, max_size=40),
)
async def test_every_prompt_fits_and_ends_with_the_question(
    window: int, answer: int, lengths: list[int]
) -> None:
    prompts, engine = builder(window)
    history = [
        Message("user" if (len(lengths) - i) % 2 else "assistant", "w " * n, id=str(i))
        for i, n in enumerate(lengths)
    ]
    budget = max(window - answer, window // 2)
    prompt: Prompt = await prompts.build(KEY, "s", history, answer)
    assert prompt.messages[-1] == history[-1]
    assert await engine.count_tokens(prompt.messages) <= budget


@given(
    st.integers(80, 600),
    st.integers(1, 300),
    st.lists(st.integers(1, 30), max_size=40),
    st.sampled_from(["", "Be kind."]),
)
async def test_what_is_measured_is_what_is_built(
    window: int, answer: int, lengths: list[int], system: str
) -> None:
    prompts, engine = builder(window)
    history = [
        Message("user" if (len(lengths) - i) % 2 else "assistant", "w " * n, id=str(i))
        for i, n in enumerate(lengths)
    ]
    measure = await prompts.measure(KEY, system, history, answer)
    assert measure.window == window
    assert measure.system == (6 if system else 2)  # with an empty message for the template
    assert measure.system + measure.history + measure.answer + measure.free == window
    if history:
        prompt = await prompts.build(KEY, system, history, answer)
        assert measure.messages == len(history) - prompt.left_out
        assert measure.system + measure.history == await engine.count_tokens(prompt.messages)
        assert measure.left_out == await engine.count_tokens(history[: prompt.left_out])


async def test_a_system_prompt_is_measured_by_itself() -> None:
    prompts, _ = builder(400)
    assert await prompts.size("Be very kind.") == 3


async def test_measuring_leaves_the_next_prompt_where_it_was() -> None:
    prompts, _ = builder(400)
    history = talk(60)
    first = await prompts.build(KEY, "", history[:101], 100)
    await prompts.measure(KEY, "", history, 300)
    assert (await prompts.build(KEY, "", history[:103], 100)).left_out == first.left_out
