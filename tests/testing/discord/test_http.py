"""The strict Discord's door: tokens, forms, limits of rate, trouble on demand."""

from __future__ import annotations

import pytest
from aiohttp import ClientError, ServerDisconnectedError

from bot.testing.discord import (
    Channel,
    DiscordServer,
    Person,
    Rates,
    Window,
)
from tests.testing.discord.client import Rest, rest


async def test_a_wrong_token_an_unknown_path_and_a_wrong_method_are_refused(bot: Rest) -> None:
    assert (await bot.raw("GET", "/users/@me", token="wrong")).status == 401
    assert (await bot.raw("GET", "/nothing")).status == 404
    assert (await bot.raw("PUT", "/users/@me")).status == 405
    assert (await bot.call("GET", "/users/@me"))["username"] == "chinwag"


async def test_answers_are_json_without_a_charset_and_come_by_way_of_discord(bot: Rest) -> None:
    answer = await bot.raw("GET", "/gateway")
    assert answer.headers["Content-Type"] == "application/json"
    assert "Via" in answer.headers
    assert answer.body["url"].startswith("ws://127.0.0.1:")


async def test_broken_json_and_broken_forms_are_named(bot: Rest, general: Channel) -> None:
    path = f"/channels/{general.id}/messages"
    json_type = {"Content-Type": "application/json"}
    headers = json_type | {"Authorization": f"Bot {bot.server.token}"}
    async with bot.session.post(bot.server.api_url + path, data="{", headers=headers) as answer:
        assert (await answer.json())["code"] == 50109
    assert await bot.refused("POST", path, [1]) == 50109
    assert (await bot.raw("GET", "/channels/abc")).status == 404


async def test_a_bucket_is_told_in_headers_and_ends_in_429() -> None:
    async with DiscordServer() as server, rest(server) as bot:
        ann = server.user("Ann")
        guild = server.guild("Home", ann)
        one, two = guild.text("one"), guild.text("two")
        answers = [await bot.send(one.id) for _ in range(6)]
        assert [a.headers["X-RateLimit-Remaining"] for a in answers] == list("432100")
        assert [a.status for a in answers] == [200] * 5 + [429]
        assert 0 < answers[5].body["retry_after"] <= 5
        assert (answers[5].body["global"], answers[5].headers["X-RateLimit-Scope"]) == (
            False,
            "user",
        )
        assert (await bot.send(two.id)).status == 200, "each channel has its own"
        server.clock.advance(5)
        assert (await bot.send(one.id)).status == 200
        assert server.limits.refused == [("send_message", "user")]
        assert server.api.log[-1] == ("send_message", 200)


async def test_fifty_requests_a_second_are_the_limit_over_all() -> None:
    rates = Rates({}, other=Window(1000, 1.0), overall=Window(3, 60.0))
    async with DiscordServer(rates=rates) as server, rest(server) as bot:
        for _ in range(3):
            await bot.call("GET", "/users/@me")
        refused = await bot.raw("GET", "/users/@me")
        assert (refused.status, refused.body["global"]) == (429, True)
        assert refused.headers["X-RateLimit-Global"] == "true"
        server.clock.advance(60)
        await bot.call("GET", "/users/@me")


async def test_too_many_invalid_requests_bring_a_ban_without_via() -> None:
    rates = Rates({}, other=Window(1000, 1.0), invalid=Window(2, 600.0))
    async with DiscordServer(rates=rates) as server, rest(server) as bot:
        for _ in range(2):
            await bot.raw("GET", "/users/@me", token="wrong")
        banned = await bot.raw("GET", "/users/@me")
        assert (banned.status, "Via" in banned.headers) == (429, False)
        assert isinstance(banned.body, str)


async def test_what_others_did_to_a_shared_bucket_is_no_invalid_request() -> None:
    rates = Rates({}, other=Window(1000, 1.0), invalid=Window(1, 600.0))
    async with DiscordServer(rates=rates) as server, rest(server) as bot:
        server.faults.add("flood", "get_me", times=3)
        for _ in range(3):
            assert (await bot.raw("GET", "/users/@me")).code == 40062
        await bot.call("GET", "/users/@me")


async def test_downloads_fail_on_demand_too(
    server: DiscordServer, bot: Rest, ann: Person, general: Channel
) -> None:
    url = ann.says("see", general, files={"a.txt": b"hello"}).attachments[0].url
    server.faults.add("status", "download", code=503)
    server.faults.add("ban", "download")
    statuses = []
    for _ in range(3):
        async with bot.session.get(url) as answer:
            statuses.append(answer.status)
    assert statuses == [503, 429, 200]
    async with bot.session.get(url.replace("a.txt", "b/c")) as answer:
        assert answer.status == 404


async def test_trouble_comes_on_demand(server: DiscordServer, bot: Rest, general: Channel) -> None:
    server.faults.add("status", "send_message", code=502)
    server.faults.add("flood", "send_message", seconds=7)
    server.faults.add("ban", "send_message")
    server.faults.add("reset", "send_message")
    server.faults.add("lost", "send_message")
    assert (await bot.send(general.id)).status == 502
    flooded = await bot.send(general.id)
    assert (flooded.code, flooded.body["retry_after"]) == (40062, 7)
    assert (await bot.send(general.id)).status == 429
    with pytest.raises(ServerDisconnectedError):
        await bot.send(general.id, "b")
    assert server.said(general) == []
    with pytest.raises(ServerDisconnectedError):
        await bot.send(general.id, "c")
    assert server.said(general) == ["c"]
    server.goes_offline()
    with pytest.raises(ClientError):
        await bot.send(general.id)
