"""The body of a message that is sent or edited."""

from __future__ import annotations

from typing import Any

from bot.testing.discord.checks.components import check_components
from bot.testing.discord.checks.embeds import check_embeds
from bot.testing.discord.checks.form import Form
from bot.testing.discord.failures import bad_request
from bot.testing.discord.messages import IS_COMPONENTS_V2

LONGEST = 2000
"""Code points of content."""
LONGEST_NONCE = 25
MOST_FILES = 10
MENTIONS = frozenset({"users", "roles", "everyone"})


def check_message(body: Any, uploads: int, *, old_flags: int = 0) -> None:
    """Raises 50035. `uploads` counts the files beside it, `old_flags` are an edited message's."""
    form = Form(body)
    if form.object():
        _check(form, uploads, old_flags)
    form.done()


def check_not_empty(body: dict[str, Any], uploads: int) -> None:
    """Raises 50006."""
    content = body.get("content")
    shown = content.strip() if isinstance(content, str) else content
    others = (body.get(key) for key in ("embeds", "components", "sticker_ids", "poll"))
    if not (shown or uploads or any(others)):
        raise bad_request(50006, "Cannot send an empty message")


def _check(form: Form, uploads: int, old_flags: int) -> None:
    form["content"].text(0, LONGEST, optional=True)
    form["flags"].number(0, 1 << 20)
    flags = form["flags"].value if isinstance(form["flags"].value, int) else 0
    v2 = bool((flags | old_flags) & IS_COMPONENTS_V2)
    check_embeds(form["embeds"])
    check_components(form["components"], v2=v2)
    if v2:
        _check_v2(form)
    _check_nonce(form["nonce"])
    _check_mentions(form["allowed_mentions"])
    _check_attachments(form["attachments"], uploads)


def _check_v2(form: Form) -> None:
    for legacy in ("content", "embeds"):
        if form[legacy].value:
            form[legacy].wrong(
                "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                f"The '{legacy}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
            )


def _check_nonce(nonce: Form) -> None:
    if nonce.given and not isinstance(nonce.value, int):
        nonce.text(0, LONGEST_NONCE)


def _check_mentions(mentions: Form) -> None:
    if not mentions.given or not mentions.object():
        return
    parse = mentions["parse"].items(3)
    for kind in parse:
        kind.one_of(MENTIONS)
    parsed = [kind.value for kind in parse]
    for name in ("users", "roles"):
        listed = mentions[name].items(100)
        for one in listed:
            one.snowflake()
        if listed and name in parsed:
            mentions.wrong(
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f'parse:["{name}"] and {name}: [ids...] are mutually exclusive.',
            )


def _check_attachments(attachments: Form, uploads: int) -> None:
    listed = attachments.items(MOST_FILES)
    if uploads > MOST_FILES:
        attachments.wrong("BASE_TYPE_MAX_LENGTH", f"Must be {MOST_FILES} or fewer in length.")
    for attachment in listed:
        if attachment.object():
            attachment["id"].snowflake()
            attachment["filename"].text(0, 1024, optional=True)
            attachment["description"].text(0, 1024, optional=True)
