"""The strict Discord and discord.py's real client, over real HTTP and WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

import discord
import pytest
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.testing.discord import PRIVILEGED, Callback, DiscordServer, Intents, Message, Op

Interaction = discord.Interaction[discord.Client]
QUICK = 0.05
"""Seconds that a client waits for one more guild before it is ready; else two."""


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        server.gateway.identify_seconds = 0.0
        yield server


@pytest.fixture(autouse=True)
def here(server: DiscordServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """discord.py asks this server instead of the real one."""
    monkeypatch.setattr(Route, "BASE", server.api_url)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway.url))

    async def at_once(self: object, shard_id: object, *, initial: bool = False) -> None:
        """Instead of five seconds before each IDENTIFY."""

    monkeypatch.setattr(discord.Client, "before_identify_hook", at_once)


@asynccontextmanager
async def running(
    server: DiscordServer, client: discord.Client, shards: int = 1
) -> AsyncIterator[discord.Client]:
    async with client, asyncio.TaskGroup() as group:
        task = group.create_task(client.start(server.token))
        await server.ready(shards)
        await client.wait_until_ready()
        yield client
        await client.close()
        task.cancel()


class Echo(discord.Client):
    """Says what is said to it, and keeps it."""

    def __init__(self, intents: discord.Intents | None = None) -> None:
        super().__init__(intents=intents or discord.Intents.all(), guild_ready_timeout=QUICK)
        self.heard: list[str] = []

    async def on_message(self, message: discord.Message) -> None:
        if not message.author.bot:
            self.heard.append(message.content)
            await message.reply(f"> {message.content}")


async def test_it_logs_in_hears_and_answers(server: DiscordServer) -> None:
    ann = server.user("Ann")
    general = server.guild("Home", ann).text("general")
    async with running(server, Echo()) as client:
        assert [guild.name for guild in client.guilds] == ["Home"]
        said = ann.says("hi", general)
        ann.says("psst")
        await server.until(lambda: server.said(general) and server.said(ann.private))
        assert general.transcript() == "Ann: hi\nChinwag: > hi"
        assert general.shown[1].reference is said
    assert server.gateway.heartbeats.late() == []


async def test_a_wrong_token_and_a_missing_intent_are_named(server: DiscordServer) -> None:
    async with discord.Client(intents=discord.Intents.default()) as client:
        with pytest.raises(discord.LoginFailure):
            await client.login("wrong")
    server.world.granted = PRIVILEGED & ~Intents.MESSAGE_CONTENT
    async with Echo() as client:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await client.start(server.token)


async def test_edits_files_and_deletions_reach_people(server: DiscordServer) -> None:
    ann = server.user("Ann")
    general = server.guild("Home", ann).text("general")
    general_id, data = general.id, b"print()"
    async with running(server, Echo()) as client:
        channel = client.get_channel(general_id)
        assert isinstance(channel, discord.TextChannel)
        async with channel.typing():
            sent = await channel.send("one", allowed_mentions=discord.AllowedMentions.none())
        await sent.edit(content="two")
        await sent.add_files(discord.File(BytesIO(data), "a.py"))
        said = ann.says("see", general, files={"b.txt": b"hello"})
        got = await channel.fetch_message(said.id)
        assert await got.attachments[0].read() == b"hello"
        assert general.transcript().startswith("Chinwag: two [a.py]\nAnn: see [b.txt]")
        await sent.delete()
        assert server.said(general)[:1] != ["two"]
    assert len(general.typing) == 1


@pytest.mark.slow
async def test_it_waits_out_a_bucket_without_a_429(server: DiscordServer) -> None:
    ann = server.user("Ann")
    general = server.guild("Home", ann).text("general")
    server.clock.speed = 20
    async with running(server, Echo()) as client:
        channel = client.get_channel(general.id)
        assert isinstance(channel, discord.TextChannel)
        for number in range(12):
            await channel.send(str(number))
    assert len(server.said(general)) == 12
    assert server.limits.refused == []


async def test_after_a_cut_it_resumes_and_misses_nothing(server: DiscordServer) -> None:
    ann = server.user("Ann")
    client = Echo()
    async with running(server, client):
        server.cut()
        ann.says("while it was away")
        await server.until(lambda: client.heard)
        await server.until(lambda: server.said(ann.private))
    assert client.heard == ["while it was away"]
    assert server.gateway.received[Op.RESUME] == 1
    assert server.gateway.received[Op.IDENTIFY] == 1


async def test_asked_to_reconnect_it_resumes_and_invalidated_it_identifies(
    server: DiscordServer,
) -> None:
    async with running(server, Echo()):
        server.gateway.asks_to_reconnect()
        await server.until(lambda: server.gateway.received[Op.RESUME] == 1)
        await server.ready()
        server.gateway.invalidates(resumable=True)
        await server.until(lambda: server.gateway.received[Op.RESUME] == 2)
        await server.ready()
        server.gateway.invalidates()
        await server.until(lambda: server.gateway.received[Op.IDENTIFY] == 2)
        await server.ready()


async def test_shards_share_the_guilds(server: DiscordServer) -> None:
    ann = server.user("Ann")
    server.guild("Even", ann, id=2 << 22)
    server.guild("Odd", ann, id=1 << 22)
    server.gateway.shards = 2
    client = discord.AutoShardedClient(intents=discord.Intents.all(), guild_ready_timeout=QUICK)
    async with running(server, client, shards=2):
        found = {(guild.name, guild.shard_id) for guild in client.guilds}
        assert found == {("Even", 0), ("Odd", 1)}


class Prompt(discord.ui.Modal, title="System prompt"):
    text: discord.ui.TextInput[Prompt] = discord.ui.TextInput(
        label="Text", style=discord.TextStyle.long
    )

    async def on_submit(self, interaction: Interaction) -> None:
        await interaction.response.send_message(f"kept {self.text.value}", ephemeral=True)


class Press(discord.ui.View):
    @discord.ui.button(label="Stop")
    async def stop_it(self, interaction: Interaction, _: discord.ui.Button[Press]) -> None:
        await interaction.response.edit_message(content="stopped", view=None)


class Commander(discord.Client):
    """With a command of each kind."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.default(), guild_ready_timeout=QUICK)
        self.tree = app_commands.CommandTree(self)
        ask: Any = app_commands.Command(name="ask", description="ask", callback=self.ask)
        ask.autocomplete("question")(self.complete)
        self.tree.add_command(ask)
        form: Any = app_commands.Command(name="prompt", description="set", callback=self.prompt)
        self.tree.add_command(form)
        self.tree.add_command(app_commands.ContextMenu(name="Explain", callback=self.explain))

    async def ask(self, interaction: Interaction, question: str) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.followup.send("thinking about " + question)
        await interaction.edit_original_response(content="done with " + question)
        await interaction.followup.send("to all", view=Press())

    async def complete(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=current.title(), value=current)]

    async def prompt(self, interaction: Interaction) -> None:
        await interaction.response.send_modal(Prompt())

    async def explain(self, interaction: Interaction, message: discord.Message) -> None:
        await interaction.response.send_message("it says " + message.content)


async def test_commands_buttons_modals_and_menus_work(server: DiscordServer) -> None:
    ann = server.user("Ann")
    general = server.guild("Home", ann).text("general")
    client = Commander()
    async with running(server, client):
        await client.tree.sync()
        assert server.world.commands.names() == ["Explain", "ask", "prompt"]
        typed = ann.completes("/ask", "question", "wh", general)
        used = ann.uses("/ask", general, question="why")
        form = ann.uses("/prompt", general)
        menu = ann.uses_on("Explain", ann.says("words", general), general)
        await server.until(lambda: typed.choices and form.modal)
        await server.until(lambda: used.followups and menu.shown)
        assert typed.choices == [{"name": "Wh", "value": "wh"}]
        assert used.texts == ["done with why", "to all"]
        assert used.original is not None
        assert used.original.ephemeral
        sent, pressed = ann.submits(form, "Be brief."), ann.presses(used.followups[0], "Stop")
        await server.until(lambda: sent.shown and pressed.answer)
        assert sent.texts == ["kept Be brief."]
        assert pressed.answer is Callback.UPDATE
        assert used.followups[0].text == "stopped"
        assert menu.texts == ["it says words"]


async def test_threads_and_posts_come_with_their_parents(server: DiscordServer) -> None:
    ann = server.user("Ann")
    guild = server.guild("Home", ann)
    general, forum = guild.text("general"), guild.forum("help")
    async with running(server, Echo()) as client:
        thread = ann.starts_thread("talk", ann.says("topic", general))
        ann.says("inside", thread)
        post = ann.posts("How?", "It does not work", forum)
        await server.until(lambda: server.said(thread) and server.said(post.channel))
        known = client.get_channel(thread.id)
        assert isinstance(known, discord.Thread)
        assert known.parent_id == general.id
    assert server.said(post.channel) == ["> It does not work"]


async def test_a_missed_deadline_is_not_found(server: DiscordServer) -> None:
    ann = server.user("Ann")
    codes: list[int] = []
    client = Commander()

    async def slow(interaction: Interaction) -> None:
        server.clock.advance(4)
        try:
            await interaction.response.defer()
        except discord.NotFound as error:
            codes.append(error.code)

    late: Any = app_commands.Command(name="slow", description="slow", callback=slow)
    client.tree.add_command(late)
    async with running(server, client):
        await client.tree.sync()
        used = ann.uses("/slow")
        await server.until(lambda: codes)
    assert codes == [10062]
    assert used.failed


def test_a_message_is_shown_as_a_line(server: DiscordServer) -> None:
    ann = server.user("Ann")
    message: Message = ann.says("hi", files={"a.txt": b""})
    assert repr(message) == "<Ann: hi [a.txt]>"
