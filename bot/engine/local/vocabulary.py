"""Messages to token ids, and ids back to text.

Prompts are tokenised by a copy of the tokenizer in which every control token is spelled with a
MARK before it. No text from outside holds a MARK, so none can become a control token, and
everything else is tokenised as ever: a prompt without forgeries is the same tokens that
`apply_chat_template` gives.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.engine.local.chat_template import MARK, ChatTemplate, ThinkTags, template_source
from bot.engine.local.detokenizer import ByteLevelDetokenizer, Detokenizer, WindowDetokenizer
from bot.engine.local.sampling import TokenLogprob
from bot.errors import ModelUnavailable
from bot.types import Logprob, Message

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

KNOWN_TAGS = (
    ("<think>", "</think>"),
    ("[THINK]", "[/THINK]"),
    ("<thought>", "</thought>"),
    ("<thinking>", "</thinking>"),
    ("<seed:think>", "</seed:think>"),
)
"""QwQ, Qwen3 and DeepSeek; Magistral; and others. The first is taken where none is found."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Generation begins `in_thought` where the template opened one, and otherwise `may_think`
    unless the template already closed one or the reply `continues` a given text."""

    ids: list[int]
    in_thought: bool = False
    may_think: bool = True
    continues: bool = False


class Vocabulary:
    """Raises ModelUnavailable where the tokenizer has no chat template or can't be made safe."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, eos_ids: Iterable[int]):
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is None:
            raise ModelUnavailable(
                f"The tokenizer of {tokenizer.name_or_path} has no tokenizer.json: choose a "
                "version of the model that has one."
            )
        source = template_source(tokenizer)
        self.eos_ids = frozenset(eos_ids)
        self.think = _think_tags(tokenizer, source)
        controls = _control_tokens(tokenizer)
        self.tokenizer, self._backend = tokenizer, backend
        self._encoder = _marked(backend, controls)
        self._template = ChatTemplate(tokenizer, self.think, controls)
        self._hidden = frozenset(
            number for number, token in tokenizer.added_tokens_decoder.items() if token.special
        )

    @property
    def reasons(self) -> bool:
        return self._template.reasons

    def encode(self, messages: Sequence[Message], *, thinking: bool = True) -> Prompt:
        """The prompt up to where generation begins. Raises RequestFailed where the template
        refuses the conversation."""
        rendered = self._template.render(messages, thinking=thinking)
        return Prompt(
            self._encode(rendered.text),
            rendered.in_thought,
            rendered.may_think,
            rendered.continues,
        )

    def end_of_thought(self, *, new_line: bool) -> list[int]:
        """The model's own way from a thought to its answer, on a new line if need be."""
        mark = MARK if self.think.end_id is not None else ""
        return self._encode("\n" * new_line + mark + self.think.end + "\n\n")

    def detokenizer(self, after: Sequence[int] = ()) -> Detokenizer:
        """A fresh one for what follows the tokens `after`."""
        if _is_byte_level(self._backend):
            return ByteLevelDetokenizer(self._backend.id_to_token, self._hidden)
        return WindowDetokenizer(self.decode, self._hidden, after)

    def decode(self, ids: Sequence[int]) -> str:
        return str(self._backend.decode(list(ids), skip_special_tokens=True))

    def logprob(self, sampled: TokenLogprob) -> Logprob:
        """With tokens as text, each by itself, special or not."""
        return Logprob(
            self._text_of(sampled.token),
            sampled.logprob,
            tuple((self._text_of(token), logprob) for token, logprob in sampled.top),
        )

    def _text_of(self, token: int) -> str:
        return str(self._backend.decode([token], skip_special_tokens=False))

    def _encode(self, text: str) -> list[int]:
        return list(self._encoder.encode(text, add_special_tokens=False).ids)


def _think_tags(tokenizer: PreTrainedTokenizerBase, source: str) -> ThinkTags:
    added = tokenizer.get_added_vocab()
    for start, end in KNOWN_TAGS:
        if start in added and end in added:
            return ThinkTags(start, end, added[start], added[end])
    for start, end in KNOWN_TAGS:
        if end in source:
            return ThinkTags(start, end)
    return ThinkTags()


def _control_tokens(tokenizer: PreTrainedTokenizerBase) -> dict[str, int]:
    """Special tokens, and whatever else was added that looks like markup: no tokenizer says which
    of these mean something to its model (`<think>` and `<tool_call>` aren't special in Qwen's).
    Added words and runs of space, as Gemma has, stay ordinary."""
    return {
        token.content: number
        for number, token in tokenizer.added_tokens_decoder.items()
        if len(token.content) > 1 and (token.special or _is_markup(token.content))
    }


def _is_markup(text: str) -> bool:
    """SentencePiece writes a space as "▁"."""
    return not all(char.isalnum() or char.isspace() or char == "▁" for char in text)


def _marked(backend: Tokenizer, controls: Mapping[str, int]) -> Tokenizer:
    """A copy in which the control tokens are spelled with a MARK, in the model's own vocabulary
    too, so that neither merges nor a unigram model can reach them from plain text."""
    from tokenizers import Tokenizer

    spec = json.loads(backend.to_str())
    for token in spec["added_tokens"]:
        token["content"] = _respelled(token["content"], controls)
    _respell_model(spec["model"], controls)
    spec["post_processor"] = None
    marked = Tokenizer.from_str(json.dumps(spec))
    marked.no_truncation()
    marked.no_padding()
    if any(marked.encode(MARK + token).ids != [own] for token, own in controls.items()):
        raise ModelUnavailable(
            "This model's tokenizer can't tell its control tokens from text: choose another model."
        )
    return marked


def _respell_model(model: dict[str, Any], controls: Collection[str]) -> None:
    vocab = model["vocab"]
    if isinstance(vocab, dict):
        model["vocab"] = {_respelled(piece, controls): own for piece, own in vocab.items()}
    else:
        model["vocab"] = [[_respelled(piece, controls), score] for piece, score in vocab]
    if model.get("unk_token"):
        model["unk_token"] = _respelled(model["unk_token"], controls)
    if "merges" in model:
        model["merges"] = [
            [left, right]
            for left, right in model["merges"]
            if not {left, right, left + right} & set(controls)
        ]


def _respelled(piece: str, controls: Collection[str]) -> str:
    return MARK + piece if piece in controls else piece


def _is_byte_level(backend: Tokenizer) -> bool:
    from tokenizers import decoders

    return isinstance(backend.decoder, decoders.ByteLevel)
