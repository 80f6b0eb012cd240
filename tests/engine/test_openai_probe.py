"""What the doctor learns of a model that other servers host: each is asked, none is bothered."""

from __future__ import annotations

from bot.testing.openai import ModelServer
from tests.engine.test_openai import engine


async def test_each_server_says_what_it_has() -> None:
    async with ModelServer(lambda prompt: "", "vllm", window=2048) as server:
        (finding,) = await engine(server).probe()
    assert finding.ok
    assert "(vllm) has tiny, 2,048 tokens of context" in finding.found


async def test_one_that_is_away_is_named_beside_one_that_is_there() -> None:
    async with ModelServer(lambda prompt: "") as here, ModelServer(lambda prompt: "") as away:
        one = engine(here, away)
        await away.__aexit__(None, None, None)
        first, second = await one.probe()
    assert (first.ok, second.ok) == (True, False)
    assert "No server answers at" in second.found


async def test_another_model_is_a_finding() -> None:
    async with ModelServer(lambda prompt: "") as server:
        (finding,) = await engine(server, model="other").probe()
    assert not finding.ok
    assert "'other'" in finding.found
