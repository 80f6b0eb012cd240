"""The engine behind OpenAI's API, over real HTTP, beside a server of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.openai import OpenAIEngine
from bot.engine.openai.events import delta
from bot.engine.openai.thoughts import Thoughts
from bot.errors import EngineBusy, EngineDied, ModelUnavailable, RequestFailed
from bot.testing.openai import Flavour, ModelServer
from bot.types import Chunk, Control, Message, SamplingParams, UserRef, Waiting

HELLO = (Message("user", "Hello"),)
PARAMS = SamplingParams()
THOUGHT = "<think> let me see </think> It is so."


def engine(*servers: ModelServer, **more: Any) -> OpenAIEngine:
    given = {"model": "tiny", "base_urls": [s.base_url for s in servers], "start_patience": 0.5}
    config = OpenAIEngine.Config.model_validate(given | more)
    return OpenAIEngine(config, Path(), lambda what, share: None)


async def chunks(
    of: OpenAIEngine,
    params: SamplingParams = PARAMS,
    messages: Sequence[Message] = HELLO,
    control: Control | None = None,
) -> list[Chunk]:
    stream = of.stream(messages, params, control)
    return [item async for item in stream if isinstance(item, Chunk)]


def said(found: Sequence[Chunk], kind: str = "text") -> str:
    return "".join(chunk.text for chunk in found if chunk.kind == kind)


async def test_a_reply_comes_in_pieces_and_ends_with_what_it_took() -> None:
    async with ModelServer(lambda prompt: "How are you?") as server, engine(server) as one:
        found = await chunks(one)
    assert said(found) == "How are you?"
    assert len(found) == 4
    last = found[-1]
    assert last.finish == "stop"
    assert all(chunk.finish is None for chunk in found[:-1])
    assert last.usage is not None
    assert (last.usage.text_tokens, last.usage.reused_tokens) == (3, 1)


async def test_what_the_server_says_of_its_model_is_known() -> None:
    for flavour in Flavour.__args__:  # type: ignore[attr-defined]
        async with (
            ModelServer(lambda prompt: "", flavour, window=2048) as server,
            engine(server) as one,
        ):
            assert one.info.name == "tiny"
            assert one.info.context_window == (8192 if flavour == "openai" else 2048)


@pytest.mark.parametrize("flavour", ["vllm", "llama.cpp", "openai"])
@pytest.mark.parametrize("parses", [True, False])
async def test_thoughts_are_told_from_the_answer(flavour: Flavour, parses: bool) -> None:
    async with (
        ModelServer(lambda prompt: THOUGHT, flavour, parses) as server,
        engine(server) as one,
    ):
        found = await chunks(one)
    assert said(found, "reasoning").strip() == "let me see"
    assert said(found).strip() == "It is so."


@pytest.mark.parametrize("flavour", ["vllm", "llama.cpp"])
async def test_a_thought_that_the_template_opens_is_one(flavour: Flavour) -> None:
    script = "let me see </think> It is so."
    async with (
        ModelServer(lambda p: script, flavour, parses=False, opens=True) as server,
        engine(server) as one,
    ):
        assert one.info.reasons
        found = await chunks(one)
    assert said(found, "reasoning").strip() == "let me see"
    assert said(found).strip() == "It is so."


@pytest.mark.parametrize("flavour", ["vllm", "llama.cpp", "openai"])
async def test_answer_now_ends_the_thought_and_the_answer_follows(flavour: Flavour) -> None:
    endless = f"<think> {'hm ' * 5000}</think> It is so."
    async with (
        ModelServer(lambda p: endless, flavour, pause=0.001) as server,
        engine(server) as one,
    ):
        control, found = Control(), list[Chunk]()
        async for item in one.stream(HELLO, replace(PARAMS, max_new_tokens=6000), control):
            assert isinstance(item, Chunk)
            found.append(item)
            control.answer_now = len(found) >= 5
    assert said(found, "reasoning").count("hm") < 100
    assert said(found).strip() == "It is so."
    assert found[-1].finish == "stop"
    assert len(server.requests) == 2
    if flavour != "openai":
        rest = server.requests[1]["prompt"]
        assert isinstance(rest, str) == (flavour == "llama.cpp")


async def test_a_budget_ends_the_thought_too() -> None:
    endless = f"<think> {'hm ' * 5000}</think> It is so."
    async with ModelServer(lambda p: endless, pause=0.001) as server, engine(server) as one:
        found = await chunks(one, replace(PARAMS, thinking_budget=10, max_new_tokens=6000))
    assert said(found, "reasoning").count("hm") <= 11
    assert said(found).strip() == "It is so."


async def test_without_thinking_the_template_is_asked_not_to() -> None:
    async with ModelServer(lambda prompt: THOUGHT) as server, engine(server) as one:
        found = await chunks(one, replace(PARAMS, thinking=False))
    assert said(found, "reasoning") == ""
    assert said(found) == "It is so."


@pytest.mark.parametrize(
    ("flavour", "penalty"), [("vllm", "repetition_penalty"), ("llama.cpp", "repeat_penalty")]
)
async def test_each_server_is_asked_in_its_own_words(flavour: Flavour, penalty: str) -> None:
    params = replace(PARAMS, top_k=5, min_p=0.1, repetition_penalty=1.2, seed=7, stop=("x",))
    async with ModelServer(lambda prompt: "Yes.", flavour) as server, engine(server) as one:
        await chunks(one, params)
    body = server.requests[0]
    assert (body[penalty], body["top_k"], body["seed"], body["stop"]) == (1.2, 5, 7, ["x"])


async def test_what_is_neutral_is_not_asked_for_so_that_plain_servers_take_it() -> None:
    async with ModelServer(lambda prompt: "Yes.", "openai") as server, engine(server) as one:
        assert said(await chunks(one)) == "Yes."


async def test_several_people_are_told_apart_by_name() -> None:
    messages = [Message("user", "hi", UserRef("a", "1", "Ann")),
                Message("user", "ho", UserRef("a", "2", "Ben"))]  # fmt: skip
    async with ModelServer(lambda prompt: "Yes.") as server, engine(server) as one:
        await chunks(one, messages=messages)
    assert [m["content"] for m in server.requests[0]["messages"]] == ["Ann: hi", "Ben: ho"]


async def test_a_reply_that_was_cut_goes_on() -> None:
    begun = (*HELLO, Message("assistant", "Once upon"))
    async with ModelServer(lambda prompt: "a time.") as server, engine(server) as one:
        assert said(await chunks(one, messages=begun)) == "a time."
    assert server.requests[0]["continue_final_message"] is True


async def test_the_token_limit_is_told() -> None:
    async with ModelServer(lambda prompt: "one two three") as server, engine(server) as one:
        found = await chunks(one, replace(PARAMS, max_new_tokens=2))
    assert (said(found), found[-1].finish) == ("one two ", "length")


async def test_closing_the_stream_ends_the_request() -> None:
    async with (
        ModelServer(lambda prompt: "word " * 5000, pause=0.001) as server,
        engine(server) as one,
        aclosing(one.stream(HELLO, replace(PARAMS, max_new_tokens=5000))) as stream,
    ):
        await anext(stream)
    await server.cancelled.wait()
    assert one.status().running == 0


async def test_who_finds_all_places_taken_waits_in_line_and_then_is_told() -> None:
    async with (
        ModelServer(lambda prompt: "word " * 20, pause=0.01) as server,
        engine(server, concurrency=1, max_queue=1) as one,
    ):
        first = one.stream(HELLO, PARAMS)
        await anext(first)
        second = one.stream(HELLO, PARAMS)
        assert isinstance(await anext(second), Waiting)
        with pytest.raises(EngineBusy):
            await anext(one.stream(HELLO, PARAMS))
        await first.aclose()
        assert isinstance(await anext(second), Chunk)
        await second.aclose()


async def test_tokens_are_counted_by_the_models_own_tokenizer() -> None:
    async with ModelServer(lambda prompt: "") as server, engine(server) as one:
        assert await one.count_tokens([Message("user", "one two three")]) == 5


# --- what can go wrong -----------------------------------------------------------------------


async def test_a_server_that_is_away_is_named() -> None:
    config = OpenAIEngine.Config(model="tiny", base_url="http://127.0.0.1:9/v1", start_patience=0)
    one = OpenAIEngine(config, Path(), lambda what, share: None)
    with pytest.raises(ModelUnavailable, match=r"127\.0\.0\.1:9"):
        await one.__aenter__()


async def test_another_model_is_named() -> None:
    async with ModelServer(lambda prompt: "") as server:
        with pytest.raises(ModelUnavailable, match=r"has no model 'large', it has: tiny"):
            await engine(server, model="large").__aenter__()


async def test_a_key_is_sent_and_a_wrong_one_is_named() -> None:
    async with (
        ModelServer(lambda prompt: "Yes.", key="sesame") as server,
        engine(server, api_key="sesame") as one,
    ):
        assert said(await chunks(one)) == "Yes."
        with pytest.raises(ModelUnavailable, match="api_key"):
            await engine(server, api_key="wrong").__aenter__()


async def test_a_connection_that_is_cut_fails_one_request() -> None:
    async with (
        ModelServer(lambda prompt: "one two three", dies_after=2) as server,
        engine(server) as one,
    ):
        with pytest.raises(RequestFailed):
            await chunks(one)
        server.dies_after = None
        assert said(await chunks(one)) == "one two three"


async def test_where_a_server_falls_out_the_others_take_over() -> None:
    async with (
        ModelServer(lambda prompt: "first") as first,
        ModelServer(lambda prompt: "second") as second,
        engine(first, second) as one,
    ):
        assert said(await chunks(one)) == "first"
        first.status = 500
        assert said(await chunks(one)) == "second"
        second.status = 500
        with pytest.raises(EngineDied):
            await chunks(one)


async def test_requests_go_to_the_least_busy_server() -> None:
    long = "word " * 100
    async with (
        ModelServer(lambda p: long, pause=0.01) as first,
        ModelServer(lambda p: long) as two,
        engine(first, two) as one,
    ):
        held = one.stream(HELLO, PARAMS)
        await anext(held)
        await chunks(one)
        await held.aclose()
    assert (len(first.requests), len(two.requests)) == (1, 1)


@pytest.mark.parametrize(("status", "error"), [(429, EngineBusy), (400, RequestFailed)])
async def test_refusals_are_typed(status: int, error: type[Exception]) -> None:
    async with ModelServer(lambda prompt: "") as server, engine(server) as one:
        server.status = status
        with pytest.raises(error):
            await chunks(one)


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(repr))
def test_no_event_is_too_odd(data: str) -> None:
    try:
        delta(data)
    except RequestFailed:
        return


@given(st.lists(st.text("<think>/ ab\n", max_size=9)), st.booleans())
def test_however_the_text_is_cut_thoughts_come_out_alike(parts: list[str], inside: bool) -> None:
    def told(pieces: Sequence[str]) -> tuple[str, str]:
        thoughts, found = Thoughts(inside), {"reasoning": "", "text": ""}
        for piece in pieces:
            for kind, text in thoughts.push(piece):
                found[kind] += text
        for kind, text in thoughts.close():
            found[kind] += text
        return found["reasoning"], found["text"]

    assert told(parts) == told(["".join(parts)])
