"""Commands of the strict Discord: registered, and used as its client lets people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.testing.discord import (
    Channel,
    DiscordServer,
    Guild,
    Person,
)
from tests.testing.discord.client import Json, Rest
from tests.testing.discord.commands import ASK, SETTINGS, commands, registered


@pytest.fixture
async def bot(server: DiscordServer) -> AsyncIterator[Rest]:
    async with registered(server) as bot:
        yield bot


async def test_a_set_of_commands_replaces_the_one_before_and_is_counted(
    server: DiscordServer, bot: Rest, guild: Guild
) -> None:
    before = await bot.call("GET", commands(server))
    await bot.call("PUT", commands(server), [ASK])
    assert server.world.commands.names() == ["ask"]
    assert server.world.commands.writes[None] == 2
    after = await bot.call("GET", commands(server))
    assert after[0]["id"] == before[0]["id"], "what keeps its name keeps its id"
    await bot.call("PUT", commands(server, guild), [SETTINGS])
    assert server.world.commands.names(guild.id) == ["settings"]
    assert server.world.commands.writes[guild.id] == 1


async def test_one_command_is_made_changed_and_deleted(server: DiscordServer, bot: Rest) -> None:
    path = commands(server)
    made = await bot.raw("POST", path, {"name": "new", "description": "x"})
    assert made.status == 201
    same = await bot.raw("POST", path, {"name": "new", "description": "y"})
    assert (same.status, same.body["id"]) == (200, made.body["id"])
    one = f"{path}/{made.body['id']}"
    changed = await bot.call("PATCH", one, {"description": "z"})
    assert (changed["name"], changed["description"]) == ("new", "z")
    await bot.call("DELETE", one)
    assert await bot.refused("GET", one) == 10063


async def test_commands_come_back_without_what_is_off(server: DiscordServer, bot: Rest) -> None:
    listed = await bot.call("GET", commands(server) + "?with_localizations=true")
    settings = next(c for c in listed if c["name"] == "settings")
    assert "required" not in settings["options"][0]["options"][1]
    assert settings["name_localizations"] is None


def command(**more: Any) -> Json:
    return {"name": "ok", "description": "fine", **more}


def option(**more: Any) -> Json:
    return {"name": "ok", "description": "fine", "type": 3, **more}


@pytest.mark.parametrize(
    "wrong",
    [
        command(name="Upper"),
        command(name="with space"),
        command(name="x" * 33),
        command(name=""),
        command(description=""),
        command(description="x" * 101),
        command(description_localizations={"xx": "fine"}),
        command(description_localizations={"de": "x" * 101}),
        command(name_localizations={"de": "Groß"}),
        command(default_member_permissions="all"),
        command(contexts=[7]),
        command(type=9),
        command(type=3),
        command(options=[option(name="Bad")]),
        command(options=[option(type=12)]),
        command(options=[option(), option()]),
        command(options=[option(), option(name="second", required=True)]),
        command(options=[option(name=f"o{n}") for n in range(26)]),
        command(options=[option(choices=[{"name": "n", "value": "v"}] * 26)]),
        command(options=[option(choices=[{"name": "n", "value": 5}])]),
        command(options=[option(choices=[{"name": "n", "value": "v"}], autocomplete=True)]),
        command(
            options=[
                option(name=f"o{n}", choices=[{"name": "x" * 100, "value": "v" * 100}] * 5)
                for n in range(10)
            ]
        ),
        command(
            options=[
                option(
                    name=f"o{n}",
                    description_localizations={"de": "x" * 100},
                    choices=[{"name": "n", "value": "v", "name_localizations": {"de": "x" * 100}}]
                    * 3,
                )
                for n in range(20)
            ]
        ),
        command(options=5),
    ],
)
async def test_a_wrong_command_is_refused_and_nothing_is_changed(
    server: DiscordServer, bot: Rest, wrong: Json
) -> None:
    refused = await bot.raw("PUT", commands(server), [wrong])
    assert (refused.code, list(refused.errors)) == (50035, ["0"])
    assert server.world.commands.names() == ["Explain this", "ask", "settings"]


async def test_names_are_unique_and_few(server: DiscordServer, bot: Rest) -> None:
    assert await bot.refused("PUT", commands(server), [command(), command()]) == 50035
    many = [command(name=f"c{number}") for number in range(101)]
    assert await bot.refused("PUT", commands(server), many) == 30032
    await bot.call("PUT", commands(server), many[:100])
    assert await bot.refused("POST", commands(server), many[100]) == 30032
    assert await bot.refused("PUT", "/applications/77/commands", []) == 20012


async def test_people_use_only_what_is_there_as_it_is_meant(
    server: DiscordServer, bot: Rest, ann: Person, ben: Person, guild: Guild, general: Channel
) -> None:
    with pytest.raises(LookupError):
        ann.uses("/nothing", general)
    with pytest.raises(ValueError, match="needs question"):
        ann.uses("/ask", general)
    with pytest.raises(ValueError, match="no options"):
        ann.uses("/ask", general, question="x", other="y")
    with pytest.raises(ValueError, match="1 to 9"):
        ann.uses("/ask", general, question="x", length=10)
    with pytest.raises(ValueError, match="one of"):
        ann.uses("/ask", general, question="x", style="long")
    with pytest.raises(ValueError, match="sub-command"):
        ann.uses("/settings", general)
    with pytest.raises(PermissionError):
        ben.uses("/settings set", general, key="a")
    used = ann.uses("/settings set", general, key="a", on=True)
    assert used.data["options"][0]["options"][1] == {"name": "on", "type": 5, "value": True}
    guild.denies("use_application_commands", guild.everyone, general)
    with pytest.raises(PermissionError):
        ben.uses("/ask", general, question="x")
