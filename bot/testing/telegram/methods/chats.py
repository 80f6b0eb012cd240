"""The bot itself, chats and their members, callback queries."""

from __future__ import annotations

from bot.testing.telegram.chats import Chat, Json
from bot.testing.telegram.failures import bad_request
from bot.testing.telegram.parameters import Parameters
from bot.testing.telegram.people import member
from bot.testing.telegram.world import CALLBACK_SECONDS, World

GIFTS = {
    "unlimited_gifts": True,
    "limited_gifts": True,
    "unique_gifts": True,
    "premium_subscription": True,
    "gifts_from_channels": True,
}


async def get_me(world: World, given: Parameters) -> Json:
    return world.bot | {
        "can_join_groups": True,
        "can_read_all_group_messages": not world.privacy,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


async def get_chat(world: World, given: Parameters) -> Json:
    needed = {"accent_color_id": 0, "max_reaction_count": 11}
    return world.reachable(given.chat()).json() | needed | {"accepted_gift_types": GIFTS}


async def get_administrators(world: World, given: Parameters) -> list[Json]:
    chat = world.reachable(given.chat())
    if chat.private:
        raise bad_request("there are no administrators in the private chat")
    return [
        _member(world, chat, member_id)
        for member_id, status in chat.statuses.items()
        if status in ("creator", "administrator")
    ]


async def get_member(world: World, given: Parameters) -> Json:
    chat, user_id = world.reachable(given.chat()), given.number("user_id")
    if user_id not in chat.statuses:
        raise bad_request("member not found")
    return _member(world, chat, user_id)


def _member(world: World, chat: Chat, id: int) -> Json:
    user = world.bot if id == world.bot_id else {"id": id, "is_bot": False, "first_name": str(id)}
    return member(user, chat.statuses[id], anonymous=id in chat.anonymous)


async def answer_callback(world: World, given: Parameters) -> bool:
    press = world.presses.get(given.text("callback_query_id"))
    late = press is None or world.clock.now() - press.at > CALLBACK_SECONDS
    if press is None or late or press.answered_after is not None:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    press.answered_after = world.clock.now() - press.at
    press.text = given.text("text")
    return True


METHODS = {
    "getMe": get_me,
    "getChat": get_chat,
    "getChatAdministrators": get_administrators,
    "getChatMember": get_member,
    "answerCallbackQuery": answer_callback,
}
