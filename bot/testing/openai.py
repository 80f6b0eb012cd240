"""A small server that speaks OpenAI's API as vLLM, llama.cpp or a plain one does, for tests.

A word is a token. It says what its `script` tells it to: a function from the prompt, with all that
was said in it, to the reply as a model would write it, thoughts between their tags. As vLLM does,
it refuses keys that it doesn't know. Needs aiohttp: ``pip install 'chinwag[testing]'``.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from aiohttp import web

Flavour = Literal["vllm", "llama.cpp", "openai"]
OWNED_BY: dict[Flavour, str] = {"vllm": "vllm", "llama.cpp": "llamacpp", "openai": "system"}
END = "</think>"

PLAIN = {
    *("model", "messages", "prompt", "stream", "stream_options", "temperature", "top_p"),
    *("max_tokens", "presence_penalty", "frequency_penalty", "stop", "seed", "logit_bias"),
    *("logprobs", "top_logprobs", "reasoning_effort"),
}
KNOWN: dict[Flavour, set[str]] = {
    "openai": PLAIN,
    "vllm": PLAIN
    | {"top_k", "min_p", "repetition_penalty", "min_tokens", "chat_template_kwargs"}
    | {"add_generation_prompt", "continue_final_message"},
    "llama.cpp": PLAIN | {"top_k", "min_p", "repeat_penalty", "chat_template_kwargs"},
}


@dataclass
class ModelServer:
    """`parses` sends thoughts apart, as with a reasoning parser; `opens` is a template that begins
    the thought itself; `pause` is in seconds a token; `dies_after` so many tokens the connection
    is cut."""

    script: Callable[[str], str]
    flavour: Flavour = "vllm"
    parses: bool = True
    opens: bool = False
    pause: float = 0.0
    key: str = ""
    window: int = 4096
    dies_after: int | None = None
    status: int = 200
    requests: list[dict[str, Any]] = field(default_factory=list)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes(
            [
                web.get("/v1/models", self._models),
                web.post("/v1/chat/completions", self._chat),
                web.post("/v1/completions", self._complete),
                web.post("/tokenize", self._tokenize),
                web.post("/detokenize", self._detokenize),
                web.post("/apply-template", self._apply_template),
            ]
        )
        self._words: dict[str, int] = {}
        self._runner = web.AppRunner(app, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()

    # --- what it is asked ----------------------------------------------------------------------

    async def _models(self, request: web.Request) -> web.Response:
        self._check(request)
        model: dict[str, Any] = {"id": "tiny", "owned_by": OWNED_BY[self.flavour]}
        if self.flavour == "vllm":
            model["max_model_len"] = self.window
        if self.flavour == "llama.cpp":
            model["meta"] = {"n_ctx_train": self.window}
        return web.json_response({"object": "list", "data": [model]})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await self._body(request)
        thinks = body.get("chat_template_kwargs", {}).get("enable_thinking", True)
        thinks = thinks and body.get("reasoning_effort") != "none"
        prompt = self._render(body["messages"], add=body.get("add_generation_prompt", True))
        reply = self.script(prompt)
        if not thinks:
            reply = reply.rpartition(END)[2].lstrip()
        return await self._stream(request, body, prompt, reply, "delta")

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await self._body(request)
        prompt = body["prompt"]
        prompt = prompt if isinstance(prompt, str) else self._text(prompt)
        reply = self.script(prompt).rpartition(END)[2].lstrip()
        return await self._stream(request, body, prompt, reply, "text")

    async def _tokenize(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self.flavour == "openai":
            raise web.HTTPNotFound
        messages = body.get("messages")
        text = self._render(messages) if messages else body.get("prompt", body.get("content"))
        return web.json_response({"tokens": self._ids(text)})

    async def _detokenize(self, request: web.Request) -> web.Response:
        body = await request.json()
        return web.json_response({"prompt": self._text(body["tokens"])})

    async def _apply_template(self, request: web.Request) -> web.Response:
        if self.flavour != "llama.cpp":
            raise web.HTTPNotFound
        body = await request.json()
        return web.json_response({"prompt": self._render(body["messages"])})

    # --- what it says --------------------------------------------------------------------------

    async def _stream(
        self,
        request: web.Request,
        body: dict[str, Any],
        prompt: str,
        reply: str,
        shape: Literal["delta", "text"],
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        words = re.findall(r"\S+\s*", reply)
        limit = body["max_tokens"]
        thought = shape == "delta" and (self.opens or reply.startswith("<think>"))
        try:
            for number, word in enumerate(words[:limit]):
                if number == self.dies_after:
                    return self._cut(request, response)
                await asyncio.sleep(self.pause)
                thought = thought and END not in words[max(0, number - 1)]
                await self._say(response, self._delta(word, shape, thought=thought))
        except (ConnectionResetError, asyncio.CancelledError):
            self.cancelled.set()
            raise
        finish = "length" if len(words) > limit else "stop"
        await self._say(response, {"choices": [{shape: {}, "finish_reason": finish}]})
        usage = {
            "prompt_tokens": len(prompt.split()),
            "completion_tokens": min(len(words), limit),
            "prompt_tokens_details": {"cached_tokens": 1},
        }
        await self._say(response, {"choices": [], "usage": usage})
        await response.write(b"data: [DONE]\n\n")
        return response

    def _cut(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return response

    def _delta(self, word: str, shape: str, *, thought: bool) -> dict[str, Any]:
        if shape == "text":
            return {"choices": [{"text": word, "finish_reason": None}]}
        if not self.parses:
            return {"choices": [{"delta": {"content": word}, "finish_reason": None}]}
        word = word.replace("<think>", "").replace(END, "")
        name = "reasoning" if thought else "content"
        return {"choices": [{"delta": {name: word}, "finish_reason": None}]}

    async def _say(self, response: web.StreamResponse, event: dict[str, Any]) -> None:
        await response.write(f"data: {json.dumps(event)}\n\n".encode())

    # --- rules ---------------------------------------------------------------------------------

    def _check(self, request: web.Request) -> None:
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            raise web.HTTPUnauthorized(text='{"error": {"message": "no such key"}}')

    async def _body(self, request: web.Request) -> dict[str, Any]:
        self._check(request)
        body: dict[str, Any] = await request.json()
        self.requests.append(body)
        if self.status != 200:
            raise _refusal(self.status, "asked to fail")
        if unknown := body.keys() - KNOWN[self.flavour]:
            raise _refusal(400, f"unknown keys: {', '.join(sorted(unknown))}")
        if body["model"] != "tiny":
            raise _refusal(404, "no such model")
        return body

    def _render(self, messages: list[dict[str, str]], *, add: bool = True) -> str:
        said = "".join(f"<|{m['role']}|> {m['content']}\n" for m in messages)
        if not add:
            return said
        return f"{said}<|assistant|> " + ("<think>\n" if self.opens else "")

    def _ids(self, text: str) -> list[int]:
        count = itertools.count(len(self._words))
        words = re.findall(r"\S+\s*", text)
        return [self._words.setdefault(w, next(count)) for w in words]

    def _text(self, ids: list[int]) -> str:
        words = {number: word for word, number in self._words.items()}
        return "".join(words[number] for number in ids)


def _refusal(status: int, message: str) -> web.HTTPException:
    body = json.dumps({"error": {"message": message, "code": status}})
    kinds: dict[int, type[web.HTTPException]] = {
        400: web.HTTPBadRequest,
        404: web.HTTPNotFound,
        429: web.HTTPTooManyRequests,
        500: web.HTTPInternalServerError,
        503: web.HTTPServiceUnavailable,
    }
    return kinds[status](text=body, content_type="application/json")
