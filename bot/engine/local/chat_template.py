"""A conversation as the text that the model's own chat template makes of it.

Text from people may look like anything the template writes, so both are told apart by two
characters that Unicode sets aside for such use: MARK stands before each control token that the
template wrote, and BREAK, until the end, keeps people's text from spelling one. BREAK goes inside
each control token that a text contains, which also hides it from templates that look for tags in
what they are given (QwQ's drops all before `</think>`), and around the text, so that nothing can
join with what the template writes next to it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import TemplateError

from bot.engine.speakers import attributed
from bot.errors import ModelUnavailable, RequestFailed
from bot.types import Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

BREAK, MARK = "\ufdd0", "\ufdd1"

Chat = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class ThinkTags:
    """What begins and ends a thought; an id where the tag is a token of its own."""

    start: str = "<think>"
    end: str = "</think>"
    start_id: int | None = None
    end_id: int | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """`text` with marks, and what generation begins with, as in Prompt."""

    text: str
    in_thought: bool = False
    may_think: bool = False
    continues: bool = False


class ChatTemplate:
    """Raises ModelUnavailable where the tokenizer has no template."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, tags: ThinkTags, controls: Collection[str]
    ):
        self._tokenizer, self._tags = tokenizer, tags
        self._control = _any_of(controls)
        self._forgery = _start_of_any({*controls, tags.start, tags.end})
        self._switch = self._has_switch()
        tagged = tags.start_id is not None or tags.start in template_source(tokenizer)
        self.reasons = self._switch or tagged

    def render(self, messages: Sequence[Message], *, thinking: bool) -> Rendered:
        """Ends where generation begins: after the template's opening of the assistant's turn, or,
        where the last message is the assistant's, after its text. Raises RequestFailed."""
        *_, last = messages or [Message("user", "")]
        continues = last.role == "assistant" and bool(last.text.strip())
        if last.role == "assistant" and not continues:
            messages = messages[:-1]
        chat = [
            {"role": message.role, "content": self._guarded(text)}
            for message, text in attributed(messages)
        ]
        text = self._rendered(chat, thinking, opening=not continues)
        if continues:
            return Rendered(self._marked(_cut_after(text, last.text)), continues=True)
        return self._opened(text, thinking)

    def _has_switch(self) -> bool:
        """Whether the template itself can turn thinking off."""
        hello = [{"role": "user", "content": "Hello"}]
        try:
            return self._try(hello, True, True) != self._try(hello, False, True)
        except TemplateError as error:
            raise ModelUnavailable(
                f"The chat template of {self._tokenizer.name_or_path or 'this model'} does not "
                f"work ({error}): mend its chat_template.jinja or choose another model."
            ) from error

    def _guarded(self, text: str) -> str:
        text = well_formed(text)
        core = text.strip()
        if not core:
            return text
        before, after = text.split(core, 1)
        broken = self._forgery.sub(rf"\g<0>{BREAK}", core)
        return f"{before}{BREAK}{broken}{BREAK}{after}"

    def _rendered(self, chat: Chat, thinking: bool, opening: bool) -> str:
        if not chat:
            raise RequestFailed("There is no message to answer.")
        try:
            return self._try(chat, thinking, opening)
        except TemplateError:
            # Many templates take no system prompt, or insist on user and assistant in turns.
            try:
                return self._try(_in_turns(chat), thinking, opening)
            except TemplateError as error:
                raise RequestFailed(
                    "This model's chat template refuses the conversation: {error}.",
                    error=str(error),
                ) from error

    def _try(self, chat: Chat, thinking: bool, opening: bool) -> str:
        """In transformers' sandbox; what strangers wrote fails in any way. Raises
        TemplateError."""
        try:
            return str(
                self._tokenizer.apply_chat_template(
                    chat,
                    tokenize=False,
                    add_generation_prompt=opening,
                    enable_thinking=thinking,
                    thinking=thinking,
                )
            )
        except TemplateError:
            raise
        except Exception as error:
            raise TemplateError(f"{type(error).__name__}: {error}") from error

    def _opened(self, text: str, thinking: bool) -> Rendered:
        start, end = self._tags.start, self._tags.end
        opening = text[text.rfind(BREAK) + 1 :]
        in_thought = opening.rfind(start) > opening.rfind(end)
        closed = not in_thought and end in opening
        if thinking or not self.reasons or closed or (self._switch and not in_thought):
            return Rendered(self._marked(text), in_thought, may_think=not closed)
        if not in_thought:
            text += start
        newlines = "\n" * (2 - len(text) + len(text.rstrip("\n")))
        return Rendered(self._marked(f"{text}{newlines}{end}\n\n"))

    def _marked(self, text: str) -> str:
        return self._control.sub(rf"{MARK}\g<0>", text).replace(BREAK, "")


def template_source(tokenizer: PreTrainedTokenizerBase) -> str:
    try:
        return str(tokenizer.get_chat_template())
    except ValueError as error:
        raise ModelUnavailable(
            f"The tokenizer of {tokenizer.name_or_path or 'this model'} has no chat template: "
            "choose a model tuned for chat, usually called Instruct or Chat."
        ) from error


def well_formed(text: str) -> str:
    """Without lone surrogates, which UTF-8 can't hold, and without the two marks."""
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return re.sub(f"[{BREAK}{MARK}]", "\ufffd", text)


def _any_of(texts: Collection[str]) -> re.Pattern[str]:
    """Of several that match at one place the longest wins, as in the tokenizer."""
    longest_first = sorted(texts, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)) or "(?!)")


def _start_of_any(texts: Collection[str]) -> re.Pattern[str]:
    """The first character of each, overlapping ones too. Naming the few first characters once
    keeps thousands of alternatives (Gemma's) from being tried at every place."""
    first = "".join(re.escape(char) for char in sorted({text[0] for text in texts}))
    return re.compile(f"(?=[{first}])(?={_any_of(texts).pattern}).", re.DOTALL)


def _cut_after(text: str, last: str) -> str:
    """What the template writes after the last message goes, the message's own space stays."""
    return text[: text.rfind(BREAK)] + last[len(last.rstrip()) :]


def _in_turns(chat: Chat) -> Chat:
    """Begins with a user, whose text the system prompt heads; neighbours of one role are one."""
    turns: Chat = []
    for entry in ({**entry, "role": entry["role"].replace("system", "user")} for entry in chat):
        if turns and turns[-1]["role"] == entry["role"]:
            turns[-1]["content"] += "\n\n" + entry["content"]
        else:
            turns.append(entry)
    opens = len(turns) > 1 and turns[0]["role"] == "assistant"
    return turns[1:] if opens else turns
