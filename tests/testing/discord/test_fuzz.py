"""Whatever a client sends, the strict Discord answers or closes: it never fails itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.testing.discord import UNLIMITED, DiscordServer
from bot.testing.discord.rest.methods import ROUTES
from tests.testing.discord.client import rest, shard

pytestmark = pytest.mark.slow

plain = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 17, 18, 64, 1 << 15, -1, 1 << 70, 1.5]),
    st.sampled_from(["", "x", "1", "users", "everyone", "de", "²", "x y"]),
    st.text(max_size=20),
)
WORDS = """
content embeds components attachments flags nonce allowed_mentions message_reference type id data
options name description choices custom_id label style parse users roles messages title message_id
fields footer text enforce_nonce recipient_id archived locked message value component accessory
"""
KEYS = st.sampled_from(WORDS.split())
anything = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)


def some(**known: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object with some of these keys, each with what it should have or with anything."""
    return st.fixed_dictionaries({}, optional={k: v | anything for k, v in known.items()})


def few(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(of, max_size=3)


text, number = st.sampled_from(["", "a", "b", "x" * 101]), st.integers(0, 20)
component: st.SearchStrategy[Any] = st.deferred(
    lambda: some(
        type=number,
        custom_id=text,
        label=text,
        style=number,
        content=text,
        components=few(component),
        accessory=component,
        component=component,
        options=few(some(label=text, value=text)),
    )
)
embed = some(
    title=text,
    description=text,
    fields=few(some(name=text, value=text)),
    footer=some(text=text),
    color=number,
)
message = some(
    content=text,
    flags=st.sampled_from([0, 64, 1 << 15]),
    embeds=few(embed),
    components=few(component),
    attachments=few(some(id=number, filename=text)),
    nonce=text,
    enforce_nonce=st.booleans(),
    allowed_mentions=some(parse=few(text), users=few(text), roles=few(text)),
    message_reference=some(message_id=text),
)
option: st.SearchStrategy[Any] = st.deferred(
    lambda: some(
        name=text,
        description=text,
        type=number,
        required=st.booleans(),
        options=few(option),
        choices=few(some(name=text, value=text | number)),
        name_localizations=some(de=text),
        default_member_permissions=text,
        contexts=few(number),
    )
)
answer = some(type=st.integers(4, 9), data=message | some(choices=few(option), title=text))
thread = some(name=text, type=number, message=message, auto_archive_duration=number)
bodies = st.one_of(message, few(option), option, answer, thread, anything)
CODES = {4000, 4001, 4002, 4003, 4004, 4005, 4007, 4008, 4010, 4011, 4012, 4013, 4014}


@given(route=st.sampled_from(ROUTES), body=bodies)
@settings(max_examples=600, deadline=None)
async def test_no_body_makes_a_route_fail(route: Any, body: Any) -> None:
    async with DiscordServer(rates=UNLIMITED) as server, rest(server) as bot:
        ann = server.user("Ann", id=1)
        guild = server.guild("Home", ann, id=2)
        general = guild.text("general")
        mine = (await bot.send(general.id)).body
        await bot.call(
            "PUT", f"/applications/{server.bot.id}/commands", [{"name": "a", "description": "b"}]
        )
        used = ann.uses("/a", general)
        path = route.path.format(
            channel=general.id,
            message=mine["id"],
            guild=2,
            user=1,
            application=server.bot.id,
            webhook=server.bot.id,
            command=1,
            interaction=used.id,
            token=used.token,
        )
        answer = await bot.raw(route.method, path, body)
        assert answer.status < 500
        assert (await bot.raw("GET", "/users/@me")).status == 200


frames = st.one_of(
    st.text(max_size=50),
    st.binary(max_size=50),
    bodies.map(json.dumps),
    st.fixed_dictionaries({"op": st.integers(-1, 12) | plain, "d": anything}).map(json.dumps),
)


@given(sent=st.lists(frames, max_size=5), identified=st.booleans())
@settings(max_examples=200, deadline=None)
async def test_no_frame_makes_the_gateway_fail(sent: list[str | bytes], identified: bool) -> None:
    async with DiscordServer() as server:
        server.gateway.identify_seconds = 0.0
        async with shard(server) as client:
            if identified:
                await client.identify()
            for frame in sent:
                await _send(client.socket, frame)
        async with shard(server) as client:
            await client.identify()
        assert set(server.gateway.closed) <= CODES


async def _send(socket: Any, frame: str | bytes) -> None:
    if socket.closed:
        return
    if isinstance(frame, bytes):
        await socket.send_bytes(frame)
    else:
        await socket.send_str(frame)
