from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest

from bot.engine.local.loaded import LoadedModel
from bot.engine.local.mailbox import Counted
from bot.errors import PromptTooLong, RequestFailed
from bot.types import Chunk, Control, Message, SamplingParams, Waiting
from tests.engine.chat_models import QWQ_TEMPLATE, smollm2_tokenizer
from tests.engine.conftest import TinyModel
from tests.engine.desk import GREEDY, Desk, load

pytestmark = pytest.mark.slow

LONG = replace(GREEDY, max_new_tokens=40, min_new_tokens=40)


@pytest.fixture(scope="module")
def loaded(tiny_model: TinyModel) -> LoadedModel:
    return load(tiny_model("llama"))


def test_a_stream_ends_in_one_chunk_with_finish_and_usage(loaded: LoadedModel) -> None:
    desk = Desk(loaded)
    number = desk.submit("Good morning.", LONG)
    desk.run()
    *before, last = desk.events[number]
    assert all(isinstance(each, Chunk) and each.finish is None for each in before)
    assert isinstance(last, Chunk)
    assert last.finish == "length"
    assert last.usage is not None
    assert last.usage.text_tokens == 40
    assert sum(each.tokens for each in desk.events[number] if isinstance(each, Chunk)) == 40


def test_all_that_a_step_gives_is_told_at_once(loaded: LoadedModel) -> None:
    desk = Desk(loaded, prefix_cache=False, prefill_chunk=512)
    for word in ("one", "two", "three"):
        desk.submit(word, LONG)
    desk.run()
    assert len(desk.reports) == len(desk.runner.steps)
    assert max(len(report.events) for report in desk.reports) == 3


def test_the_second_turn_computes_only_what_is_new(loaded: LoadedModel) -> None:
    desk = Desk(loaded)
    history = [Message("user", "word " * 60)]
    first = desk.submit(history, LONG)
    desk.run()
    history += [Message("assistant", desk.text(first)), Message("user", "And then?")]
    second = desk.submit(history, LONG)
    desk.run()
    usage = desk.last(second).usage
    assert usage is not None
    assert usage.reused_tokens >= 80
    computed = sum(each.count for step in desk.runner.steps for each in step)
    assert computed < usage.prompt_tokens + 200


def test_without_a_prefix_cache_nothing_is_reused(loaded: LoadedModel) -> None:
    desk = Desk(loaded, prefix_cache=False)
    desk.submit("The same words.")
    desk.run()
    again = desk.submit("The same words.")
    desk.run()
    usage = desk.last(again).usage
    assert usage is not None
    assert usage.reused_tokens == 0


def test_cancelling_frees_the_blocks_within_one_step(loaded: LoadedModel) -> None:
    desk = Desk(loaded)
    gone, stays = desk.submit("Go away.", LONG), desk.submit("Stay.", LONG)
    desk.on_step = lambda step: desk.cancel(gone) if step == 5 else None
    desk.run()
    assert len(desk.events[gone]) <= 5
    assert all(gone not in {e.sequence.arrival for e in step} for step in desk.runner.steps[5:])
    assert desk.reports[5].status.running == 1
    assert desk.last(stays).finish == "length"
    assert desk.reports[-1].status.kv_used == 0


def test_cancelling_while_waiting_leaves_the_line(loaded: LoadedModel) -> None:
    desk = Desk(loaded, max_batch=1)
    first, second, third = (desk.submit(word, LONG) for word in "abc")
    desk.on_step = lambda step: desk.cancel(second) if step == 3 else None
    desk.run()
    assert desk.events[second] == [Waiting(1)]
    assert desk.last(first).finish == desk.last(third).finish == "length"


def test_places_in_line_are_told_when_they_change_and_with_the_wait_once_known(
    loaded: LoadedModel,
) -> None:
    desk = Desk(loaded, max_batch=1)
    numbers = [desk.submit(word, LONG) for word in "abc"]
    desk.run()
    told = [each for each in desk.events[numbers[2]] if isinstance(each, Waiting)]
    assert [each.position for each in told] == [2, 1]
    assert told[0].seconds is None
    assert told[1].seconds is not None
    assert told[1].seconds > 0
    assert not any(isinstance(each, Waiting) for each in desk.events[numbers[0]])


def test_a_count_is_answered_between_two_steps_and_not_behind_the_line(
    loaded: LoadedModel,
) -> None:
    desk = Desk(loaded, max_batch=1)
    desk.submit("a", LONG)
    desk.submit("b", LONG)
    asked: list[int] = []
    desk.on_step = lambda step: asked.append(desk.count("a")) if step == 2 else None
    desk.run()
    (answer,) = desk.events[asked[0]]
    assert answer in dict(desk.reports[2].events).values()
    usage = desk.last(0).usage
    assert usage is not None
    assert answer == Counted(usage.prompt_tokens)


def test_a_prompt_without_room_for_a_reply_is_told_its_length(loaded: LoadedModel) -> None:
    desk = Desk(replace(loaded, context_window=64))
    number = desk.submit("word " * 100)
    desk.run()
    (error,) = desk.events[number]
    assert isinstance(error, PromptTooLong)
    assert error.limit == 63
    assert error.tokens > 100


def test_a_reply_ends_where_the_window_does(loaded: LoadedModel) -> None:
    desk = Desk(replace(loaded, kv_tokens=64))
    number = desk.submit("Hello.", replace(LONG, max_new_tokens=500, min_new_tokens=500))
    desk.run()
    last = desk.last(number)
    assert last.usage is not None
    assert last.finish == "length"
    assert last.usage.prompt_tokens + last.usage.text_tokens == 64


def test_the_time_limit_ends_a_reply_and_keeps_what_was_said(loaded: LoadedModel) -> None:
    desk = Desk(loaded)
    number = desk.submit("Quick!", replace(LONG, time_limit=0.0))
    other = desk.submit("Take your time.", LONG)
    desk.run()
    last = desk.last(number)
    assert last.finish == "time"
    assert last.usage is not None
    assert last.usage.text_tokens == 1
    assert desk.last(other).finish == "length"


def test_parameters_that_mean_nothing_fail_their_request_alone(loaded: LoadedModel) -> None:
    desk = Desk(loaded)
    wrong = desk.submit("Hello.", SamplingParams(temperature=-1))
    right = desk.submit("Hello.")
    desk.run()
    assert isinstance(desk.events[wrong][0], RequestFailed)
    assert desk.last(right).finish


def test_answer_now_ends_the_thought_in_the_next_step(loaded: LoadedModel) -> None:
    """The tiny model, in a template that opens a thought which it never ends by itself."""
    tokenizer = smollm2_tokenizer(Path(str(loaded.model.name_or_path)), QWQ_TEMPLATE)
    desk = Desk(replace(loaded, tokenizer=tokenizer))
    control = Control()
    number = desk.submit("Why?", LONG, control)
    desk.on_step = lambda step: setattr(control, "answer_now", step >= 10)
    desk.run()
    chunks = [each for each in desk.events[number] if isinstance(each, Chunk)]
    usage = desk.last(number).usage
    assert usage is not None
    assert 10 <= usage.reasoning_tokens < 25
    assert usage.text_tokens == 40 - usage.reasoning_tokens
    assert [kind for kind, _ in groupby(chunks, lambda each: each.kind)] == ["reasoning", "text"]


def test_a_thinking_budget_forces_tokens_that_the_model_then_sees(loaded: LoadedModel) -> None:
    tokenizer = smollm2_tokenizer(Path(str(loaded.model.name_or_path)), QWQ_TEMPLATE)
    desk = Desk(replace(loaded, tokenizer=tokenizer))
    number = desk.submit("Why?", replace(LONG, thinking_budget=5))
    desk.run()
    forced = [each for step in desk.runner.steps[1:] for each in step if each.count > 1]
    assert len(forced) == 1
    assert desk.last(number).kind == "text"
