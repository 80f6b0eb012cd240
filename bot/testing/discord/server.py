"""The server: started in a test, spoken to over HTTP and WebSocket by a bot in this or another
process."""

from __future__ import annotations

from typing import Self

from bot.testing.common.clock import Clock
from bot.testing.common.server import LoopbackServer
from bot.testing.discord.accounts import Account
from bot.testing.discord.channels import Channel
from bot.testing.discord.gateway import PATH, Gateway
from bot.testing.discord.guilds import Guild
from bot.testing.discord.intents import PRIVILEGED, Intents
from bot.testing.discord.people import Person
from bot.testing.discord.permissions import USUAL, Permission
from bot.testing.discord.rates import Limiter, Rates
from bot.testing.discord.rest.http import BASE, Api
from bot.testing.discord.world import World

BOT_ID = 1_290_000_000_000_000_001
TOKEN = "MTI5MDAwMDAwMDAwMDAwMDAwMQ.not-a.real-token-of-any-bot-000"  # noqa: S105 – opens this only


class DiscordServer(LoopbackServer):
    """A strict Discord on loopback, and the people who use it.

        async with DiscordServer() as server:
            alice = server.user("Alice")
            general = server.guild("Home", alice).text("general")
            alice.says(f"{server.bot.mention} hello", general)

    `api_url` is what a bot is configured with, `token` what it logs in with. `granted` are the
    privileged intents that are switched on for it, `heartbeat` is in seconds.
    """

    def __init__(
        self,
        *,
        token: str = TOKEN,
        name: str = "Chinwag",
        speed: float = 1.0,
        skew: float = 0.0,
        rates: Rates | None = None,
        granted: Intents = PRIVILEGED,
        heartbeat: float = 41.25,
        shards: int = 1,
        least_shards: int = 1,
        concurrency: int = 1,
        seed: int = 0,
        port: int = 0,
    ):
        bot = Account(BOT_ID, name, bot=True)
        self.world = World(token, bot, Clock(speed, skew), granted)
        super().__init__(token, self.world.clock, self.world.stirred, seed=seed, port=port)
        self.gateway = Gateway(
            self.world,
            interval=heartbeat,
            shards=shards,
            least_shards=least_shards,
            concurrency=concurrency,
        )
        self.world.audience = self.gateway
        self.limits = Limiter(self.world.clock, rates or Rates())
        self.api = Api(self.world, self.faults, self.limits)

    async def __aenter__(self) -> Self:
        app = self.api.app()
        app.router.add_get(PATH, self.gateway.connect)
        await self._listen(app)
        self.world.url = self.url
        return self

    async def __aexit__(self, *exception: object) -> None:
        self.gateway.offline = True
        self.gateway.cut()
        await self._close()

    @property
    def api_url(self) -> str:
        return self.url + BASE

    @property
    def bot(self) -> Account:
        return self.world.bot

    # --- who and where ---------------------------------------------------------------------------

    def user(
        self, name: str, *, id: int | None = None, bot: bool = False, locale: str = "en-US"
    ) -> Person:
        person = Person(id or self.world.ids.next(), name, bot, locale, world=self.world)
        self.world.accounts[person.id] = person
        return person

    def guild(
        self,
        name: str,
        owner: Person,
        *people: Person,
        id: int | None = None,
        permissions: Permission = USUAL,
    ) -> Guild:
        """With the bot in it, invited with these permissions."""
        guild = Guild(self.world, id or self.world.ids.next(), name, owner)
        self.world.guilds[guild.id] = guild
        for person in (owner, *people):
            guild.adds(person)
        guild.invites_bot(permissions)
        return guild

    # --- what a test asks ------------------------------------------------------------------------

    async def ready(self, shards: int = 1, seconds: float = 30.0) -> None:
        """Return once the bot has this many sessions."""
        await self.until(lambda: len(self.gateway.connected) >= shards, seconds)

    def said(self, channel: Channel) -> list[str]:
        """The texts of the bot's messages that everybody in this channel sees."""
        return [message.text for message in channel.by(self.bot.id)]

    # --- trouble ---------------------------------------------------------------------------------

    def cut(self) -> None:
        """The gateway's connections fail; the sessions can be resumed."""
        self.gateway.cut()

    def goes_offline(self) -> None:
        """Nothing of it can be reached, until `comes_back`."""
        self.faults.offline = self.gateway.offline = True
        self.gateway.cut()

    def comes_back(self) -> None:
        self.faults.offline = self.gateway.offline = False

    def revoke_token(self) -> None:
        """Every session ends at once, and none begins."""
        self.world.token = f"{self.world.token}-another"
        self.gateway.sessions.clear()
        self.gateway.close(4004)
