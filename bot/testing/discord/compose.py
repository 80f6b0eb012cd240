"""From the body of a request to a message, and from another body to its next version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.testing.common.uploads import Upload
from bot.testing.discord.accounts import Json
from bot.testing.discord.channels import Channel
from bot.testing.discord.checks.form import Form
from bot.testing.discord.checks.message import check_message, check_not_empty
from bot.testing.discord.failures import too_large
from bot.testing.discord.guild_state import UPLOAD_BYTES
from bot.testing.discord.mentions import allowed
from bot.testing.discord.messages import IS_COMPONENTS_V2, LOADING, Attachment, Message
from bot.testing.discord.world import World

SETTABLE = 1 << 2 | 1 << 12 | IS_COMPONENTS_V2
"""Flags that a bot may set: no embeds, no notification, components of version 2."""
Uploads = Mapping[int, Upload]


def check_new(body: Json, uploads: Uploads) -> None:
    """Raises 50035, 50006 or 40005."""
    check_message(body, len(uploads))
    check_not_empty(body, len(uploads))
    _weigh(uploads)


def composed(
    world: World,
    channel: Channel,
    body: Json,
    uploads: Uploads,
    *,
    may_set: int = SETTABLE,
    flags: int = 0,
    **more: Any,
) -> Message:
    """A checked body as a new message of the bot."""
    return world.post(
        channel,
        world.bot,
        body.get("content") or "",
        allow=allowed(body.get("allowed_mentions")),
        allowed_mentions=body.get("allowed_mentions"),
        flags=(body.get("flags") or 0) & may_set | flags,
        embeds=_embeds(body),
        components=list(body.get("components") or []),
        attachments=_uploaded(world, channel, body, uploads),
        nonce=None if body.get("nonce") is None else str(body["nonce"]),
        tts=bool(body.get("tts")),
        **more,
    )


def revise(world: World, message: Message, body: Json, uploads: Uploads) -> None:
    """Raises as `check_new` does; only what the body names is changed."""
    check_message(body, len(uploads), old_flags=message.flags)
    _weigh(uploads)
    after = _after(world, message, body, uploads)
    check_not_empty(after, 0 if not after["attachments"] else 1)
    message.versions.append(message.content)
    message.content, message.embeds = after["content"], after["embeds"]
    message.components, message.attachments = after["components"], after["attachments"]
    message.flags = (message.flags | (body.get("flags") or 0) & SETTABLE) & ~LOADING
    message.edited = world.clock.unix()
    if "allowed_mentions" in body:
        message.allowed_mentions = body["allowed_mentions"]
    world.ping(message, allowed(message.allowed_mentions))


def _after(world: World, message: Message, body: Json, uploads: Uploads) -> Json:
    content = body.get("content") if "content" in body else message.content
    embeds = _embeds(body) if "embeds" in body else message.embeds
    components = body.get("components") if "components" in body else message.components
    kept = _kept(message, body)
    return {
        "content": (content or "").strip(),
        "embeds": embeds,
        "components": list(components or []),
        "attachments": kept + _uploaded(world, message.channel, body, uploads),
    }


def _kept(message: Message, body: Json) -> list[Attachment]:
    """Those that the body doesn't name are taken away, if it names any at all."""
    if "attachments" not in body:
        return message.attachments
    named = {int(attachment["id"]) for attachment in body["attachments"] or []}
    return [attachment for attachment in message.attachments if attachment.id in named]


def _embeds(body: Json) -> list[Json]:
    return [{"type": "rich", **embed} for embed in body.get("embeds") or []]


def _uploaded(world: World, channel: Channel, body: Json, uploads: Uploads) -> list[Attachment]:
    described = {int(entry["id"]): entry for entry in body.get("attachments") or []}
    _check_there(described, channel, uploads)
    made = []
    for number, upload in sorted(uploads.items()):
        name = described.get(number, {}).get("filename") or upload.name
        made.append(world.keep(channel, _safe(name), upload.data, upload.media_type))
    return made


def _check_there(described: dict[int, Json], channel: Channel, uploads: Uploads) -> None:
    """What is described was uploaded with it, or is there already."""
    missing = described.keys() - uploads.keys()
    if not missing:
        return
    there = {a.id for m in channel.messages.values() for a in m.attachments}
    for number in missing:
        if number not in there:
            form = Form({})["attachments"]
            form.wrong("ATTACHMENT_NOT_FOUND", f"The attachment {number} can't be found")
            form.done()


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in name) or "unknown"


def _weigh(uploads: Uploads) -> None:
    if any(len(upload.data) > UPLOAD_BYTES for upload in uploads.values()):
        raise too_large()
