"""How updates come to the bot: it asks for them, or has them posted to its webhook."""

from __future__ import annotations

import re

from bot.testing.telegram.chats import Json
from bot.testing.telegram.failures import bad_request
from bot.testing.telegram.parameters import Parameters
from bot.testing.telegram.world import World

_SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")


async def get_updates(world: World, given: Parameters) -> list[Json]:
    limit = given.number("limit", 100)
    if not 1 <= limit <= 100:
        raise bad_request("limit must be between 1 and 100")
    world.updates.allow(given.structure("allowed_updates"))
    return await world.updates.poll(given.number("offset", 0), limit, given.number("timeout", 0))


async def set_webhook(world: World, given: Parameters) -> bool:
    secret = given.text("secret_token")
    if not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    world.updates.allow(given.structure("allowed_updates"))
    if given.flag("drop_pending_updates"):
        world.updates.drop()
    world.updates.set_webhook(given.text("url"), secret)
    return True


async def delete_webhook(world: World, given: Parameters) -> bool:
    if given.flag("drop_pending_updates"):
        world.updates.drop()
    world.updates.set_webhook("", "")
    return True


async def get_webhook_info(world: World, given: Parameters) -> Json:
    webhook = world.updates.webhook
    return {
        "url": webhook.url if webhook else "",
        "has_custom_certificate": False,
        "pending_update_count": world.updates.pending,
        "allowed_updates": world.updates.allowed,
    }


METHODS = {
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
}
