"""A guild as its owner runs it; the bot hears of it as Discord lets it."""

from __future__ import annotations

from bot.testing.discord.accounts import Account, Member, Role
from bot.testing.discord.channels import Channel, Kind
from bot.testing.discord.guild_state import GuildState
from bot.testing.discord.intents import Intents
from bot.testing.discord.permissions import USUAL, Overwrite, Permission, named


class Guild(GuildState):
    __slots__ = ()

    def text(self, name: str) -> Channel:
        return self._channel(name, Kind.TEXT)

    def forum(self, name: str) -> Channel:
        return self._channel(name, Kind.FORUM)

    def voice(self, name: str) -> Channel:
        return self._channel(name, Kind.VOICE)

    def _channel(self, name: str, kind: Kind) -> Channel:
        channel = self.world.open(Channel(self.world.ids.next(), kind, name, self))
        self.world.tell_channel("CHANNEL_CREATE", channel)
        return channel

    def adds(self, account: Account) -> Member:
        member = Member(account, self.world.clock.unix())
        self.members[account.id] = member
        self.world.tell_member("GUILD_MEMBER_ADD", self, member)
        return member

    def removes(self, account: Account) -> None:
        self.members.pop(account.id)
        gone = {"guild_id": str(self.id), "user": account.json}
        self.world.tell_guild("GUILD_MEMBER_REMOVE", self, gone, Intents.GUILD_MEMBERS)

    def role(self, name: str, *permissions: str, to: Account | None = None) -> Role:
        """A new role, given to somebody at once if that is said."""
        number = len(self.roles)
        role = Role(self.world.ids.next(), name, named(*permissions), number)
        self.roles[role.id] = role
        self.world.tell_guild(
            "GUILD_ROLE_CREATE", self, {"guild_id": str(self.id), "role": role.json}
        )
        if to is not None:
            self.gives(role, to)
        return role

    def gives(self, role: Role, account: Account) -> None:
        self.members[account.id].roles.append(role)
        self._member_changed(account)

    def takes(self, role: Role, account: Account) -> None:
        self.members[account.id].roles.remove(role)
        self._member_changed(account)

    def times_out(self, account: Account, seconds: float = 600.0) -> None:
        self.members[account.id].silent_until = self.world.clock.unix() + seconds
        self._member_changed(account)

    def _member_changed(self, account: Account) -> None:
        self.world.tell_member("GUILD_MEMBER_UPDATE", self, self.members[account.id])

    def allows(self, permissions: str, to: Account | Role, channel: Channel) -> None:
        """`permissions` are names with spaces between."""
        self._overwrite(channel, to, allow=named(*permissions.split()))

    def denies(self, permissions: str, to: Account | Role, channel: Channel) -> None:
        self._overwrite(channel, to, deny=named(*permissions.split()))

    def _overwrite(
        self,
        channel: Channel,
        to: Account | Role,
        allow: Permission = Permission.NONE,
        deny: Permission = Permission.NONE,
    ) -> None:
        overwrite = channel.overwrites.setdefault(to.id, Overwrite())
        overwrite.allow = overwrite.allow & ~deny | allow
        overwrite.deny = overwrite.deny & ~allow | deny
        self.world.tell_channel("CHANNEL_UPDATE", channel)

    def deletes(self, channel: Channel) -> None:
        for gone in [c for c in self.channels.values() if channel in (c, c.parent)]:
            gone.deleted = True
        self.world.tell_channel(
            "THREAD_DELETE" if channel.kind.is_thread else "CHANNEL_DELETE", channel
        )

    def archives(self, thread: Channel, *, locked: bool = False) -> None:
        thread.archived, thread.locked = True, locked
        self.world.tell_channel("THREAD_UPDATE", thread)

    def invites_bot(self, permissions: Permission = USUAL) -> None:
        bot = self.world.bot
        role = Role(self.world.ids.next(), bot.name, permissions, len(self.roles), bot_id=bot.id)
        self.roles[role.id] = role
        self.joined = self.world.clock.unix()
        self.members[bot.id] = Member(bot, self.joined, [role])
        self.world.tell_guild(
            "GUILD_CREATE", self, lambda i: self.whole(members=Intents.GUILD_MEMBERS in i)
        )

    def removes_bot(self) -> None:
        """As a kick does."""
        self.world.tell_guild("GUILD_DELETE", self, {"id": str(self.id)})
        self.roles.pop(self.bot_role.id)
        self.members.pop(self.world.bot.id)
        self.joined = None
