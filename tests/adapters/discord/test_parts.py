"""What the adapter remembers, in which order it goes on, and how it names failures."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest
from discord.utils import time_snowflake

from adapters.discord.failures import typed
from adapters.discord.lanes import Lanes
from adapters.discord.marks import Marks
from adapters.discord.nonces import Nonces
from adapters.discord.reading import channel_of
from bot import errors
from bot.types import Place, Post, utcnow
from tests.adapters.kept import Notes

HERE = Place("discord", "7", server="1")


async def marks(notes: Notes, longest: float = 3600.0) -> Marks:
    made = Marks(longest)
    made.memory = notes
    await made.load()
    return made


def ago(seconds: float) -> int:
    """The id that a message got so long ago."""
    return time_snowflake(utcnow() - timedelta(seconds=seconds))


# --- marks ---------------------------------------------------------------------------------------


async def test_at_the_very_first_start_nothing_was_missed() -> None:
    assert (await marks(Notes())).since(7) > ago(5)


async def test_what_was_read_is_known_after_a_restart() -> None:
    notes = Notes()
    before = await marks(notes)
    before.handled(7, ago(600), direct=False)
    before.handled(8, ago(500), direct=True)
    await before.write()
    after = await marks(notes)
    assert after.since(7) == int(notes.kept["seen 7"])
    assert list(after.direct_channels()) == [8]
    assert after.since(8, direct=True) == int(notes.kept["direct 8"])


async def test_a_channel_that_was_never_read_was_missed_since_the_last_sign_of_life() -> None:
    notes = Notes({"latest": str(ago(600))})
    assert ago(661) < (await marks(notes)).since(9) < ago(659)


async def test_nothing_is_looked_for_further_back_than_is_wanted() -> None:
    notes = Notes({"latest": str(ago(9000)), "seen 7": str(ago(9000))})
    found = await marks(notes)
    assert found.since(7) > ago(3601)
    await found.write()
    assert "seen 7" not in notes.kept


async def test_the_last_question_of_each_channel_is_known_for_as_long_as_is_looked_back() -> None:
    notes = Notes()
    kept = await marks(notes)
    for channel, message in ((7, ago(60)), (7, ago(50)), (8, ago(40)), (9, ago(9000))):
        kept.asked(channel, message)
    await kept.write()
    found = dict((await marks(notes)).questions())
    assert found.keys() == {7, 8}
    assert ago(51) < found[7] < ago(49)


async def test_a_mark_that_could_not_be_written_is_written_later() -> None:
    notes = Notes(failing=1)
    kept = await marks(notes)
    kept.handled(7, 70, direct=False)
    await kept.write()
    assert notes.kept == {}
    kept.handled(7, ago(0), direct=False)
    await kept.write()
    assert int(notes.kept["seen 7"]) > 70


async def test_a_message_is_handled_once() -> None:
    kept = await marks(Notes())
    assert kept.is_new(5)
    kept.handled(7, 5, direct=False)
    assert not kept.is_new(5)


# --- nonces --------------------------------------------------------------------------------------


def test_a_post_has_the_same_nonce_in_every_process_until_it_stands_there() -> None:
    nonces, post = Nonces(), Post("grow", key="7/0")
    nonce = nonces.of(HERE, post)
    assert len(nonce) <= 25
    assert Nonces().of(HERE, Post("grown", key="7/0")) == nonce
    assert nonces.of(HERE, Post("grow", key="7/1")) != nonce
    assert nonces.of(replace(HERE, chat="8"), post) != nonce
    nonces.used(nonce)
    assert nonces.of(HERE, post) != nonce


def test_what_has_no_name_is_never_the_same() -> None:
    nonces = Nonces()
    assert nonces.of(HERE, Post("a")) != nonces.of(HERE, Post("a"))


# --- lanes ---------------------------------------------------------------------------------------


async def test_a_channel_goes_on_in_order_once_the_gate_is_open_and_past_what_fails() -> None:
    done: list[str] = []

    async def do(name: str) -> None:
        await asyncio.sleep(0)
        if name == "broken":
            raise RuntimeError(name)
        done.append(name)

    async with asyncio.TaskGroup() as group:
        lanes = Lanes(group)
        for name in ("live", "broken", "later"):
            lanes.add(7, partial(do, name))
        lanes.add(7, lambda: do("missed"), first=True)
        await asyncio.sleep(0)
        assert done == []
        lanes.gate.set()
    assert done == ["missed", "live", "later"]


# --- failures and places -------------------------------------------------------------------------


def refusal(status: int, code: int = 0, text: str = "", wait: str = "") -> discord.HTTPException:
    response: Any = SimpleNamespace(status=status, reason="", headers={"Retry-After": wait})
    kinds = {403: discord.Forbidden, 404: discord.NotFound, 503: discord.DiscordServerError}
    kind = kinds.get(status, discord.HTTPException)
    return kind(response, {"code": code, "message": text})


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (refusal(403, 50013, "Missing Permissions"), errors.Forbidden),
        (refusal(403, 50001, "Missing Access"), errors.Forbidden),
        (refusal(403, 50007, "Cannot send messages to this user"), errors.Forbidden),
        (refusal(404, 10008, "Unknown Message"), errors.Gone),
        (refusal(404, 10003, "Unknown Channel"), errors.Gone),
        (refusal(401, 50027, "Invalid Webhook Token"), errors.Gone),
        (refusal(401, 0, "401: Unauthorized"), errors.Unavailable),
        (refusal(400, 50035, "Must be 2000 or fewer in length."), errors.TooLong),
        (refusal(400, 50006, "Cannot send an empty message"), errors.Refused),
        (refusal(413, 40005, "Request entity too large"), errors.Refused),
        (refusal(429, 0, "banned by Cloudflare"), errors.RateLimited),
        (discord.RateLimited(31.0), errors.RateLimited),
        (refusal(400, 20016, "due to slowmode rate limit"), errors.RateLimited),
        (refusal(503), errors.Unavailable),
        (aiohttp.ServerDisconnectedError(), errors.Unavailable),
        (ConnectionResetError(), errors.Unavailable),
        (TimeoutError(), errors.Unavailable),
        (RuntimeError("Session is closed"), errors.Unavailable),
    ],
)
async def test_each_failure_has_its_name_and_no_cause_that_could_hold_a_url(
    error: Exception, name: type[errors.DeliveryError]
) -> None:
    with pytest.raises(name) as named:
        async with typed():
            raise error
    assert named.value.__suppress_context__


async def test_how_long_to_wait_is_told() -> None:
    with pytest.raises(errors.RateLimited) as limited:
        async with typed():
            raise refusal(429, wait="7")
    assert limited.value.retry_after == 7


async def test_a_bug_is_no_failure_of_the_network() -> None:
    with pytest.raises(RuntimeError, match="a bug"):
        async with typed():
            raise RuntimeError("a bug")


@pytest.mark.parametrize(
    ("thread", "channel"),
    [("", 7), ("12", 12), ("reply:99", 7), ("12/reply:99", 12), ("reply:interaction:5", 7)],
)
def test_a_chain_of_replies_is_in_its_channel_or_thread(thread: str, channel: int) -> None:
    assert channel_of(Place("discord", "7", thread, server="1")) == channel
