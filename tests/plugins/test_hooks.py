"""Plugins take part in a turn, and none of them can break one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot import hooks as page
from bot import plugins
from bot.commands import Call
from bot.errors import CommandError, ConfigError, PluginError
from bot.hooks import FAILURES, Hooks, Running
from bot.registry import Registry, set_up
from bot.section import Section
from bot.store import Reply
from bot.types import CommandSpec, Message, Place, Post, Turn
from tests.core.house import CHAT, open_house

pytestmark = pytest.mark.slow

ECHO = ({"match": r"(?s)(.*)", "text": r"You said: \1"},)
Setup = Callable[[Registry], None]
Install = Callable[[Setup], None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """As the plugin `mine`."""

    def install(setup: Setup) -> None:
        monkeypatch.setattr(plugins, "load", load_of(setup, plugins.load))

    return install


def load_of(setup: Setup, others: Callable[..., object]) -> Callable[..., object]:
    return lambda kind, name: setup if name == "mine" else others(kind, name)


async def shout(place: Place, message: Message) -> Message:
    return replace(message, text=message.text.upper())


async def test_a_question_is_kept_and_answered_as_a_plugin_leaves_it(
    tmp_path: Path, install: Install
) -> None:
    install(lambda registry: registry.on_message(shout))
    async with open_house(tmp_path, ECHO, plugins={"mine": {}}) as people:
        people.say("hello")
        await people.see("You said: HELLO")
        history = await people.house.services.store.history(CHAT.key, 10)
    assert history[0].text == "HELLO"


async def test_a_plugin_can_refuse_a_question_with_a_sentence(
    tmp_path: Path, install: Install
) -> None:
    async def refuse(place: Place, message: Message) -> None:
        raise CommandError("Not today.")

    install(lambda registry: registry.on_message(refuse))
    async with open_house(tmp_path, ECHO, plugins={"mine": {}}) as people:
        people.say("hello")
        await people.see("Not today.")


async def test_a_plugin_learns_how_each_reply_ended(tmp_path: Path, install: Install) -> None:
    ended: list[tuple[str, str]] = []

    async def note(turn: Turn, reply: Reply) -> None:
        ended.append((turn.state.value, reply.text))

    install(lambda registry: registry.on_reply(note))
    async with open_house(tmp_path, ECHO, plugins={"mine": {}}) as people:
        people.say("hello")
        await people.see("You said: hello")
        while not ended:  # noqa: ASYNC110 – bounded by the test's own time-out
            await asyncio.sleep(0.005)
    assert ended == [("done", "You said: hello")]


async def test_a_command_of_a_plugin_is_like_any_other(tmp_path: Path, install: Install) -> None:
    async def ping(call: Call) -> Post:
        return Post("pong")

    install(lambda registry: registry.command(CommandSpec("ping", "answers"), ping))
    async with open_house(tmp_path, plugins={"mine": {}}) as people:
        people.command("/ping")
        await people.see("pong")


async def test_a_job_can_post_while_the_bot_runs_and_its_failure_is_logged(
    tmp_path: Path, install: Install
) -> None:
    async def work(running: Running) -> None:
        await running.tell(CHAT, Post("good morning"))
        raise RuntimeError("no more")

    install(lambda registry: registry.job(work))
    with capture_logs() as logs:
        async with open_house(tmp_path, ECHO, plugins={"mine": {}}) as people:
            await people.see("good morning")
            people.say("hello")
            await people.see("good morning", "You said: hello")
    assert any("mine: its job failed and is over: RuntimeError: no more" in str(e) for e in logs)


async def test_a_hook_that_fails_is_named_breaks_nothing_and_is_left_out_in_the_end(
    tmp_path: Path, install: Install
) -> None:
    calls: list[str] = []

    async def broken(place: Place, message: Message) -> Message:
        calls.append(message.text)
        raise ZeroDivisionError("oops")

    install(lambda registry: registry.on_message(broken))
    with capture_logs() as logs:
        async with open_house(tmp_path, ECHO, plugins={"mine": {}}) as people:
            for number in range(FAILURES + 2):
                people.say(f"{number}")
                await people.see(*(f"You said: {n}" for n in range(number + 1)))
    assert len(calls) == FAILURES
    told = [e["event"] for e in logs if "mine: its on_message failed" in str(e["event"])]
    assert len(told) == FAILURES
    assert "left out until the next start" in told[-1]


async def test_a_hook_that_hangs_is_given_up(
    monkeypatch: pytest.MonkeyPatch, install: Install
) -> None:
    async def hang(place: Place, message: Message) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(page, "LONGEST", 0.01)
    install(lambda registry: registry.on_message(hang))
    message = Message("user", "hello")
    assert await set_up({"mine": {}}).message(CHAT, message) == message


async def test_one_success_forgives_earlier_failures(install: Install) -> None:
    outcomes = iter([False, False, True] * 4)

    async def moody(place: Place, message: Message) -> Message:
        if not next(outcomes):
            raise ValueError
        return replace(message, text="fine")

    install(lambda registry: registry.on_message(moody))
    hooks = set_up({"mine": {}})
    texts = [(await hooks.message(CHAT, Message("user", "x"))).text for _ in range(12)]
    assert texts == ["x", "x", "fine"] * 4


def test_what_a_plugin_is_configured_with_is_checked(install: Install) -> None:
    class Options(Section):
        limit: int = 1

    def setup(registry: Registry) -> None:
        registry.options(Options)

    install(setup)
    set_up({"mine": {"limit": 3}})
    with pytest.raises(ConfigError, match=r"plugins\.mine\.limitt: unknown key; did you mean"):
        set_up({"mine": {"limitt": 3}})


def test_nothing_is_registered_after_the_start(install: Install) -> None:
    kept: list[Registry] = []
    install(kept.append)
    set_up({"mine": {}})
    with pytest.raises(PluginError, match="mine: register within setup"):
        kept[0].on_message(shout)


def test_a_command_that_is_there_already_is_refused(install: Install) -> None:
    async def other(call: Call) -> None: ...

    install(lambda registry: registry.command(CommandSpec("help", "other help"), other))
    with pytest.raises(PluginError, match="mine: there is a command /help already"):
        set_up({"mine": {}}, ["help"])


def test_a_setup_that_fails_names_its_plugin(install: Install) -> None:
    def broken(registry: Registry) -> None:
        raise KeyError("x")

    install(broken)
    with pytest.raises(PluginError, match="mine: its setup failed: KeyError"):
        set_up({"mine": {}})


def test_a_plugin_that_is_not_installed_is_named() -> None:
    with pytest.raises(PluginError, match="no such plugin"):
        set_up({"nowhere": {}})


async def test_without_plugins_there_is_nothing_to_do() -> None:
    assert set_up({}) == Hooks()
