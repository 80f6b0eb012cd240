"""The application, its commands, and the way to the gateway."""

from __future__ import annotations

from bot.testing.discord.accounts import Json
from bot.testing.discord.checks.commands import MOST, check_command, check_commands, too_many
from bot.testing.discord.checks.form import Form
from bot.testing.discord.commands import Scope
from bot.testing.discord.failures import forbidden, unknown
from bot.testing.discord.rest.call import Answer, Call
from bot.testing.discord.rest.routes import Route
from bot.testing.discord.world import World


async def get_application(world: World, call: Call) -> Answer:
    owner = next((a for a in world.accounts.values() if not a.bot), world.bot)
    return Answer(
        {
            "id": str(world.bot.id),
            "name": world.bot.name,
            "icon": None,
            "description": "",
            "summary": "",
            "verify_key": "0" * 64,
            "bot_public": True,
            "bot_require_code_grant": False,
            "flags": world.application_flags,
            "owner": owner.json,
            "bot": world.bot.json,
            "team": None,
        }
    )


async def get_gateway(world: World, call: Call) -> Answer:
    return Answer({"url": world.audience.url})


async def get_gateway_bot(world: World, call: Call) -> Answer:
    return Answer({"url": world.audience.url, **world.audience.start})


def _scope(world: World, call: Call) -> Scope:
    """Raises where the application is another's, or the bot isn't in the guild."""
    if call.id("application") != world.bot.id:
        raise forbidden(20012, "You are not authorized to perform this action on this application")
    return world.joined(call.id("guild")).id if "guild" in call.ids else None


def _one(world: World, call: Call) -> Json:
    command = world.commands.of(_scope(world, call)).get(call.id("command"))
    if command is None:
        raise unknown("application command")
    return command


async def get_commands(world: World, call: Call) -> Answer:
    shown = list(world.commands.of(_scope(world, call)).values())
    if call.flag("with_localizations"):
        return Answer(shown)
    hidden = ("name_localizations", "description_localizations")
    return Answer([{k: v for k, v in c.items() if k not in hidden} for c in shown])


async def put_commands(world: World, call: Call) -> Answer:
    scope = _scope(world, call)
    check_commands(call.json)
    world.commands.writes[scope] += 1
    return Answer(world.commands.replace(scope, call.json))


async def create_command(world: World, call: Call) -> Answer:
    scope = _scope(world, call)
    _check(call.body)
    if world.commands.full(scope, call.body):
        raise too_many(MOST[call.body["type"]])
    world.commands.writes[scope] += 1
    command, new = world.commands.put(scope, call.body)
    return Answer(command, 201 if new else 200)


async def get_command(world: World, call: Call) -> Answer:
    return Answer(_one(world, call))


async def edit_command(world: World, call: Call) -> Answer:
    old, scope = _one(world, call), _scope(world, call)
    body = old | call.body
    _check(body)
    world.commands.writes[scope] += 1
    return Answer(world.commands.change(scope, body, old))


async def delete_command(world: World, call: Call) -> Answer:
    command, scope = _one(world, call), _scope(world, call)
    world.commands.writes[scope] += 1
    del world.commands.of(scope)[int(command["id"])]
    return Answer()


def _check(body: Json) -> None:
    form = Form(body)
    check_command(form)
    form.done()


def _command_routes(base: str) -> tuple[Route, ...]:
    return (
        Route("GET", base, get_commands),
        Route("PUT", base, put_commands),
        Route("POST", base, create_command),
        Route("GET", base + "/{command}", get_command),
        Route("PATCH", base + "/{command}", edit_command),
        Route("DELETE", base + "/{command}", delete_command),
    )


ROUTES = (
    Route("GET", "/gateway", get_gateway, authenticated=False),
    Route("GET", "/gateway/bot", get_gateway_bot),
    Route("GET", "/applications/@me", get_application),
    Route("GET", "/oauth2/applications/@me", get_application),
    *_command_routes("/applications/{application}/commands"),
    *_command_routes("/applications/{application}/guilds/{guild}/commands"),
)
