"""Tokenizers and chat templates of several families, small enough for the quick tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, trainers
from transformers import PreTrainedTokenizerFast

from bot.engine.local.vocabulary import Vocabulary

build: Callable[..., PreTrainedTokenizerFast] = PreTrainedTokenizerFast

QWQ_TEMPLATE = """\
{%- if messages[0]['role'] == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" and not message.tool_calls %}
        {%- set content = message.content.split('</think>')[-1].lstrip('\\n') %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n<think>\\n' }}
{%- endif %}
"""
"""As QwQ-32B ships it, without the branches for tools."""

QWEN3_TEMPLATE = QWQ_TEMPLATE.replace(
    "{{- '<|im_start|>assistant\\n<think>\\n' }}",
    "{{- '<|im_start|>assistant\\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}"
    "{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}",
)
"""With a switch of its own; the model opens its thoughts itself."""

GEMMA_TEMPLATE = """\
{{ bos_token }}
{%- for message in messages %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception("Conversation roles must alternate user/assistant") }}
    {%- endif %}
    {{- '<|im_start|>' + message['role'] + '\\n' + message['content'] | trim + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>model\\n' }}{%- endif %}
"""
"""Gemma's strictness: no system prompt, roles in turns, texts trimmed."""

THINK_TOKENS = ("<think>", "</think>", "<tool_call>", "</tool_call>")


@cache
def smollm2(folder: Path, template: str = "", added: tuple[str, ...] = ()) -> Vocabulary:
    return vocabulary(smollm2_tokenizer(folder, template, added))


@cache
def smollm2_tokenizer(
    folder: Path, template: str = "", added: tuple[str, ...] = ()
) -> PreTrainedTokenizerFast:
    """SmolLM2's tokenizer, with another `template` and more `added` tokens, not special ones,
    as in Qwen's tokenizers."""
    tokenizer = build(
        tokenizer_file=str(folder / "tokenizer.json"),
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        chat_template=template or (folder / "chat_template.jinja").read_text(),
    )
    tokenizer.add_tokens([AddedToken(text, special=False, normalized=False) for text in added])
    return tokenizer


def qwq(folder: Path) -> Vocabulary:
    return smollm2(folder, QWQ_TEMPLATE, THINK_TOKENS)


def qwen3(folder: Path) -> Vocabulary:
    return smollm2(folder, QWEN3_TEMPLATE, THINK_TOKENS)


def vocabulary(tokenizer: PreTrainedTokenizerFast) -> Vocabulary:
    return Vocabulary(tokenizer, {tokenizer.get_vocab()[str(tokenizer.eos_token)]})


@cache
def llama2_tokenizer() -> PreTrainedTokenizerFast:
    """SentencePiece's manner: "▁" for a space and before the text, bytes for unknown characters,
    and merges that lead to the control token `</s>`."""
    backend = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    backend.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    backend.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(content=" ", left=1),
        ]
    )
    corpus = [json.__doc__.replace(" ", "▁"), "[INST] [/INST]"]
    trainer = trainers.BpeTrainer(vocab_size=400, show_progress=False)
    backend.train_from_iterator(corpus, trainer)
    return build(
        tokenizer_object=Tokenizer.from_str(json.dumps(_with_bytes(backend))),
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        chat_template=(
            "{{ bos_token }}{% for message in messages %}{% if message.role == 'assistant' %}"
            "{{ ' ' + message.content + eos_token }}{% else %}"
            "{{ '[INST] ' + message.content + ' [/INST]' }}{% endif %}{% endfor %}"
        ),
    )


def _with_bytes(backend: Tokenizer) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads(backend.to_str())
    learned = [piece for piece in spec["model"]["vocab"] if piece not in {"</", "s>", "</s>"}]
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    pieces += [*learned, "</", "s>"]
    spec["model"]["vocab"] = {piece: place for place, piece in enumerate(dict.fromkeys(pieces))}
    spec["model"]["merges"] += [["<", "/"], ["s", ">"], ["</", "s>"]]
    spec["added_tokens"] = [
        {
            "id": place,
            "content": piece,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for place, piece in enumerate(pieces[:3])
    ]
    return spec


@cache
def unigram_tokenizer() -> PreTrainedTokenizerFast:
    """A unigram model whose likeliest piece is the control token `</s>`."""
    letters = [(char, -5.0) for char in map(chr, range(32, 127))]
    backend = Tokenizer(models.Unigram([("<unk>", 0.0), ("</s>", 0.0), *letters], unk_id=0))
    return build(
        tokenizer_object=backend,
        eos_token="</s>",
        unk_token="<unk>",
        chat_template="{% for message in messages %}{{ message.content + eos_token }}{% endfor %}",
    )
