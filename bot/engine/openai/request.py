"""The body of a request: OpenAI's keys, and what each server has added to them.

https://platform.openai.com/docs/api-reference/chat/create; the additions of vLLM, SGLang,
llama.cpp and Ollama are keys of the body's top level, as their documentations have them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.engine.openai.config import Dialect
from bot.engine.speakers import attributed
from bot.types import Message, SamplingParams

Body = dict[str, Any]

TEMPLATED: tuple[Dialect, ...] = ("vllm", "sglang", "llama.cpp")
"""These render the prompt by the model's own template, and pass arguments on to it."""


def chat(model: str, messages: Sequence[Message], params: SamplingParams, dialect: Dialect) -> Body:
    """For ``/chat/completions``. Where the last message is the assistant's, it goes on."""
    body = sampling(model, params, dialect)
    body["messages"] = [{"role": m.role, "content": text} for m, text in attributed(messages)]
    if messages and messages[-1].role == "assistant" and dialect in ("vllm", "sglang"):
        body |= {"add_generation_prompt": False, "continue_final_message": True}
    if not params.thinking:
        body |= _without_thinking(dialect)
    return body


def sampling(model: str, params: SamplingParams, dialect: Dialect) -> Body:
    """All but the prompt. What is neutral stays out: servers refuse keys that they don't know."""
    body: Body = {
        "model": model,
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": params.temperature,
        "top_p": params.top_p,
        "max_tokens": params.max_new_tokens,
        "presence_penalty": params.presence_penalty,
        "frequency_penalty": params.frequency_penalty,
    }
    penalty = "repeat_penalty" if dialect == "llama.cpp" else "repetition_penalty"
    optional: dict[str, tuple[Any, Any]] = {
        "stop": (list(params.stop), []),
        "seed": (params.seed, None),
        "logit_bias": ({str(k): v for k, v in params.logit_bias.items()}, {}),
        "top_k": (params.top_k, 0),
        "min_p": (params.min_p, 0.0),
        penalty: (params.repetition_penalty, 1.0),
        "min_tokens": (params.min_new_tokens, 0),
    }
    return body | {name: value for name, (value, neutral) in optional.items() if value != neutral}


def _without_thinking(dialect: Dialect) -> Body:
    if dialect in TEMPLATED:
        return {"chat_template_kwargs": {"enable_thinking": False}}
    return {"think": False} if dialect == "ollama" else {"reasoning_effort": "none"}
