"""What Telegram says of the bot before it serves. Fetches no update: a bot that runs goes on."""

from __future__ import annotations

from collections.abc import Sequence

from telegram import Bot, User, WebhookInfo
from telegram.error import InvalidToken, TelegramError

from adapters.telegram.clock import ClockWatch
from adapters.telegram.config import TelegramConfig
from adapters.telegram.failures import ADVICE, said
from bot.types import Finding

NAME = "telegram"


async def probe(bot: Bot, config: TelegramConfig, clock: ClockWatch) -> Sequence[Finding]:
    try:
        async with bot:
            return [
                _identity(bot.bot),
                _privacy(bot.bot),
                _webhook(await bot.get_webhook_info(), config),
                _clock(clock),
            ]
    except InvalidToken:
        return [Finding(NAME, "the token is refused", ADVICE, ok=False)]
    except TelegramError as error:
        advice = f"see that this machine reaches {config.base_url.rpartition('/')[0]}"
        return [Finding(NAME, f"can't be reached: {said(error)}", advice, ok=False)]


def _identity(me: User) -> Finding:
    return Finding(NAME, f"the token is that of @{me.username} ({me.full_name})")


def _privacy(me: User) -> Finding:
    what = f"{NAME} privacy mode"
    if me.can_read_all_group_messages:
        return Finding(what, "disabled: in groups it is shown every message")
    advice = (
        "right for `respond: mention`; for `always`: @BotFather, /setprivacy, Disable, "
        "then remove the bot from the group and add it again"
    )
    return Finding(what, "enabled: in groups it is shown mentions, replies and commands", advice)


def _webhook(now: WebhookInfo, config: TelegramConfig) -> Finding:
    what, waiting = f"{NAME} updates", f"{now.pending_update_count} are waiting"
    if now.url and config.webhook is None:
        advice = "the bot takes the webhook away when it starts; is it another program's?"
        return Finding(what, f"{waiting}, a webhook is set", advice)
    if now.last_error_message and config.webhook is not None:
        advice = "see what forwards Telegram's requests to the bot"
        return Finding(what, f"{waiting}; {now.last_error_message}", advice, ok=False)
    return Finding(what, waiting)


def _clock(clock: ClockWatch) -> Finding:
    if clock.ahead:
        found = f"{abs(round(clock.ahead.total_seconds()))} s from Telegram's"
        return Finding("clock", found, "set it: turn on NTP (timedatectl set-ntp true)", ok=False)
    return Finding("clock", "agrees with Telegram's")
